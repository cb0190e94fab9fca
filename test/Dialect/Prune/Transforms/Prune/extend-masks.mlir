// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-extend-masks)" --remarks-filter=prune-extend-masks 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-extend-masks,prune-compact-pipeline)" | FileCheck %s --check-prefix=COMPACT

// Bias, scale and shift of the filter that is off get its mask; statistics need
// none. Then the filter leaves, although the next convolution pads it.
// CHECK-LABEL: func @batch_norm
// CHECK-COUNT-3: arith.constant dense_resource<{{.*}}> : tensor<2xi1>
// CHECK: prune.apply_mask %{{.*}}, %{{.*}} : tensor<2xf32>
// COMPACT-LABEL: func @batch_norm
// COMPACT: prune.batch_norm {{.*}} : tensor<1x1x3x3xf32>, tensor<1xf32>
// COMPACT: linalg.conv_2d_nchw_fchw ins(%{{.*}}, %{{.*}} : tensor<1x1x5x5xf32>, tensor<1x1x3x3xf32>)
func.func @batch_norm(%x: tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %m = arith.constant dense<[[[[true]]], [[[false]]]]> : tensor<2x1x1x1xi1>
  %b = arith.constant {prune.param = #prune.param<"a.bias", bias>} dense<[1.0, 2.0]> : tensor<2xf32>
  %scale = arith.constant {prune.param = #prune.param<"n.weight", scale>} dense<[3.0, 4.0]> : tensor<2xf32>
  %shift = arith.constant {prune.param = #prune.param<"n.bias", bias>} dense<[5.0, 6.0]> : tensor<2xf32>
  %mean = arith.constant {prune.param = #prune.param<"n.running_mean", buffer>} dense<[7.0, 8.0]> : tensor<2xf32>
  %variance = arith.constant {prune.param = #prune.param<"n.running_var", buffer>} dense<[9.0, 10.0]> : tensor<2xf32>
  %v = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<1.0> : tensor<1x2x3x3xf32>
  %e = tensor.empty() : tensor<1x2x3x3xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x3x3xf32>) dimensions = [0, 2, 3]
  %w1 = prune.apply_mask %w, %m : tensor<2x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<1x1x3x3xf32>, tensor<2x1x1x1xf32>) outs(%i : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %n = prune.batch_norm %y, %scale, %shift, %mean, %variance epsilon 1.0e-05 : tensor<1x2x3x3xf32>, tensor<2xf32>
  %p = tensor.pad %n low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a0: index, %a1: index, %a2: index, %a3: index):
    tensor.yield %zero : f32
  } : tensor<1x2x3x3xf32> to tensor<1x2x5x5xf32>
  %j = arith.constant dense<0.0> : tensor<1x1x3x3xf32>
  %z = linalg.conv_2d_nchw_fchw ins(%p, %v : tensor<1x2x5x5xf32>, tensor<1x2x3x3xf32>) outs(%j : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  return %z : tensor<1x1x3x3xf32>
}

// Single weights that are off are no filter.
// CHECK-LABEL: func @elements
// CHECK-COUNT-1: prune.apply_mask
// CHECK-NOT: prune.apply_mask
func.func @elements(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"d.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %m = arith.constant dense<[[true, false], [false, true]]> : tensor<2x2xi1>
  %b = arith.constant {prune.param = #prune.param<"d.bias", bias>} dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<4x2xf32>) dimensions = [0]
  %w1 = prune.apply_mask %w, %m : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w1 : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// A bias that something else reads keeps its values.
// REMARK: MaskNotExtended{{.*}}Parameter=f.bias, Reason="it has other readers"
// CHECK-LABEL: func @shared_bias
// CHECK-COUNT-1: prune.apply_mask
// CHECK-NOT: prune.apply_mask
func.func @shared_bias(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>) {
  %w = arith.constant {prune.param = #prune.param<"f.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %m = arith.constant dense<[[true, false], [true, false]]> : tensor<2x2xi1>
  %b = arith.constant {prune.param = #prune.param<"f.bias", bias>} dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<4x2xf32>) dimensions = [0]
  %w1 = prune.apply_mask %w, %m : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w1 : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y, %b : tensor<4x2xf32>, tensor<2xf32>
}

// A bias with dimensions of one has a mask of its shape.
// CHECK-LABEL: func @reshaped_bias
// CHECK: %[[B:.*]] = arith.constant {prune.param = #prune.param<"g.bias", bias>}
// CHECK: %[[M:.*]] = arith.constant dense_resource<{{.*}}> : tensor<2x1x1xi1>
// CHECK: %[[B1:.*]] = prune.apply_mask %[[B]], %[[M]] : tensor<2x1x1xf32>
// CHECK: tensor.collapse_shape %[[B1]]
func.func @reshaped_bias(%x: tensor<1x1x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %w = arith.constant {prune.param = #prune.param<"g.weight", weight>} dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %m = arith.constant dense<[[[[true]]], [[[false]]]]> : tensor<2x1x1x1xi1>
  %b = arith.constant {prune.param = #prune.param<"g.bias", bias>} dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %e = tensor.empty() : tensor<1x2x3x3xf32>
  %c = tensor.collapse_shape %b [[0, 1, 2]] : tensor<2x1x1xf32> into tensor<2xf32>
  %i = linalg.broadcast ins(%c : tensor<2xf32>) outs(%e : tensor<1x2x3x3xf32>) dimensions = [0, 2, 3]
  %w1 = prune.apply_mask %w, %m : tensor<2x1x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<1x1x3x3xf32>, tensor<2x1x1x1xf32>) outs(%i : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}
