// RUN: prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-fold-batch-norms)" | FileCheck %s
// RUN: prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-fold-batch-norms,prune-fold-batch-norms)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-fold-batch-norms)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS %}
// RUN: prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-fold-batch-norms)" --remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// STATS-COUNT-3: (S) 1 num-batch-norms-folded

// Factors 2 and 1/2, added -3 and 7: the bias is made, named after that of the
// batch normalization.

// CHECK-LABEL: func.func @no_bias(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x1x2x2xf32>
// CHECK: %[[W:.*]] = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2x1x1x1xf32>
// CHECK: %[[B:.*]] = arith.constant {prune.param = #prune.param<"bn.bias", bias>} dense_resource<bn.bias> : tensor<2xf32>
// CHECK: %[[I:.*]] = linalg.broadcast ins(%[[B]] : tensor<2xf32>) {{.*}} dimensions = [0, 2, 3]
// CHECK: %[[Y:.*]] = linalg.conv_2d_nchw_fchw ins(%[[X]], %[[W]] : {{.*}} outs(%[[I]] :
// CHECK-NEXT: return %[[Y]]
// CHECK-DAG: w: "0x100000000000C03F0000803F"
// CHECK-DAG: bn.bias: "0x10000000000040C00000E040"
// REMARK: folded into 'linalg.conv_2d_nchw_fchw'
func.func @no_bias(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[[[0.75]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %g = arith.constant {prune.param = #prune.param<"bn.weight", scale>} dense<[4.0, 1.0]> : tensor<2xf32>
  %b = arith.constant {prune.param = #prune.param<"bn.bias", bias>} dense<[1.0, 6.0]> : tensor<2xf32>
  %m = arith.constant {prune.param = #prune.param<"bn.mean", buffer>} dense<[2.0, -2.0]> : tensor<2xf32>
  %v = arith.constant {prune.param = #prune.param<"bn.var", buffer>} dense<3.75> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) outs(%i : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %z = prune.batch_norm %y, %g, %b, %m, %v epsilon 0.25 : tensor<1x2x2x2xf32>, tensor<2xf32>
  return %z : tensor<1x2x2x2xf32>
}

// -----

// A product with a bias, whose name stays: 2 * 5 - 3 and 1/2 * 6 + 7.

// CHECK-LABEL: func.func @product(
// CHECK: arith.constant {prune.param = #prune.param<"fc.bias", bias>} dense_resource<fc.bias>
// CHECK-NOT: prune.batch_norm
// CHECK-DAG: w: "0x100000000000C03F0000803F"
// CHECK-DAG: fc.bias: "0x100000000000E04000002041"
func.func @product(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[0.75], [2.0]]> : tensor<2x1xf32>
  %c = arith.constant {prune.param = #prune.param<"fc.bias", bias>} dense<[5.0, 6.0]> : tensor<2xf32>
  %g = arith.constant dense<[4.0, 1.0]> : tensor<2xf32>
  %b = arith.constant dense<[1.0, 6.0]> : tensor<2xf32>
  %m = arith.constant dense<[2.0, -2.0]> : tensor<2xf32>
  %v = arith.constant dense<3.75> : tensor<2xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %i = linalg.broadcast ins(%c : tensor<2xf32>) outs(%e : tensor<3x2xf32>) dimensions = [0]
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<3x1xf32>, tensor<2x1xf32>) outs(%i : tensor<3x2xf32>) -> tensor<3x2xf32>
  %z = prune.batch_norm %y, %g, %b, %m, %v epsilon 0.25 : tensor<3x2xf32>, tensor<2xf32>
  return %z : tensor<3x2xf32>
}

// -----

// Groups are channels in two dimensions.

// CHECK-LABEL: func.func @groups(
// CHECK: %[[W:.*]] = arith.constant dense_resource<folded_weight> : tensor<4x1x1x1xf32>
// CHECK: %[[I:.*]] = linalg.broadcast
// CHECK: tensor.expand_shape %[[I]] {{\[\[}}0], [1, 2], [3], [4]]
// CHECK: linalg.conv_2d_ngchw_gfchw
// CHECK-NOT: prune.batch_norm
// CHECK: folded_weight: "0x100000000000003F0000803F0000C03F00000040"
func.func @groups(%x: tensor<1x2x1x2x2xf32>) -> tensor<1x4x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1x1xf32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %o = arith.constant dense<[1.0, 6.0, 1.0, 1.0]> : tensor<4xf32>
  %v = arith.constant dense<3.75> : tensor<4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x2x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
  %w5 = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %y5 = linalg.conv_2d_ngchw_gfchw ins(%x, %w5 : tensor<1x2x1x2x2xf32>, tensor<2x2x1x1x1xf32>) outs(%i : tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
  %y = tensor.collapse_shape %y5 [[0], [1, 2], [3], [4]] : tensor<1x2x2x2x2xf32> into tensor<1x4x2x2xf32>
  %z = prune.batch_norm %y, %g, %o, %o, %v epsilon 0.25 : tensor<1x4x2x2xf32>, tensor<4xf32>
  return %z : tensor<1x4x2x2xf32>
}

// -----

// What stays, and why.

// CHECK-LABEL: func.func @kept(
// CHECK-COUNT-3: prune.batch_norm
// REMARK: batch normalization stays: its input has other readers
// REMARK: the weight before it is no constant of its own
// REMARK: its scale, bias and statistics are no constants
func.func @kept(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>, %b: tensor<2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %v = arith.constant dense<3.75> : tensor<2xf32>
  %i = arith.constant dense<0.0> : tensor<2x2xf32>
  %0 = prune.batch_norm %x, %v, %v, %v, %v epsilon 0.25 : tensor<2x2xf32>, tensor<2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = prune.batch_norm %y, %v, %v, %v, %v epsilon 0.25 : tensor<2x2xf32>, tensor<2xf32>
  %2 = prune.batch_norm %x, %v, %b, %v, %v epsilon 0.25 : tensor<2x2xf32>, tensor<2xf32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
