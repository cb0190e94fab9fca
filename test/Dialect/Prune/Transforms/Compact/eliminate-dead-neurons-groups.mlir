// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)" | FileCheck %s

// Groups of two filters over one channel each. The first group is dead, and its
// filters have different biases: it leaves with its channel of the input. Of each
// other group one filter is dead, the first or the second: these leave, too.
// CHECK-LABEL: func @groups
// CHECK-DAG: arith.constant {prune.param = #prune.param<"b.weight", weight>} {{.*}} : tensor<2x1x1x1xf32>
// CHECK-DAG: arith.constant {prune.param = #prune.param<"b.bias", bias>} {{.*}} : tensor<2xf32>
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw ins(%{{.*}}, %{{.*}} : tensor<1x2x1x2x2xf32>, tensor<2x1x1x1x1xf32>)
// CHECK: linalg.conv_2d_nchw_fchw ins(%{{.*}}, %{{.*}} : tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>)
func.func @groups(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %a = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]]]> : tensor<3x1x1x1xf32>
  %b = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<[[[[0.0]]], [[[0.0]]], [[[0.0]]], [[[4.0]]], [[[5.0]]], [[[6.0]]]]> : tensor<6x1x1x1xf32>
  %v = arith.constant {prune.param = #prune.param<"b.bias", bias>} dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  // Nothing reads the last filter of the last group.
  %c = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]], [[0.0]]]]> : tensor<1x6x1x1xf32>
  %i = arith.constant dense<0.0> : tensor<1x3x2x2xf32>
  %k = arith.constant dense<0.0> : tensor<1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x6x2x2xf32>
  %h = linalg.conv_2d_nchw_fchw ins(%x, %a : tensor<1x1x2x2xf32>, tensor<3x1x1x1xf32>) outs(%i : tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %j = linalg.broadcast ins(%v : tensor<6xf32>) outs(%e : tensor<1x6x2x2xf32>) dimensions = [0, 2, 3]
  %h5 = tensor.expand_shape %h [[0], [1, 2], [3], [4]] output_shape [1, 3, 1, 2, 2] : tensor<1x3x2x2xf32> into tensor<1x3x1x2x2xf32>
  %b5 = tensor.expand_shape %b [[0, 1], [2], [3], [4]] output_shape [3, 2, 1, 1, 1] : tensor<6x1x1x1xf32> into tensor<3x2x1x1x1xf32>
  %j5 = tensor.expand_shape %j [[0], [1, 2], [3], [4]] output_shape [1, 3, 2, 2, 2] : tensor<1x6x2x2xf32> into tensor<1x3x2x2x2xf32>
  %g = linalg.conv_2d_ngchw_gfchw ins(%h5, %b5 : tensor<1x3x1x2x2xf32>, tensor<3x2x1x1x1xf32>) outs(%j5 : tensor<1x3x2x2x2xf32>) -> tensor<1x3x2x2x2xf32>
  %f = tensor.collapse_shape %g [[0], [1, 2], [3], [4]] : tensor<1x3x2x2x2xf32> into tensor<1x6x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%f, %c : tensor<1x6x2x2xf32>, tensor<1x6x1x1xf32>) outs(%k : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// One group has both filters, so the other one keeps its dead one: groups are of
// one size.
// CHECK-LABEL: func @uneven
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} -> tensor<1x2x2x2x2xf32>
func.func @uneven(%x: tensor<1x2x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %b = arith.constant dense<[[[[0.0]]], [[[3.0]]], [[[4.0]]], [[[5.0]]]]> : tensor<4x1x1x1xf32>
  %c = arith.constant dense<1.0> : tensor<1x4x1x1xf32>
  %zero = arith.constant 0.0 : f32
  %k = arith.constant dense<0.0> : tensor<1x1x2x2xf32>
  %e = tensor.empty() : tensor<1x2x2x2x2xf32>
  %j = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
  %x5 = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [1, 2, 1, 2, 2] : tensor<1x2x2x2xf32> into tensor<1x2x1x2x2xf32>
  %b5 = tensor.expand_shape %b [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %g = linalg.conv_2d_ngchw_gfchw ins(%x5, %b5 : tensor<1x2x1x2x2xf32>, tensor<2x2x1x1x1xf32>) outs(%j : tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
  %f = tensor.collapse_shape %g [[0], [1, 2], [3], [4]] : tensor<1x2x2x2x2xf32> into tensor<1x4x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%f, %c : tensor<1x4x2x2xf32>, tensor<1x4x1x1xf32>) outs(%k : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// A convolution in groups over one dimension is written as one over two, so the
// reshapes also add and take away a dimension of extent 1. The middle group is
// dead and leaves with its channel of the input.
// CHECK-LABEL: func @one_dimension
// CHECK-DAG: arith.constant {prune.param = #prune.param<"g.weight", weight>} {{.*}} : tensor<2x1x2xf32>
// CHECK-DAG: arith.constant {prune.param = #prune.param<"g.bias", bias>} {{.*}} : tensor<2xf32>
// CHECK: linalg.conv_1d_ncw_fcw {{.*}} -> tensor<1x2x4xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw ins(%{{.*}}, %{{.*}} : tensor<1x2x1x4x1xf32>, tensor<2x1x1x2x1xf32>) {{.*}} -> tensor<1x2x1x3x1xf32>
// CHECK: linalg.conv_1d_ncw_fcw ins(%{{.*}}, %{{.*}} : tensor<1x2x3xf32>, tensor<1x2x1xf32>)
func.func @one_dimension(%x: tensor<1x1x4xf32>) -> tensor<1x1x3xf32> {
  %a = arith.constant dense<[[[1.0]], [[2.0]], [[3.0]]]> : tensor<3x1x1xf32>
  %b = arith.constant {prune.param = #prune.param<"g.weight", weight>} dense<[[[1.0, 2.0]], [[0.0, 0.0]], [[4.0, 5.0]]]> : tensor<3x1x2xf32>
  %v = arith.constant {prune.param = #prune.param<"g.bias", bias>} dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %c = arith.constant dense<[[[1.0], [2.0], [3.0]]]> : tensor<1x3x1xf32>
  %i = arith.constant dense<0.0> : tensor<1x3x4xf32>
  %k = arith.constant dense<0.0> : tensor<1x1x3xf32>
  %e = tensor.empty() : tensor<1x3x3x1xf32>
  %h = linalg.conv_1d_ncw_fcw ins(%x, %a : tensor<1x1x4xf32>, tensor<3x1x1xf32>) outs(%i : tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %j = linalg.broadcast ins(%v : tensor<3xf32>) outs(%e : tensor<1x3x3x1xf32>) dimensions = [0, 2, 3]
  %h5 = tensor.expand_shape %h [[0], [1, 2], [3, 4]] output_shape [1, 3, 1, 4, 1] : tensor<1x3x4xf32> into tensor<1x3x1x4x1xf32>
  %b5 = tensor.expand_shape %b [[0, 1], [2], [3, 4]] output_shape [3, 1, 1, 2, 1] : tensor<3x1x2xf32> into tensor<3x1x1x2x1xf32>
  %j5 = tensor.expand_shape %j [[0], [1, 2], [3], [4]] output_shape [1, 3, 1, 3, 1] : tensor<1x3x3x1xf32> into tensor<1x3x1x3x1xf32>
  %g = linalg.conv_2d_ngchw_gfchw ins(%h5, %b5 : tensor<1x3x1x4x1xf32>, tensor<3x1x1x2x1xf32>) outs(%j5 : tensor<1x3x1x3x1xf32>) -> tensor<1x3x1x3x1xf32>
  %f = tensor.collapse_shape %g [[0], [1, 2], [3, 4]] : tensor<1x3x1x3x1xf32> into tensor<1x3x3xf32>
  %y = linalg.conv_1d_ncw_fcw ins(%f, %c : tensor<1x3x3xf32>, tensor<1x3x1xf32>) outs(%k : tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}
