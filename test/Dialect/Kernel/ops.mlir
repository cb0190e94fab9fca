// RUN: prune-opt %s | prune-opt | FileCheck %s

// CHECK-LABEL: func @tensors
func.func @tensors(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // CHECK: kernel.generated ins(%{{.*}} : tensor<2x16xf32>) outs(%{{.*}} : tensor<3x16xf32>)
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// CHECK-LABEL: func @memrefs
func.func @memrefs(%x: memref<2x16xf32>, %o: memref<3x16xf32>) {
  // CHECK: kernel.generated ins(%{{.*}} : memref<2x16xf32>) outs(%{{.*}} : memref<3x16xf32>)
  kernel.generated ins(%x : memref<2x16xf32>) outs(%o : memref<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>}
  return
}

// CHECK-LABEL: func @reorder
func.func @reorder(%x: tensor<1x8x4x4xf32>, %e: tensor<1x2x8x16xf32>, %o: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  // CHECK: kernel.reorder ins(%{{.*}} : tensor<1x8x4x4xf32>) outs(%{{.*}} : tensor<1x2x8x16xf32>) {shape = array<i64: 1, 8, 4, 4, 5, 0, 0, 1>} -> tensor<1x2x8x16xf32>
  %p = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%e : tensor<1x2x8x16xf32>)
      {shape = array<i64: 1, 8, 4, 4, 5, 0, 0, 1>} -> tensor<1x2x8x16xf32>
  %y = kernel.reorder ins(%p : tensor<1x2x8x16xf32>) outs(%o : tensor<1x8x4x4xf32>)
      {reverse, shape = array<i64: 1, 8, 4, 4, 5, 0, 0, 1>} -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}
