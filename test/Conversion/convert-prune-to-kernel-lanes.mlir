// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-kernel,canonicalize)" | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Bias and activation are fused, and nothing is transposed. The row with two
// weights comes first; 15 zeros follow the values.
// CHECK-LABEL: func @layer
// CHECK-SAME: (%[[X:.*]]: tensor<1x4xf32>, %[[B:.*]]: tensor<2xf32>)
func.func @layer(%x: tensor<1x4xf32>, %b: tensor<2xf32>) -> tensor<1x2xf32> {
  // CHECK-DAG: %[[V:.*]] = arith.constant dense_resource<fc1.weight.values> : tensor<18xf32>
  // CHECK-DAG: %[[S:.*]] = arith.constant dense_resource<fc1.weight.steps> : tensor<2x7xi16>
  // CHECK-DAG: %[[G:.*]] = arith.constant dense_resource<fc1.weight.groups> : tensor<2x2xi32>
  // CHECK-DAG: %[[R:.*]] = arith.constant dense_resource<fc1.weight.rows> : tensor<2xi32>
  // CHECK-NOT: linalg
  // CHECK: %[[Y:.*]] = kernel.lane_permute ins(%[[V]], %[[S]], %[[G]], %[[R]], %[[X]] : {{.*}}) bias(%[[B]] : tensor<2xf32>)
  // CHECK-SAME: {activation = #kernel.activation<relu>, prune.kernel = #prune.kernel<lanes>}
  // CHECK-NEXT: return %[[Y]]
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]]> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<1x2xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2xf32>) dimensions = [0]
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] {prune.kernel = #prune.kernel<lanes>}
      ins(%x, %w : tensor<1x4xf32>, tensor<2x4xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z : tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Features first: one transposition at each end.
// CHECK-LABEL: func @feature_major
// CHECK-SAME: (%[[X:.*]]: tensor<4x3xf32>)
func.func @feature_major(%x: tensor<4x3xf32>) -> tensor<2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]]> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: %[[XT:.*]] = linalg.transpose ins(%[[X]] : tensor<4x3xf32>)
  // CHECK: %[[YT:.*]] = kernel.lane_permute ins({{.*}}, %[[XT]] : {{.*}}) outs({{.*}} : tensor<3x2xf32>)
  // CHECK: %[[Y:.*]] = linalg.transpose ins(%[[YT]] : tensor<3x2xf32>)
  // CHECK-NEXT: return %[[Y]]
  %z = linalg.matmul {prune.kernel = #prune.kernel<lanes>}
      ins(%w, %x : tensor<2x4xf32>, tensor<4x3xf32>) outs(%f : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// Groups begin at step and value 0 and end at 2 and 3. The first step takes
// input 0 for lane 0 and input 1 for lane 1, the second input 2 for lane 0.
// CHECK-DAG: fc1.weight.groups: "0x1000000000000000000000000200000003000000"
// CHECK-DAG: fc1.weight.rows: "0x100000000100000000000000"
// CHECK-DAG: fc1.weight.steps: "0x1000000000000300000000000000010000000000010000000200000000000000"
