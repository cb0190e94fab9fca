// RUN: prune-opt %s | prune-opt | FileCheck %s
// RUN: prune-opt %s --mlir-print-op-generic | prune-opt | FileCheck %s
// RUN: prune-opt %s --emit-bytecode | prune-opt | FileCheck %s

// CHECK-LABEL: func @parameters
// CHECK-SAME: {prune.param = #prune.param<"fc1.weight", weight>}
func.func @parameters(%w: tensor<3x2xf32> {prune.param = #prune.param<"fc1.weight", weight>}) {
  return
}

// CHECK-LABEL: func @masks
func.func @masks(%w: tensor<4x8xf32>, %a: tensor<4x8xf32>, %m: tensor<4x8xi1>) -> tensor<4x8xf32> {
  // CHECK: prune.apply_mask %{{.*}}, %{{.*}} : tensor<4x8xf32>
  %0 = prune.apply_mask %w, %m : tensor<4x8xf32>
  // CHECK: prune.gate %{{.*}}, %{{.*}} ste(<hard_sigmoid>) : tensor<4x8xf32>, tensor<4x8xf32>
  %1 = prune.gate %0, %a ste(<hard_sigmoid>) : tensor<4x8xf32>, tensor<4x8xf32>
  // CHECK: prune.gate %{{.*}}, %{{.*}} ste(<leaky_relu, slope = 1.000000e-01>) rule chain : tensor<4x8xf32>, tensor<4x8xf32>
  %2 = prune.gate %1, %a ste(<leaky_relu, slope = 0.1>) rule chain : tensor<4x8xf32>, tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// CHECK-LABEL: func @selection
func.func @selection(%w: tensor<4x8xf32>, %v: tensor<2x4xf32>) {
  // CHECK: prune.score %{{.*}} criterion(<magnitude>) granularity(<unstructured>) : tensor<4x8xf32> -> tensor<4x8xf32>
  %0 = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<4x8xf32> -> tensor<4x8xf32>
  // CHECK: prune.score %{{.*}} criterion(<magnitude, p = 2.000000e+00>) granularity(<channel, axis = 0>) : tensor<4x8xf32> -> tensor<4xf32>
  %1 = prune.score %w criterion(<magnitude, p = 2.0>) granularity(<channel, axis = 0>) : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK: granularity(<block, shape = [4, 1]>) : tensor<4x8xf32> -> tensor<1x8xf32>
  %2 = prune.score %w criterion(<magnitude>) granularity(<block, shape = [4, 1]>) : tensor<4x8xf32> -> tensor<1x8xf32>
  // CHECK: granularity(<n_of_m, shape = [2, 4], axis = 1>)
  %3 = prune.score %w criterion(<magnitude>) granularity(<n_of_m, shape = [2, 4], axis = 1>) : tensor<4x8xf32> -> tensor<4x8xf32>
  %4 = prune.score %v criterion(<magnitude>) granularity(<unstructured>) : tensor<2x4xf32> -> tensor<2x4xf32>
  // CHECK: %[[N:.*]] = arith.constant {prune.evidence = #prune.evidence<"fc.weight", input_norm>} dense<1.000000e+00> : tensor<1x8xf32>
  %norm = arith.constant {prune.evidence = #prune.evidence<"fc.weight", input_norm>} dense<1.0> : tensor<1x8xf32>
  // CHECK: prune.score %{{.*}}, %[[N]] criterion(<wanda>) granularity(<unstructured>) : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  %5 = prune.score %w, %norm criterion(<wanda>) granularity(<unstructured>) : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  // CHECK: prune.select_mask %{{.*}}, %{{.*}} selection(<sparsity, 9.000000e-01>) granularity(<unstructured>) : (tensor<4x8xf32>, tensor<2x4xf32>) -> (tensor<4x8xi1>, tensor<2x4xi1>)
  %m1, %m2 = prune.select_mask %0, %4 selection(<sparsity, 0.9>) granularity(<unstructured>) : (tensor<4x8xf32>, tensor<2x4xf32>) -> (tensor<4x8xi1>, tensor<2x4xi1>)
  // CHECK: prune.select_mask %{{.*}} selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 1>)
  %m3 = prune.select_mask %3 selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 1>) : (tensor<4x8xf32>) -> tensor<4x8xi1>
  return
}

// CHECK-LABEL: func @convolution
func.func @convolution(%w: tensor<8x4x3x3xf16>) -> tensor<8x4x3x3xi1> {
  // CHECK: granularity(<filter_plane>) : tensor<8x4x3x3xf16> -> tensor<8x4xf16>
  %0 = prune.score %w criterion(<magnitude>) granularity(<filter_plane>) : tensor<8x4x3x3xf16> -> tensor<8x4xf16>
  // CHECK: granularity(<vector, axis = 3>) : tensor<8x4x3x3xf16> -> tensor<8x4x3xf16>
  %1 = prune.score %w criterion(<magnitude>) granularity(<vector, axis = 3>) : tensor<8x4x3x3xf16> -> tensor<8x4x3xf16>
  // CHECK: prune.select_mask %{{.*}} selection(<threshold, 1.000000e-02>) granularity(<filter_plane>) : (tensor<8x4xf16>) -> tensor<8x4x3x3xi1>
  %2 = prune.select_mask %0 selection(<threshold, 0.01>) granularity(<filter_plane>) : (tensor<8x4xf16>) -> tensor<8x4x3x3xi1>
  return %2 : tensor<8x4x3x3xi1>
}

// CHECK-LABEL: func @training
func.func @training(%w: tensor<4x8xf32>, %g: tensor<4x8xf32>, %v: tensor<4x8xf32>, %m: tensor<4x8xi1>,
                    %z: tensor<5x10xf32>, %y: tensor<5xi32>, %lr: f32, %t: i64) {
  // CHECK: prune.regularize hoyer_square %{{.*}}, %{{.*}} : tensor<4x8xf32>
  %p = prune.regularize hoyer_square %w, %lr : tensor<4x8xf32>
  // CHECK: prune.regularize_gradient l1 %{{.*}}, %{{.*}} : tensor<4x8xf32>
  %q = prune.regularize_gradient l1 %w, %lr : tensor<4x8xf32>
  // CHECK: prune.dropout %{{.*}}, %{{.*}} rate 5.000000e-01 seed 7 : tensor<4x8xf32>
  %d = prune.dropout %w, %t rate 0.5 seed 7 : tensor<4x8xf32>
  // CHECK: prune.softmax_cross_entropy %{{.*}}, %{{.*}} : tensor<5x10xf32>, tensor<5xi32>
  %l = prune.softmax_cross_entropy %z, %y : tensor<5x10xf32>, tensor<5xi32>
  // CHECK: prune.softmax_cross_entropy %{{.*}}, %{{.*}} : tensor<5x10xf32>, tensor<5x10xf32>
  %soft = prune.softmax_cross_entropy %z, %z : tensor<5x10xf32>, tensor<5x10xf32>
  // CHECK: prune.sgd_update %{{.*}}, %{{.*}}, lr %{{.*}} :
  %w1 = prune.sgd_update %w, %g, lr %lr : (tensor<4x8xf32>, tensor<4x8xf32>, f32) -> tensor<4x8xf32>
  // CHECK: prune.sgd_update %{{.*}}, %{{.*}}, lr %{{.*}} velocity %{{.*}} mask %{{.*}} {momentum = 9.000000e-01 : f64}
  %w2, %v2 = prune.sgd_update %w, %g, lr %lr velocity %v mask %m {momentum = 0.9 : f64}
      : (tensor<4x8xf32>, tensor<4x8xf32>, f32, tensor<4x8xf32>, tensor<4x8xi1>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  // CHECK: prune.adam_update %{{.*}}, %{{.*}}, lr %{{.*}} step %{{.*}} moments %{{.*}}, %{{.*}} :
  %w3, %m3, %u3 = prune.adam_update %w, %g, lr %lr step %t moments %v, %v
      : (tensor<4x8xf32>, tensor<4x8xf32>, f32, i64, tensor<4x8xf32>, tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>)
  // CHECK: prune.sgd_update %{{.*}}, %{{.*}}, lr %{{.*}} mask %{{.*}} {weight_decay = 5.000000e-04 : f64}
  %w4 = prune.sgd_update %w, %g, lr %lr mask %m {weight_decay = 5.0e-4 : f64} : (tensor<4x8xf32>, tensor<4x8xf32>, f32, tensor<4x8xi1>) -> tensor<4x8xf32>
  // CHECK: prune.adam_update {{.*}} moments %{{.*}}, %{{.*}} mask %{{.*}} {beta1 = 8.000000e-01 : f64} :
  %w5, %m5, %u5 = prune.adam_update %w, %g, lr %lr step %t moments %v, %v mask %m {beta1 = 0.8 : f64}
      : (tensor<4x8xf32>, tensor<4x8xf32>, f32, i64, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xi1>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>)
  // CHECK: prune.regularize l2 %{{.*}} : tensor<4x8xf32>
  %p2 = prune.regularize l2 %w, %lr : tensor<4x8xf32>
  // CHECK: prune.regularize_gradient hoyer %{{.*}} : tensor<4x8xf32>
  %q2 = prune.regularize_gradient hoyer %w, %lr : tensor<4x8xf32>
  return
}

// CHECK-LABEL: func @sparse_training
func.func @sparse_training(%w: tensor<8x4x3x3xf32>, %m: tensor<8xf32>, %mask: tensor<8x4x3x3xi1>, %r: f32, %t: i64) {
  // CHECK: prune.gate %{{.*}}, %{{.*}} ste(<softplus>) granularity(<channel, axis = 0>) : tensor<8x4x3x3xf32>, tensor<8xf32>
  %0 = prune.gate %w, %m ste(<softplus>) granularity(<channel, axis = 0>) : tensor<8x4x3x3xf32>, tensor<8xf32>
  // CHECK: prune.apply_mask %{{.*}}, %{{.*}} {decay = 2.000000e-04 : f64, straight_through} : tensor<8x4x3x3xf32>
  %1 = prune.apply_mask %w, %mask {straight_through, decay = 2.0e-4 : f64} : tensor<8x4x3x3xf32>
  // CHECK: prune.regularize group_hoyer_square %{{.*}}, %{{.*}} granularity(<channel, axis = 1>) : tensor<8x4x3x3xf32>
  %2 = prune.regularize group_hoyer_square %w, %r granularity(<channel, axis = 1>) : tensor<8x4x3x3xf32>
  // CHECK: prune.regularize_gradient group_lasso %{{.*}}, %{{.*}} granularity(<channel, axis = 0>) : tensor<8x4x3x3xf32>
  %3 = prune.regularize_gradient group_lasso %w, %r granularity(<channel, axis = 0>) : tensor<8x4x3x3xf32>
  // CHECK: prune.regularize open_gates %{{.*}}, %{{.*}} ste(<softplus>) : tensor<8xf32>
  %4 = prune.regularize open_gates %m, %r ste(<softplus>) : tensor<8xf32>
  // CHECK: prune.regularize transformed_l1 %{{.*}}, %{{.*}} : tensor<8xf32>
  %5 = prune.regularize transformed_l1 %m, %r : tensor<8xf32>
  // CHECK: prune.proximal l1 %{{.*}}, %{{.*}} : tensor<8x4x3x3xf32>
  %6 = prune.proximal l1 %w, %r : tensor<8x4x3x3xf32>
  // CHECK: prune.proximal group_lasso %{{.*}}, %{{.*}} granularity(<channel, axis = 0>) : tensor<8x4x3x3xf32>
  %7 = prune.proximal group_lasso %w, %r granularity(<channel, axis = 0>) : tensor<8x4x3x3xf32>
  %8 = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<8x4x3x3xf32> -> tensor<8x4x3x3xf32>
  // CHECK: prune.select_mask %{{.*}} selection(<sparsity>) value %{{.*}} : f32 granularity(<unstructured>) : (tensor<8x4x3x3xf32>) -> tensor<8x4x3x3xi1>
  %9 = prune.select_mask %8 selection(<sparsity>) value %r : f32 granularity(<unstructured>) : (tensor<8x4x3x3xf32>) -> tensor<8x4x3x3xi1>
  // CHECK: prune.sgd_update %{{.*}}, %{{.*}}, lr %{{.*}} mask %{{.*}} {freeze_masked}
  %10 = prune.sgd_update %w, %w, lr %r mask %mask {freeze_masked} : (tensor<8x4x3x3xf32>, tensor<8x4x3x3xf32>, f32, tensor<8x4x3x3xi1>) -> tensor<8x4x3x3xf32>
  // CHECK: prune.adam_update {{.*}} mask %{{.*}} {freeze_masked}
  %w5, %m5, %u5 = prune.adam_update %w, %w, lr %r step %t moments %w, %w mask %mask {freeze_masked}
      : (tensor<8x4x3x3xf32>, tensor<8x4x3x3xf32>, f32, i64, tensor<8x4x3x3xf32>, tensor<8x4x3x3xf32>, tensor<8x4x3x3xi1>)
      -> (tensor<8x4x3x3xf32>, tensor<8x4x3x3xf32>, tensor<8x4x3x3xf32>)
  return
}

// CHECK-LABEL: func @layers
func.func @layers(%x: tensor<2x3x8x8xf32>, %c: tensor<3xf32>, %p: tensor<2x3x4x4xf32>) {
  // CHECK: prune.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} epsilon 1.000000e-05 : tensor<2x3x8x8xf32>, tensor<3xf32>
  %y = prune.batch_norm %x, %c, %c, %c, %c epsilon 1.0e-5 : tensor<2x3x8x8xf32>, tensor<3xf32>
  // CHECK: prune.batch_norm %{{.*}} epsilon 1.000000e-05 {fixed_bias, fixed_scale} : tensor<2x3x8x8xf32>, tensor<3xf32>
  %fixed = prune.batch_norm %x, %c, %c, %c, %c epsilon 1.0e-5 {fixed_scale, fixed_bias} : tensor<2x3x8x8xf32>, tensor<3xf32>
  // CHECK: prune.batch_norm_training %{{.*}}, %{{.*}}, %{{.*}} epsilon 1.000000e-05 : tensor<2x3x8x8xf32>, tensor<3xf32>
  %z, %mean, %variance = prune.batch_norm_training %x, %c, %c epsilon 1.0e-5 : tensor<2x3x8x8xf32>, tensor<3xf32>
  // CHECK: prune.batch_norm_gradient %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} epsilon 1.000000e-05 : tensor<2x3x8x8xf32>, tensor<3xf32>
  %dx, %ds, %db = prune.batch_norm_gradient %x, %c, %mean, %variance, %y epsilon 1.0e-5 : tensor<2x3x8x8xf32>, tensor<3xf32>
  // CHECK: prune.max_pool_gradient %{{.*}}, %{{.*}}, %{{.*}} window [2, 2] strides [2, 2] dilations [1, 1] : tensor<2x3x8x8xf32>, tensor<2x3x4x4xf32>
  %g = prune.max_pool_gradient %x, %p, %p window [2, 2] strides [2, 2] dilations [1, 1] : tensor<2x3x8x8xf32>, tensor<2x3x4x4xf32>
  return
}

// CHECK-LABEL: func @compressed
func.func @compressed(%v: tensor<3xf32>, %w: tensor<2x3xf64>) -> (tensor<2x3xf32>, tensor<2xf64>) {
  // CHECK: prune.decompress %{{.*}} pattern(dense<[0, 2, 5]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  %0 = prune.decompress %v pattern(dense<[0, 2, 5]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: prune.compress %{{.*}} pattern(dense_resource<pattern> : tensor<2xi32>) : tensor<2x3xf64> -> tensor<2xf64>
  %1 = prune.compress %w pattern(dense_resource<pattern> : tensor<2xi32>) : tensor<2x3xf64> -> tensor<2xf64>
  return %0, %1 : tensor<2x3xf32>, tensor<2xf64>
}

{-#
  dialect_resources: {
    builtin: {
      pattern: "0x040000000100000005000000"
    }
  }
#-}
