// RUN: prune-opt %s | prune-opt | FileCheck %s
// RUN: prune-opt %s --emit-bytecode | prune-opt | FileCheck %s

// CHECK-LABEL: func @matmul
func.func @matmul(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>, %bias: tensor<4xf32>, %c: tensor<2x4xf32>,
                  %ma: memref<2x3xf32>, %mb: memref<3x4xf32, strided<[8, 1], offset: ?>>, %mc: memref<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<4x3xf32>) bias(%{{.*}} : tensor<4xf32>) outs(%{{.*}} : tensor<2x4xf32>) {activation = #kernel.activation<sigmoid>, transpose_b} -> tensor<2x4xf32>
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<4x3xf32>) bias(%bias : tensor<4xf32>)
      outs(%c : tensor<2x4xf32>) {transpose_b, activation = #kernel.activation<sigmoid>} -> tensor<2x4xf32>
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : memref<2x3xf32>, memref<3x4xf32, strided<[8, 1], offset: ?>>) outs(%{{.*}} : memref<2x4xf32>) {accumulate}
  onednn.matmul ins(%ma, %mb : memref<2x3xf32>, memref<3x4xf32, strided<[8, 1], offset: ?>>) outs(%mc : memref<2x4xf32>) {accumulate}
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: func @spmm
func.func @spmm(%v: tensor<9xf32>, %i: tensor<9xi32>, %p: tensor<4xi32>, %x: tensor<8x64xf32>, %b: tensor<3xf32>,
                      %y: tensor<3x64xf32>) -> tensor<3x64xf32> {
  // CHECK: kernel.spmm ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<9xf32>, tensor<9xi32>, tensor<4xi32>, tensor<8x64xf32>) bias(%{{.*}} : tensor<3xf32>) outs(%{{.*}} : tensor<3x64xf32>) -> tensor<3x64xf32>
  %0 = kernel.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<9xi32>, tensor<4xi32>, tensor<8x64xf32>)
      bias(%b : tensor<3xf32>) outs(%y : tensor<3x64xf32>) -> tensor<3x64xf32>
  return %0 : tensor<3x64xf32>
}

// CHECK-LABEL: func @select_groups
func.func @select_groups(%s: tensor<30xf32>, %k: tensor<30xi8>, %r: f64, %ms: memref<30xf32>, %mk: memref<30xi8>) -> tensor<30xi8> {
  // CHECK: kernel.select_groups ins(%{{.*}} : tensor<30xf32>) sparsity(%{{.*}}) outs(%{{.*}} : tensor<30xi8>) groups = [20, 1, 10, 25] -> tensor<30xi8>
  %0 = kernel.select_groups ins(%s : tensor<30xf32>) sparsity(%r) outs(%k : tensor<30xi8>) groups = [20, 1, 10, 25] -> tensor<30xi8>
  // CHECK: kernel.select_groups ins(%{{.*}} : memref<30xf32>) sparsity(%{{.*}}) outs(%{{.*}} : memref<30xi8>) groups = [30, 2]
  kernel.select_groups ins(%ms : memref<30xf32>) sparsity(%r) outs(%mk : memref<30xi8>) groups = [30, 2]
  return %0 : tensor<30xi8>
}

// CHECK-LABEL: func @compressed
func.func @compressed(%i: tensor<9xi32>, %p: tensor<4xi32>, %dy: tensor<3x64xf32>, %x: tensor<8x64xf32>, %g: tensor<9xf32>, %t: tensor<64x8xf32>,
                  %mx: memref<8x64xf32, strided<[80, 1]>>, %mt: memref<64x8xf32>) -> (tensor<9xf32>, tensor<64x8xf32>) {
  // CHECK: kernel.sddmm ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<9xi32>, tensor<4xi32>, tensor<3x64xf32>, tensor<8x64xf32>) outs(%{{.*}} : tensor<9xf32>) -> tensor<9xf32>
  %0 = kernel.sddmm ins(%i, %p, %dy, %x : tensor<9xi32>, tensor<4xi32>, tensor<3x64xf32>, tensor<8x64xf32>)
      outs(%g : tensor<9xf32>) -> tensor<9xf32>
  // CHECK: kernel.transpose ins(%{{.*}} : tensor<8x64xf32>) outs(%{{.*}} : tensor<64x8xf32>) -> tensor<64x8xf32>
  %1 = kernel.transpose ins(%x : tensor<8x64xf32>) outs(%t : tensor<64x8xf32>) -> tensor<64x8xf32>
  // CHECK: kernel.transpose ins(%{{.*}} : memref<8x64xf32, strided<[80, 1]>>) outs(%{{.*}} : memref<64x8xf32>)
  kernel.transpose ins(%mx : memref<8x64xf32, strided<[80, 1]>>) outs(%mt : memref<64x8xf32>)
  return %0, %1 : tensor<9xf32>, tensor<64x8xf32>
}

// CHECK-LABEL: func @lane_permute
func.func @lane_permute(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x2xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>,
    %b: tensor<3xf32>, %y: tensor<1x3xf32>) -> tensor<1x3xf32> {
  // CHECK: kernel.lane_permute ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%{{.*}} : tensor<3xf32>) outs(%{{.*}} : tensor<1x3xf32>) {activation = #kernel.activation<relu>} -> tensor<1x3xf32>
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>)
      bias(%b : tensor<3xf32>) outs(%y : tensor<1x3xf32>) {activation = #kernel.activation<relu>} -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}
