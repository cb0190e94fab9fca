// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=input_gram})" --remarks-filter=prune-collect-evidence 2>&1 | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-DAG: remark: [Missed] EvidenceMissed{{.*}}group.weight{{.*}}its weight is reshaped
// CHECK-DAG: remark: [Missed] EvidenceMissed{{.*}}depthwise.weight{{.*}}its outputs read inputs of their own
// CHECK-DAG: remark: [Missed] EvidenceMissed{{.*}}tied.weight{{.*}}another layer multiplies other columns

// The windows of a convolution, one behind the other, and their products.
// CHECK-DAG: #[[$WINDOW:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d3, d1 * 2 + d4, d2 * 2 + d5)>
// CHECK-DAG: #[[$ROW:map[0-9]*]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK-DAG: #[[$COLUMN:map[0-9]*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$GRAM:map[0-9]*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @forward_evidence(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x5x5xf32> {prune.input = "input"}
// CHECK-SAME: -> (tensor<12x12xf32> {prune.evidence = #prune.evidence<"conv.weight", input_gram>})
// CHECK: %[[E:.*]] = tensor.empty() : tensor<2x2x2x3x2x2xf32>
// CHECK: %[[W:.*]] = linalg.generic {indexing_maps = [#[[$WINDOW]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%[[X]] : tensor<2x3x5x5xf32>) outs(%[[E]]
// CHECK: %[[M:.*]] = tensor.collapse_shape %[[W]] {{\[}}[0, 1, 2], [3, 4, 5]] : tensor<2x2x2x3x2x2xf32> into tensor<8x12xf32>
// CHECK: %[[G:.*]] = linalg.generic {indexing_maps = [#[[$ROW]], #[[$COLUMN]], #[[$GRAM]]], iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[M]], %[[M]] : tensor<8x12xf32>, tensor<8x12xf32>)
// CHECK: return %[[G]]
func.func @forward(%x: tensor<2x3x5x5xf32> {prune.input = "input"}, %i: tensor<2x4x2x2xf32>) -> tensor<2x4x2x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"conv.weight", weight>} dense<1.0> : tensor<4x3x2x2xf32>
  %0 = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>} ins(%x, %w : tensor<2x3x5x5xf32>, tensor<4x3x2x2xf32>) outs(%i : tensor<2x4x2x2xf32>) -> tensor<2x4x2x2xf32>
  return %0 : tensor<2x4x2x2xf32>
}

// A weight that is turned around: columns in the order of the parameter.
// CHECK-LABEL: func.func @turned_evidence(
// CHECK-SAME: %[[X:.*]]: tensor<2x4xf32>
// CHECK-SAME: -> (tensor<4x4xf32> {prune.evidence = #prune.evidence<"turned.weight", input_gram>})
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x4xf32>, tensor<2x4xf32>) outs(%{{.*}} : tensor<4x4xf32>)
func.func @turned(%x: tensor<2x4xf32> {prune.input = "input"}, %i: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %w = arith.constant {prune.param = #prune.param<"turned.weight", weight>} dense<1.0> : tensor<5x4xf32>
  %e = tensor.empty() : tensor<4x5xf32>
  %t = linalg.transpose ins(%w : tensor<5x4xf32>) outs(%e : tensor<4x5xf32>) permutation = [1, 0]
  %0 = linalg.matmul ins(%x, %t : tensor<2x4xf32>, tensor<4x5xf32>) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// What cannot be one matrix is left out; the sums of one weight in two layers are added.
// CHECK-LABEL: func.func @others_evidence(
// CHECK-SAME: -> (tensor<4x4xf32> {prune.evidence = #prune.evidence<"shared.weight", input_gram>})
func.func @others(%x: tensor<2x4xf32> {prune.input = "input"}, %y: tensor<2x4xf32>, %z: tensor<1x2x1x3x3xf32>, %d: tensor<1x3x5x5xf32>,
    %i: tensor<2x5xf32>, %j: tensor<2x4xf32>, %k: tensor<1x2x2x3x3xf32>, %l: tensor<1x3x4x4xf32>) -> (tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x4xf32>, tensor<1x2x2x3x3xf32>, tensor<1x3x4x4xf32>) {
  %s = arith.constant {prune.param = #prune.param<"shared.weight", weight>} dense<1.0> : tensor<5x4xf32>
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %s : tensor<2x4xf32>, tensor<5x4xf32>) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
  %1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %s : tensor<2x4xf32>, tensor<5x4xf32>) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
  %t = arith.constant {prune.param = #prune.param<"tied.weight", weight>} dense<1.0> : tensor<4x4xf32>
  %2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %t : tensor<2x4xf32>, tensor<4x4xf32>) outs(%j : tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = linalg.matmul ins(%2, %t : tensor<2x4xf32>, tensor<4x4xf32>) outs(%j : tensor<2x4xf32>) -> tensor<2x4xf32>
  %w = arith.constant {prune.param = #prune.param<"group.weight", weight>} dense<1.0> : tensor<4x1x1x1xf32>
  %g = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %4 = linalg.conv_2d_ngchw_gfchw ins(%z, %g : tensor<1x2x1x3x3xf32>, tensor<2x2x1x1x1xf32>) outs(%k : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  %v = arith.constant {prune.param = #prune.param<"depthwise.weight", weight>} dense<1.0> : tensor<3x2x2xf32>
  %5 = linalg.depthwise_conv_2d_nchw_chw ins(%d, %v : tensor<1x3x5x5xf32>, tensor<3x2x2xf32>) outs(%l : tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  return %0, %1, %3, %4, %5 : tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x4xf32>, tensor<1x2x2x3x3xf32>, tensor<1x3x4x4xf32>
}
