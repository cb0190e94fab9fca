// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-kernel,canonicalize)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-kernel,convert-linalg-to-onednn,canonicalize)" | FileCheck %s --check-prefix=ALL

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// Two sparse layers with bias and activation: one transposition at each end.
// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[X:.*]]: tensor<8x4xf32>, %[[B1:.*]]: tensor<2xf32>, %[[B2:.*]]: tensor<3xf32>)
func.func @chain(%x: tensor<8x4xf32>, %b1: tensor<2xf32>, %b2: tensor<3xf32>) -> tensor<8x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]]> : tensor<2x4xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[4.0, 0.0], [0.0, 0.0], [5.0, 6.0]]> : tensor<3x2xf32>
  // CHECK-DAG: %[[V1:.*]] = arith.constant dense_resource<fc1.weight.values> : tensor<3xf32>
  // CHECK-DAG: %[[I1:.*]] = arith.constant dense_resource<fc1.weight.indices> : tensor<3xi32>
  // CHECK-DAG: %[[P1:.*]] = arith.constant dense_resource<fc1.weight.pointers> : tensor<3xi32>
  // CHECK: %[[XT:.*]] = linalg.transpose ins(%[[X]] : tensor<8x4xf32>)
  // CHECK: %[[Y1:.*]] = kernel.spmm ins(%[[V1]], %[[I1]], %[[P1]], %[[XT]] : tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<4x8xf32>)
  // CHECK-SAME: bias(%[[B1]] : tensor<2xf32>) outs(%{{.*}} : tensor<2x8xf32>) {activation = #kernel.activation<relu>
  %e1 = tensor.empty() : tensor<8x2xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<2xf32>) outs(%e1 : tensor<8x2xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#mk, #nk, #mn] {prune.kernel = #prune.kernel<csr>}
      ins(%x, %w1 : tensor<8x4xf32>, tensor<2x4xf32>) outs(%i1 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z1 : tensor<8x2xf32>) outs(%e1 : tensor<8x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<8x2xf32>
  // CHECK-NOT: linalg.transpose
  // CHECK: %[[Y2:.*]] = kernel.spmm ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[Y1]] : tensor<3xf32>, tensor<3xi32>, tensor<4xi32>, tensor<2x8xf32>)
  // CHECK-SAME: bias(%[[B2]] : tensor<3xf32>) outs(%{{.*}} : tensor<3x8xf32>) {activation = #kernel.activation<tanh>
  %e2 = tensor.empty() : tensor<8x3xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z2 = linalg.matmul indexing_maps = [#mk, #nk, #mn] {prune.kernel = #prune.kernel<csr>}
      ins(%y1, %w2 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%f2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %s2 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z2, %b2 : tensor<8x3xf32>, tensor<3xf32>) outs(%e2 : tensor<8x3xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %s = arith.addf %in, %bias : f32
    linalg.yield %s : f32
  } -> tensor<8x3xf32>
  %y2 = linalg.tanh ins(%s2 : tensor<8x3xf32>) outs(%e2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  // CHECK: %[[Y:.*]] = linalg.transpose ins(%[[Y2]] : tensor<3x8xf32>)
  // CHECK-NEXT: return %[[Y]]
  return %y2 : tensor<8x3xf32>
}

// A dense layer after a sparse one takes the transposition as a flag.
// CHECK-LABEL: func @sparse_then_dense
// ALL-LABEL: func @sparse_then_dense
func.func @sparse_then_dense(%x: tensor<8x4xf32>, %w2: tensor<3x2xf32>) -> tensor<8x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]]> : tensor<2x4xf32>
  %e1 = tensor.empty() : tensor<8x2xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x2xf32>) -> tensor<8x2xf32>
  // ALL: %[[Y:.*]] = kernel.spmm
  // ALL-NOT: linalg.transpose
  %z1 = linalg.matmul indexing_maps = [#mk, #nk, #mn] {prune.kernel = #prune.kernel<csr>}
      ins(%x, %w1 : tensor<8x4xf32>, tensor<2x4xf32>) outs(%f1 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e2 = tensor.empty() : tensor<8x3xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  // ALL: onednn.matmul ins(%[[Y]], %{{.*}} : tensor<2x8xf32>, tensor<3x2xf32>) {{.*}} {transpose_a, transpose_b}
  %z2 = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%z1, %w2 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%f2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  return %z2 : tensor<8x3xf32>
}

// One column: reshapes only. A weight of zeros keeps one explicit zero.
// CHECK-LABEL: func @batch_one
func.func @batch_one(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.0> : tensor<4x2xf32>
  %e = tensor.empty() : tensor<1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
  // CHECK-NOT: linalg
  // CHECK: kernel.spmm {{.*}} : tensor<1xf32>, tensor<1xi32>, tensor<3xi32>, tensor<4x1xf32>)
  // CHECK-NOT: linalg
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr>}
      ins(%x, %w : tensor<1x4xf32>, tensor<4x2xf32>) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}

// Feature-major already: nothing to transpose.
// CHECK-LABEL: func @feature_major
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
func.func @feature_major(%x: tensor<4x8xf32>) -> tensor<2x8xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]]> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x8xf32>) -> tensor<2x8xf32>
  // CHECK-NOT: linalg
  // CHECK: %[[Y:.*]] = kernel.spmm ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[X]] :
  // CHECK-NEXT: return %[[Y]]
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr>}
      ins(%w, %x : tensor<2x4xf32>, tensor<4x8xf32>) outs(%f : tensor<2x8xf32>) -> tensor<2x8xf32>
  return %z : tensor<2x8xf32>
}
// CHECK-DAG: fc1.weight.indices: "0x10000000010000000000000002000000"
// CHECK-DAG: fc1.weight.pointers: "0x10000000000000000100000003000000"
// CHECK-DAG: fc1.weight.values: "0x100000000000803F0000004000004040"
