// RUN: prune-opt %s --pass-pipeline="builtin.module(canonicalize)" --split-input-file | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(canonicalize,canonicalize)" --split-input-file | FileCheck %s

// CHECK-LABEL: func @all_ones
// CHECK-SAME: %[[W:.*]]: tensor<4xf32>
func.func @all_ones(%w: tensor<4xf32>) -> tensor<4xf32> {
  %m = arith.constant dense<true> : tensor<4xi1>
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  // CHECK-NEXT: return %[[W]]
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @all_zeros
func.func @all_zeros(%w: tensor<4xf32>) -> tensor<4xf32> {
  %m = arith.constant dense<false> : tensor<4xi1>
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  // CHECK-NEXT: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
  // CHECK-NEXT: return %[[ZERO]]
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @some
func.func @some(%w: tensor<4xf32>) -> tensor<4xf32> {
  %m = arith.constant dense<[true, false, true, false]> : tensor<4xi1>
  // CHECK: prune.apply_mask
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @same_mask_twice
// CHECK-SAME: %[[W:.*]]: tensor<4xf32>, %[[M:.*]]: tensor<4xi1>
func.func @same_mask_twice(%w: tensor<4xf32>, %m: tensor<4xi1>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[ONCE:.*]] = prune.apply_mask %[[W]], %[[M]]
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  %1 = prune.apply_mask %0, %m : tensor<4xf32>
  // CHECK-NEXT: return %[[ONCE]]
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func @mask_of_mask
// CHECK-SAME: %[[W:.*]]: tensor<4xf32>, %[[M:.*]]: tensor<4xi1>, %[[N:.*]]: tensor<4xi1>
func.func @mask_of_mask(%w: tensor<4xf32>, %m: tensor<4xi1>, %n: tensor<4xi1>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[BOTH:.*]] = arith.andi %[[M]], %[[N]] : tensor<4xi1>
  // CHECK-NEXT: %[[MASKED:.*]] = prune.apply_mask %[[W]], %[[BOTH]]
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  %1 = prune.apply_mask %0, %n : tensor<4xf32>
  // CHECK-NEXT: return %[[MASKED]]
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func @constant_mask_of_mask
func.func @constant_mask_of_mask(%w: tensor<4xf32>) -> tensor<4xf32> {
  %m = arith.constant dense<[true, false, true, false]> : tensor<4xi1>
  %n = arith.constant dense<[true, true, false, false]> : tensor<4xi1>
  // CHECK-NEXT: arith.constant dense<[true, false, false, false]>
  // CHECK-NEXT: prune.apply_mask
  // CHECK-NEXT: return
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  %1 = prune.apply_mask %0, %n : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Resources have no splat form; they are left alone.
// CHECK-LABEL: func @resources
func.func @resources(%w: tensor<4xf32>, %s: f32) -> (tensor<4xf32>, tensor<4xf32>, tensor<f32>, tensor<4xf32>) {
  %m = arith.constant dense_resource<ones> : tensor<4xi1>
  %a = arith.constant dense_resource<aux> : tensor<4xf32>
  // CHECK: prune.apply_mask
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  // CHECK: prune.gate
  %1 = prune.gate %w, %a ste(<relu>) : tensor<4xf32>, tensor<4xf32>
  // CHECK: prune.regularize l1
  %2 = prune.regularize l1 %a, %s : tensor<4xf32>
  // CHECK: prune.sgd_update {{.*}} mask
  %3 = prune.sgd_update %w, %w, lr %s mask %m : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xi1>) -> tensor<4xf32>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<f32>, tensor<4xf32>
}
{-#
  dialect_resources: {
    builtin: {
      ones: "0x0100000001010101",
      aux: "0x0400000000000000000000000000000000000000"
    }
  }
#-}

// -----

// CHECK-LABEL: func @open_gate
// CHECK-SAME: %[[W:.*]]: tensor<4xf32>
func.func @open_gate(%w: tensor<4xf32>) -> tensor<4xf32> {
  %a = arith.constant dense<1.0e-3> : tensor<4xf32>
  %0 = prune.gate %w, %a ste(<softplus>) : tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: return %[[W]]
  return %0 : tensor<4xf32>
}

// A gate at zero is shut.
// CHECK-LABEL: func @shut_gate
func.func @shut_gate(%w: tensor<4xf32>) -> tensor<4xf32> {
  %a = arith.constant dense<0.0> : tensor<4xf32>
  %0 = prune.gate %w, %a ste(<softplus>) : tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
  // CHECK-NEXT: return %[[ZERO]]
  return %0 : tensor<4xf32>
}

// A subnormal number counts as zero, as it does in compiled code.
// CHECK-LABEL: func @shut_gate_above_zero
func.func @shut_gate_above_zero(%w: tensor<4xf32>) -> tensor<4xf32> {
  %a = arith.constant dense<1.0e-40> : tensor<4xf32>
  %0 = prune.gate %w, %a ste(<softplus>) : tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
  // CHECK-NEXT: return %[[ZERO]]
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @gate_of_both_signs
func.func @gate_of_both_signs(%w: tensor<2xf32>) -> tensor<2xf32> {
  %a = arith.constant dense<[-1.0, 1.0]> : tensor<2xf32>
  // CHECK: prune.gate
  %0 = prune.gate %w, %a ste(<softplus>) : tensor<2xf32>, tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: func @keep_everything
func.func @keep_everything(%s: tensor<4xf32>, %t: tensor<2xf32>) -> (tensor<4xi1>, tensor<2xi1>, tensor<2x3xi1>) {
  %0:2 = prune.select_mask %s, %t selection(<sparsity, 0.0>) granularity(<unstructured>) : (tensor<4xf32>, tensor<2xf32>) -> (tensor<4xi1>, tensor<2xi1>)
  %1 = prune.select_mask %t selection(<keep_all>) granularity(<channel, axis = 0>) : (tensor<2xf32>) -> tensor<2x3xi1>
  // CHECK-DAG: %[[M4:.*]] = arith.constant dense<true> : tensor<4xi1>
  // CHECK-DAG: %[[M2:.*]] = arith.constant dense<true> : tensor<2xi1>
  // CHECK-DAG: %[[M23:.*]] = arith.constant dense<true> : tensor<2x3xi1>
  // CHECK-NOT: prune.select_mask
  // CHECK: return %[[M4]], %[[M2]], %[[M23]]
  return %0#0, %0#1, %1 : tensor<4xi1>, tensor<2xi1>, tensor<2x3xi1>
}

// CHECK-LABEL: func @keep_nothing
func.func @keep_nothing(%s: tensor<4xf32>) -> tensor<4xi1> {
  // CHECK-NEXT: %[[M:.*]] = arith.constant dense<false> : tensor<4xi1>
  %0 = prune.select_mask %s selection(<sparsity, 1.0>) granularity(<n_of_m, shape = [2, 4], axis = 0>) : (tensor<4xf32>) -> tensor<4xi1>
  // CHECK-NEXT: return %[[M]]
  return %0 : tensor<4xi1>
}

// n of m cuts whatever the selection keeps; a threshold of zero prunes zeros.
// CHECK-LABEL: func @scores_count
func.func @scores_count(%s: tensor<4xf32>) -> (tensor<4xi1>, tensor<4xi1>) {
  // CHECK-COUNT-2: prune.select_mask
  %0 = prune.select_mask %s selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 0>) : (tensor<4xf32>) -> tensor<4xi1>
  %1 = prune.select_mask %s selection(<threshold, 0.0>) granularity(<unstructured>) : (tensor<4xf32>) -> tensor<4xi1>
  return %0, %1 : tensor<4xi1>, tensor<4xi1>
}

// CHECK-LABEL: func @no_strength
func.func @no_strength(%w: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %s = arith.constant 0.0 : f32
  // CHECK-DAG: %[[PENALTY:.*]] = arith.constant dense<0.000000e+00> : tensor<f32>
  // CHECK-DAG: %[[GRADIENT:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
  %0 = prune.regularize hoyer_square %w, %s : tensor<4xf32>
  %1 = prune.regularize_gradient hoyer_square %w, %s : tensor<4xf32>
  // CHECK: return %[[PENALTY]], %[[GRADIENT]]
  return %0, %1 : tensor<f32>, tensor<4xf32>
}

// CHECK-LABEL: func @zero_weight
func.func @zero_weight(%s: f32) -> (tensor<f32>, tensor<4xf32>) {
  %w = arith.constant dense<0.0> : tensor<4xf32>
  // CHECK-NOT: prune.regularize
  %0 = prune.regularize hoyer %w, %s : tensor<4xf32>
  %1 = prune.regularize_gradient hoyer %w, %s : tensor<4xf32>
  return %0, %1 : tensor<f32>, tensor<4xf32>
}

// CHECK-LABEL: func @no_dropout
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @no_dropout(%x: tensor<4xf32>, %t: i64) -> tensor<4xf32> {
  %0 = prune.dropout %x, %t rate 0.0 seed 7 : tensor<4xf32>
  // CHECK-NEXT: return %[[X]]
  return %0 : tensor<4xf32>
}

// An update under a mask masks its gradient itself.
// CHECK-LABEL: func @masked_updates
// CHECK-SAME: %[[W:[^:]*]]: tensor<4xf32>, %[[G:[^:]*]]: tensor<4xf32>, %[[M:[^:]*]]: tensor<4xi1>
func.func @masked_updates(%w: tensor<4xf32>, %g: tensor<4xf32>, %m: tensor<4xi1>, %n: tensor<4xi1>, %lr: f32, %t: i64)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %masked = prune.apply_mask %g, %m : tensor<4xf32>
  // CHECK: %[[MASKED:.*]] = prune.apply_mask %[[G]], %[[M]]
  // CHECK: prune.sgd_update %[[W]], %[[G]], lr %{{.*}} mask %[[M]]
  %0 = prune.sgd_update %w, %masked, lr %lr mask %m : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xi1>) -> tensor<4xf32>
  // CHECK: prune.adam_update %[[W]], %[[G]], lr
  %1:3 = prune.adam_update %w, %masked, lr %lr step %t moments %w, %w mask %m
      : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // Another mask stays.
  // CHECK: prune.sgd_update %[[W]], %[[MASKED]], lr
  %2 = prune.sgd_update %w, %masked, lr %lr mask %n : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xi1>) -> tensor<4xf32>
  return %0, %1#0, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @full_mask_of_update
func.func @full_mask_of_update(%w: tensor<4xf32>, %g: tensor<4xf32>, %lr: f32) -> tensor<4xf32> {
  %m = arith.constant dense<true> : tensor<4xi1>
  // CHECK-NEXT: prune.sgd_update %{{.*}}, %{{.*}}, lr %{{.*}} :
  %0 = prune.sgd_update %w, %g, lr %lr mask %m : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xi1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// What was decompressed is compressed again by the same pattern only.
// CHECK-LABEL: func @compress_of_decompress
// CHECK-SAME: (%[[V:.*]]: tensor<2xf32>)
func.func @compress_of_decompress(%v: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK-NEXT: %[[W:.*]] = prune.decompress
  // CHECK-NEXT: %[[OTHER:.*]] = prune.compress %[[W]]
  // CHECK-NEXT: return %[[V]], %[[OTHER]]
  %w = prune.decompress %v pattern(dense<[0, 3]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x2xf32>
  %0 = prune.compress %w pattern(dense<[0, 3]> : tensor<2xi32>) : tensor<2x2xf32> -> tensor<2xf32>
  %1 = prune.compress %w pattern(dense<[0, 2]> : tensor<2xi32>) : tensor<2x2xf32> -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func @constants
func.func @constants() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %v = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = arith.constant dense<3.0> : tensor<2xf32>
  %w = arith.constant dense<[[4.0, 5.0], [6.0, 7.0]]> : tensor<2x2xf32>
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  // CHECK-DAG: %[[A:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 0.000000e+00], [0.000000e+00, 2.000000e+00]]>
  // CHECK-DAG: %[[B:.*]] = arith.constant dense<{{\[\[}}3.000000e+00, 0.000000e+00], [3.000000e+00, 0.000000e+00]]>
  // CHECK-DAG: %[[C:.*]] = arith.constant dense<[4.000000e+00, 7.000000e+00]>
  // CHECK-DAG: %[[D:.*]] = arith.constant dense<0.000000e+00> : tensor<2xf32>
  %0 = prune.decompress %v pattern(dense<[0, 3]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x2xf32>
  %1 = prune.decompress %s pattern(dense<[0, 2]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x2xf32>
  %2 = prune.compress %w pattern(dense<[0, 3]> : tensor<2xi32>) : tensor<2x2xf32> -> tensor<2xf32>
  %3 = prune.compress %z pattern(dense<[0, 3]> : tensor<2xi32>) : tensor<2x2xf32> -> tensor<2xf32>
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
  return %0, %1, %2, %3 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// A pattern of all elements of a vector changes nothing.
// CHECK-LABEL: func @full_pattern
// CHECK-NEXT: return %{{.*}}, %{{.*}}
func.func @full_pattern(%v: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = prune.decompress %v pattern(dense<[0, 1]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2xf32>
  %1 = prune.compress %v pattern(dense<[0, 1]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
