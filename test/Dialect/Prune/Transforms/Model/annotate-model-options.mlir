// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=net rename=model parameters=fc.weight,fc.bias,gain,spare buffers=spare constants=out.weight})" \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @model(
// CHECK-SAME: tensor<2x3xf32> {prune.input = "input"}
// CHECK-SAME: tensor<3x4xf32> {prune.param = #prune.param<"fc.weight", weight>}
// CHECK-SAME: tensor<4x1xf32> {prune.param = #prune.param<"fc.bias", bias>}
// CHECK-SAME: tensor<4xf32> {prune.param = #prune.param<"gain", scale>}
// CHECK-SAME: tensor<4xf32> {prune.param = #prune.param<"spare", buffer>}
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"out.weight", weight>} dense_resource<out.weight> : tensor<2x4xf32>
func.func @net(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>, %b: tensor<4x1xf32>, %g: tensor<4xf32>, %s: tensor<4xf32>) -> tensor<2x2xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %f = tensor.empty() : tensor<2x2xf32>
  %c = tensor.collapse_shape %b [[0, 1]] : tensor<4x1xf32> into tensor<4xf32>
  %i = linalg.broadcast ins(%c : tensor<4xf32>) outs(%e : tensor<2x4xf32>) dimensions = [0]
  // expected-remark@below {{weight is an argument stored as [in, out] and stays so: its caller holds the values}}
  %y = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x4xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  %v = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %z = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%y, %v : tensor<2x4xf32>, tensor<2x4xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}

// CHECK: func.func @other(
func.func @other() {
  return
}
