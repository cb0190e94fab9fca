// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(onednn-propagate-layouts))" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn)" | FileCheck %s

// A transposition of buffers has no result to move; it is left alone.

// CHECK-LABEL: func.func @images(
func.func @images(%x: memref<1x2x3x4xf32>, %y: memref<1x3x4x2xf32>, %z: memref<1x2x3x4xf32>) {
  // CHECK-NEXT: linalg.transpose ins(%{{.*}} : memref<1x2x3x4xf32>)
  linalg.transpose ins(%x : memref<1x2x3x4xf32>) outs(%y : memref<1x3x4x2xf32>) permutation = [0, 2, 3, 1]
  // CHECK-NEXT: linalg.transpose ins(%{{.*}} : memref<1x3x4x2xf32>)
  linalg.transpose ins(%y : memref<1x3x4x2xf32>) outs(%z : memref<1x2x3x4xf32>) permutation = [0, 3, 1, 2]
  // CHECK-NEXT: return
  return
}

// CHECK-LABEL: func.func @matrix(
func.func @matrix(%x: memref<2x3xf32>, %y: memref<3x2xf32>) {
  // CHECK-NEXT: linalg.transpose
  linalg.transpose ins(%x : memref<2x3xf32>) outs(%y : memref<3x2xf32>) permutation = [1, 0]
  return
}
