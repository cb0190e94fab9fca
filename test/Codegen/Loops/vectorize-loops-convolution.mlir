// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops)" | FileCheck %s

// Loops that index an operand in a sum cannot be merged.

// CHECK-LABEL: func.func @convolution(
// CHECK-SAME: %[[X:.*]]: memref<1x2x5x5xf32>, %[[W:.*]]: memref<2x2x2x2xf32>, %[[Y:.*]]: memref<1x2x4x4xf32>
func.func @convolution(%x: memref<1x2x5x5xf32>, %w: memref<2x2x2x2xf32>, %y: memref<1x2x4x4xf32>) {
  // CHECK-NOT: memref.collapse_shape
  // CHECK: linalg.conv_2d_nchw_fchw ins(%[[X]], %[[W]] :
  linalg.conv_2d_nchw_fchw ins(%x, %w : memref<1x2x5x5xf32>, memref<2x2x2x2xf32>) outs(%y : memref<1x2x4x4xf32>)
  return
}
