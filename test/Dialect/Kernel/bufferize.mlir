// A part of a larger tensor is copied; the destination is used in place.
// RUN: prune-opt %s --pass-pipeline="builtin.module(one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},canonicalize)" | FileCheck %s

// CHECK-LABEL: func @whole
// CHECK-SAME: (%[[X:.*]]: memref<2x16xf32>, %[[O:.*]]: memref<3x16xf32>)
func.func @whole(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // CHECK-NOT: memref.alloc
  // CHECK: kernel.generated ins(%[[X]] : memref<2x16xf32>) outs(%[[O]] : memref<3x16xf32>)
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// CHECK-LABEL: func @part
func.func @part(%x: tensor<2x32xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // CHECK: %[[COPY:.*]] = memref.alloc() {{.*}} : memref<2x16xf32>
  // CHECK: memref.copy %{{.*}}, %[[COPY]]
  // CHECK: kernel.generated ins(%[[COPY]] : memref<2x16xf32>)
  %s = tensor.extract_slice %x[0, 4] [2, 16] [1, 1] : tensor<2x32xf32> to tensor<2x16xf32>
  %y = kernel.generated ins(%s : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// CHECK-LABEL: func @reorder
// CHECK-SAME: (%[[X:.*]]: memref<1x8x4x4xf32>, %[[O:.*]]: memref<1x8x32xf32>)
func.func @reorder(%x: tensor<1x8x4x4xf32>, %o: tensor<1x8x32xf32>) -> tensor<1x8x32xf32> {
  // CHECK-NEXT: kernel.reorder ins(%[[X]] : memref<1x8x4x4xf32>) outs(%[[O]] : memref<1x8x32xf32>)
  %p = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%o : tensor<1x8x32xf32>)
      {shape = array<i64: 1, 8, 4, 4, 4, 0, 32, 1>} -> tensor<1x8x32xf32>
  return %p : tensor<1x8x32xf32>
}
