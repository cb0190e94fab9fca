// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" -o /dev/null \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-print-channels{summary})" -o /dev/null 2>&1 | FileCheck %s

// A residual sum: the first filter of a is zero, but b adds something to it.

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// REMARK-DAG: NeuronsKept{{.*}}ConstantKept=1, HeldBy="'b.weight' (1)", Kept=2, Layer=a.weight
// REMARK-DAG: NeuronsKept{{.*}}Kept=2, Layer=b.weight, Reason="every neuron is live"

// CHECK: channels of @residual
// CHECK-NEXT: "a.weight": 2 of 2, 2 of 2 stay
// CHECK-NEXT: constant neurons stay; held by 'b.weight' (1)
// CHECK-NEXT: "b.weight": 2 of 2, 2 of 2 stay
// CHECK-NEXT: "c.weight": 1 of 1, 2 of 2 stay
func.func @residual(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %a = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[0.0, 0.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %b = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3x2xf32>
  %f = tensor.empty() : tensor<3x1xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<3x2xf32>) -> tensor<3x2xf32>
  %j = linalg.fill ins(%z : f32) outs(%f : tensor<3x1xf32>) -> tensor<3x1xf32>
  %p = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %a : tensor<3x2xf32>, tensor<2x2xf32>) outs(%i : tensor<3x2xf32>) -> tensor<3x2xf32>
  %q = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %b : tensor<3x2xf32>, tensor<2x2xf32>) outs(%i : tensor<3x2xf32>) -> tensor<3x2xf32>
  %s = linalg.add ins(%p, %q : tensor<3x2xf32>, tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) -> tensor<3x2xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%s, %c : tensor<3x2xf32>, tensor<1x2xf32>) outs(%j : tensor<3x1xf32>) -> tensor<3x1xf32>
  return %r : tensor<3x1xf32>
}

// What reads a constant neuron keeps it: the second filter of d is 3 for every
// input, but the padding around it is 0, so that e cannot fold it.

// REMARK-DAG: NeuronsKept{{.*}}ConstantKept=1, HeldBy="'e.weight' (1)", Kept=2, Layer=d.weight

// CHECK: channels of @padded
// CHECK-NEXT: "d.weight": 2 of 2, 1 of 1, 1 of 1, 1 of 1 stay
// CHECK-NEXT: constant neurons stay; held by 'e.weight' (1)
// CHECK-NEXT: "d.bias": 2 of 2 stay
// CHECK-NEXT: "e.weight": 1 of 1, 2 of 2, 3 of 3, 3 of 3 stay
func.func @padded(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %d = arith.constant {prune.param = #prune.param<"d.weight", weight>} dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf32>
  %b = arith.constant {prune.param = #prune.param<"d.bias", bias>} dense<[0.5, 3.0]> : tensor<2xf32>
  %w = arith.constant {prune.param = #prune.param<"e.weight", weight>} dense<2.0> : tensor<1x2x3x3xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x4x4xf32>) dimensions = [0, 2, 3]
  %p = linalg.conv_2d_nchw_fchw ins(%x, %d : tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) outs(%i : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %q = tensor.pad %p low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %h: index, %v: index):
    tensor.yield %z : f32
  } : tensor<1x2x4x4xf32> to tensor<1x2x6x6xf32>
  %f = tensor.empty() : tensor<1x1x4x4xf32>
  %j = linalg.fill ins(%z : f32) outs(%f : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %r = linalg.conv_2d_nchw_fchw ins(%q, %w : tensor<1x2x6x6xf32>, tensor<1x2x3x3xf32>) outs(%j : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return %r : tensor<1x1x4x4xf32>
}
