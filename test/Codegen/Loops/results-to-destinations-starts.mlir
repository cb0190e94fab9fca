// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-results-to-destinations)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-results-to-destinations,eliminate-empty-tensors,one-shot-bufferize{bufferize-function-boundaries})" | FileCheck %s --check-prefix=BUFFERS

// Two results that start from one fill: each gets its own, else both would be
// computed in the destination of the first.
// CHECK-LABEL: func.func @fills
// CHECK: %[[F1:.*]] = linalg.fill
// CHECK: %[[R1:.*]] = linalg.reduce { arith.addf } ins(%{{.*}} : tensor<4xf32>) outs(%[[F1]] :
// CHECK: %[[F2:.*]] = linalg.fill
// CHECK: %[[R2:.*]] = linalg.reduce { arith.mulf } ins(%{{.*}} : tensor<4xf32>) outs(%[[F2]] :
// BUFFERS-LABEL: func.func @fills
// BUFFERS-SAME: %[[X:[^:]*]]: memref<4xf32>, %[[A:[^:]*]]: memref<f32> {{{[^}]*}}}, %[[B:[^:]*]]: memref<f32>
// BUFFERS: linalg.reduce { arith.addf } ins(%[[X]] : memref<4xf32>) outs(%[[A]] :
// BUFFERS: linalg.reduce { arith.mulf } ins(%[[X]] : memref<4xf32>) outs(%[[B]] :
func.func @fills(%x: tensor<4xf32>) -> (tensor<f32>, tensor<f32>) {
  %c = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%c : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %0 = linalg.reduce { arith.addf } ins(%x : tensor<4xf32>) outs(%f : tensor<f32>) dimensions = [0]
  %1 = linalg.reduce { arith.mulf } ins(%x : tensor<4xf32>) outs(%f : tensor<f32>) dimensions = [0]
  return %0, %1 : tensor<f32>, tensor<f32>
}

// A start that is returned as well, and that is no fill, is copied.
// CHECK-LABEL: func.func @returned
// CHECK: %[[S:.*]] = linalg.exp
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[S]]) : tensor<4xf32>
// CHECK: %[[R:.*]] = linalg.generic {{.*}} outs(%[[COPY]] :
// CHECK: materialize_in_destination %[[R]]
// CHECK: materialize_in_destination %[[S]]
func.func @returned(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %e = tensor.empty() : tensor<4xf32>
  %s = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%s : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %0 = arith.addf %in, %out : f32
      linalg.yield %0 : f32
  } -> tensor<4xf32>
  return %r, %s : tensor<4xf32>, tensor<4xf32>
}

// One computation goes on where the other ended: nothing to copy.
// CHECK-LABEL: func.func @chain
// CHECK-NOT: alloc_tensor
// CHECK: return
func.func @chain(%x: tensor<4xf32>) -> tensor<f32> {
  %c = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%c : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %0 = linalg.reduce { arith.addf } ins(%x : tensor<4xf32>) outs(%f : tensor<f32>) dimensions = [0]
  %1 = linalg.reduce { arith.mulf } ins(%x : tensor<4xf32>) outs(%0 : tensor<f32>) dimensions = [0]
  return %1 : tensor<f32>
}
