// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=filter_plane},prune-select-masks{sparsity=0.5})" | FileCheck %s

// Of the two 1x2 kernels of each filter the one of smaller norm goes; the
// convolution is found as any other sum of products.
// CHECK-LABEL: func @conv
// CHECK: %[[T:.*]] = prune.apply_mask
// CHECK: linalg.conv_2d_nchw_fchw ins(%{{.*}}, %[[T]]
// CHECK: mask_k: "0x100000000000010101010000"
func.func @conv(%x: tensor<1x2x3x3xf32>, %i: tensor<1x2x3x2xf32>) -> tensor<1x2x3x2xf32> {
  %k = arith.constant {prune.param = #prune.param<"k", weight>}
    dense<[[[[1.0, 1.0]], [[2.0, 2.0]]], [[[-3.0, 3.0]], [[0.0, 0.5]]]]> : tensor<2x2x1x2xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %k : tensor<1x2x3x3xf32>, tensor<2x2x1x2xf32>) outs(%i : tensor<1x2x3x2xf32>) -> tensor<1x2x3x2xf32>
  return %0 : tensor<1x2x3x2xf32>
}
