// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons{fold-borders},prune-verify-compact)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" | FileCheck %s --check-prefix=KEPT

// Filter 1 is 2 everywhere. Windows of nine ones meet four of it in the corners,
// six along the borders and nine in the middle. The bias of the second
// convolution stays a bias.
// CHECK-LABEL: func @borders
// CHECK-DAG: arith.constant {{.*}}"a.weight"{{.*}} : tensor<1x1x1x1xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant {{.*}}"b.weight"{{.*}} : tensor<1x1x3x3xf32>
// CHECK-DAG: %[[BIAS:.*]] = arith.constant {prune.param = #prune.param<"b.bias", bias>} {{.*}} : tensor<1xf32>
// CHECK-DAG: %[[MAP:.*]] = arith.constant dense_resource<borders> : tensor<1x3x3xf32>
// CHECK-DAG: %[[I:.*]] = linalg.broadcast ins(%[[BIAS]] : tensor<1xf32>) {{.*}} dimensions = [0, 2, 3]
// CHECK-DAG: %[[M:.*]] = linalg.broadcast ins(%[[MAP]] : tensor<1x3x3xf32>) outs(%{{.*}} : tensor<2x1x3x3xf32>) dimensions = [0]
// CHECK: %[[INIT:.*]] = linalg.add ins(%[[I]], %[[M]]
// CHECK: linalg.conv_2d_nchw_fchw {{.*}}ins(%{{.*}}, %[[B]] : tensor<2x1x5x5xf32>, tensor<1x1x3x3xf32>) outs(%[[INIT]]
// KEPT-LABEL: func @borders
// KEPT: linalg.conv_2d_nchw_fchw {{.*}}tensor<1x2x3x3xf32>
func.func @borders(%x: tensor<2x1x3x3xf32>) -> tensor<2x1x3x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf32>
  %b1 = arith.constant {prune.param = #prune.param<"a.bias", bias>} dense<[0.5, 2.0]> : tensor<2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<1.0> : tensor<1x2x3x3xf32>
  %b2 = arith.constant {prune.param = #prune.param<"b.bias", bias>} dense<[3.0]> : tensor<1xf32>
  %e1 = tensor.empty() : tensor<2x2x3x3xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<2xf32>) outs(%e1 : tensor<2x2x3x3xf32>) dimensions = [0, 2, 3]
  %z1 = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<2x1x3x3xf32>, tensor<2x1x1x1xf32>) outs(%i1 : tensor<2x2x3x3xf32>) -> tensor<2x2x3x3xf32>
  %p = tensor.pad %z1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
  } : tensor<2x2x3x3xf32> to tensor<2x2x5x5xf32>
  %e2 = tensor.empty() : tensor<2x1x3x3xf32>
  %i2 = linalg.broadcast ins(%b2 : tensor<1xf32>) outs(%e2 : tensor<2x1x3x3xf32>) dimensions = [0, 2, 3]
  %z2 = linalg.conv_2d_nchw_fchw ins(%p, %w2 : tensor<2x2x5x5xf32>, tensor<1x2x3x3xf32>) outs(%i2 : tensor<2x1x3x3xf32>) -> tensor<2x1x3x3xf32>
  return %z2 : tensor<2x1x3x3xf32>
}

// CHECK: borders: "0x10000000000000410000404100000041000040410000904100004041000000410000404100000041"
