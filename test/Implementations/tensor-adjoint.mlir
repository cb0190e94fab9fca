// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-differentiate{function=f})" | FileCheck %s

// What moves elements moves adjoints back. The loss is the sum of the elements
// times %a.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<2x2x6xf64>
func.func @f(%w: tensor<4x6xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<2x2x6xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.expand_shape %w [[0, 1], [2]] output_shape [2, 2, 6] : tensor<4x6xf64> into tensor<2x2x6xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>]
    ins(%e, %a : tensor<2x2x6xf64>, tensor<2x2x6xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[D:.*]] = tensor.collapse_shape %[[A]] {{\[\[}}0, 1], [2]] : tensor<2x2x6xf64> into tensor<4x6xf64>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<24xf64>
func.func @f(%w: tensor<4x6xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<24xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.collapse_shape %w [[0, 1]] : tensor<4x6xf64> into tensor<24xf64>
  %l = linalg.dot ins(%e, %a : tensor<24xf64>, tensor<24xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[D:.*]] = tensor.expand_shape %[[A]] {{\[\[}}0, 1]] output_shape [4, 6] : tensor<24xf64> into tensor<4x6xf64>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<?xf64>
func.func @f(%w: tensor<4xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<?xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.cast %w : tensor<4xf64> to tensor<?xf64>
  %l = linalg.dot ins(%e, %a : tensor<?xf64>, tensor<?xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[D:.*]] = tensor.cast %[[A]] : tensor<?xf64> to tensor<4xf64>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<3xf64>
func.func @f(%w: tensor<2x8xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<3xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.extract_slice %w[1, 2] [1, 3] [1, 2] : tensor<2x8xf64> to tensor<3xf64>
  %l = linalg.dot ins(%e, %a : tensor<3xf64>, tensor<3xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<2x8xf64>
  // CHECK: %[[ZEROS:.*]] = linalg.fill ins(%{{.*}} : f64) outs(%[[EMPTY]] :
  // CHECK-NEXT: %[[D:.*]] = tensor.insert_slice %[[A]] into %[[ZEROS]][1, 2] [1, 3] [1, 2] : tensor<3xf64> into tensor<2x8xf64>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<8xf64>
func.func @f(%v: tensor<1x3xf64> {prune.param = #prune.param<"v", weight>}, %w: tensor<8xf64> {prune.param = #prune.param<"w", weight>},
             %a: tensor<8xf64>, %o: tensor<f64>) -> tensor<f64> {
  %c = tensor.collapse_shape %v [[0, 1]] : tensor<1x3xf64> into tensor<3xf64>
  %e = tensor.insert_slice %c into %w[2] [3] [1] : tensor<3xf64> into tensor<8xf64>
  %l = linalg.dot ins(%e, %a : tensor<8xf64>, tensor<8xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[DC:.*]] = tensor.extract_slice %[[A]][2] [3] [1] : tensor<8xf64> to tensor<3xf64>
  // CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<3xf64>
  // CHECK: %[[ZEROS:.*]] = linalg.fill ins(%{{.*}} : f64) outs(%[[EMPTY]] :
  // CHECK-NEXT: %[[DW:.*]] = tensor.insert_slice %[[ZEROS]] into %[[A]][2] [3] [1]
  // CHECK-NEXT: %[[DV:.*]] = tensor.expand_shape %[[DC]]
  // CHECK-NEXT: return %{{.*}}, %[[DV]], %[[DW]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<2x7xf64>
func.func @f(%v: tensor<2x3xf64> {prune.param = #prune.param<"v", weight>}, %w: tensor<2x4xf64> {prune.param = #prune.param<"w", weight>},
             %a: tensor<2x7xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.concat dim(1) %v, %w : (tensor<2x3xf64>, tensor<2x4xf64>) -> tensor<2x7xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%e, %a : tensor<2x7xf64>, tensor<2x7xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[DV:.*]] = tensor.extract_slice %[[A]][0, 0] [2, 3] [1, 1] : tensor<2x7xf64> to tensor<2x3xf64>
  // CHECK-NEXT: %[[DW:.*]] = tensor.extract_slice %[[A]][0, 3] [2, 4] [1, 1] : tensor<2x7xf64> to tensor<2x4xf64>
  // CHECK-NEXT: return %{{.*}}, %[[DV]], %[[DW]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<11xf64>
func.func @f(%w: tensor<8xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<11xf64>, %o: tensor<f64>) -> tensor<f64> {
  %cst = arith.constant 1.0 : f64
  %e = tensor.pad %w low[1] high[2] {
  ^bb0(%i: index):
    tensor.yield %cst : f64
  } : tensor<8xf64> to tensor<11xf64>
  %l = linalg.dot ins(%e, %a : tensor<11xf64>, tensor<11xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[D:.*]] = tensor.extract_slice %[[A]][1] [8] [1] : tensor<11xf64> to tensor<8xf64>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: f64, %[[I:[^:]*]]: index
func.func @f(%w: tensor<8xf64> {prune.param = #prune.param<"w", weight>}, %v: tensor<f64> {prune.param = #prune.param<"v", scale>}, %a: f64, %i: index) -> f64 {
  %x = tensor.extract %w[%i] : tensor<8xf64>
  %y = tensor.extract %v[] : tensor<f64>
  %s = arith.addf %x, %y : f64
  // CHECK: %[[L:.*]] = arith.mulf
  %l = arith.mulf %s, %a : f64
  // CHECK: %[[DV:.*]] = tensor.from_elements %[[A]] : tensor<f64>
  // CHECK: %[[ZEROS:.*]] = linalg.fill
  // CHECK-NEXT: %[[DW:.*]] = tensor.insert %[[A]] into %[[ZEROS]][%[[I]]] : tensor<8xf64>
  // CHECK-NEXT: return %[[L]], %[[DW]], %[[DV]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<4xf64>, %{{.*}}, %[[I:[^:]*]]: index
func.func @f(%w: tensor<4xf64> {prune.param = #prune.param<"w", weight>}, %v: f64 {prune.param = #prune.param<"v", scale>},
             %a: tensor<4xf64>, %o: tensor<f64>, %i: index) -> tensor<f64> {
  %s = tensor.insert %v into %w[%i] : tensor<4xf64>
  %l = linalg.dot ins(%s, %a : tensor<4xf64>, tensor<4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[DV:.*]] = tensor.extract %[[A]][%[[I]]]
  // CHECK: %[[ZERO:.*]] = arith.constant 0.0
  // CHECK: %[[DW:.*]] = tensor.insert %[[ZERO]] into %[[A]][%[[I]]]
  // CHECK-NEXT: return %{{.*}}, %[[DW]], %[[DV]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<2x2xf64>
func.func @f(%v: f64 {prune.param = #prune.param<"v", scale>}, %x: f64, %a: tensor<2x2xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.from_elements %x, %x, %v, %x : tensor<2x2xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%e, %a : tensor<2x2xf64>, tensor<2x2xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : index
  // CHECK: %[[D:.*]] = tensor.extract %[[A]][%[[ONE]], %[[ZERO]]]
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<2x3xf64>
func.func @f(%v: f64 {prune.param = #prune.param<"v", scale>}, %a: tensor<2x3xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.splat %v : tensor<2x3xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%e, %a : tensor<2x3xf64>, tensor<2x3xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[SUM:.*]] = linalg.reduce { arith.addf } ins(%[[A]] : tensor<2x3xf64>) {{.*}} dimensions = [0, 1]
  // CHECK-NEXT: %[[D:.*]] = tensor.extract %[[SUM]][] : tensor<f64>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}
