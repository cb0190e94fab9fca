// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel)" --remark-policy=all --remarks-filter=convert-compressed-to-kernel -o %t.mlir 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{min-gain=0})" | FileCheck %s --check-prefix=ALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{min-gain=100})" | FileCheck %s --check-prefix=NONE
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{model=%S/Inputs/multiplications.json})" | FileCheck %s --check-prefix=ALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{model=%S/Inputs/no-convolutions.json})" | FileCheck %s --check-prefix=NONE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{model=%t.none})" 2>&1 | FileCheck %s --check-prefix=MODEL

// MODEL: error: cannot use the cost model '{{.*}}.none'
// REMARK: [Missed] WeightDecompressed | Category:convert-compressed-to-kernel | {{.*}}reads the weight decompressed
// REMARK: [Missed] WeightDecompressed | Category:convert-compressed-to-kernel | {{.*}}reads the weight decompressed
// REMARK-NOT: Missed

// Two of 1600 weights are kept, of images that fill the vectors.
// CHECK-LABEL: func @sparse
// CHECK: kernel.sparse_convolution
// ALL-LABEL: func @sparse
// ALL: kernel.sparse_convolution
// NONE-LABEL: func @sparse
// NONE-NOT: kernel.
func.func @sparse(%x: tensor<16x8x8x8xf32>, %v: tensor<2xf32>) -> tensor<16x8x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = prune.decompress %v pattern(dense<[5, 1000]> : tensor<2xi32>) : tensor<2xf32> -> tensor<8x8x5x5xf32>
  %e = tensor.empty() : tensor<16x8x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<16x8x4x4xf32>) -> tensor<16x8x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<16x8x8x8xf32>, tensor<8x8x5x5xf32>) outs(%i : tensor<16x8x4x4xf32>) -> tensor<16x8x4x4xf32>
  return %y : tensor<16x8x4x4xf32>
}

// One image of 16.
// CHECK-LABEL: func @one_image
// CHECK-NOT: kernel.
// ALL-LABEL: func @one_image
// ALL: kernel.sparse_convolution
// NONE-LABEL: func @one_image
// NONE-NOT: kernel.
func.func @one_image(%x: tensor<1x8x8x8xf32>, %v: tensor<2xf32>) -> tensor<1x8x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = prune.decompress %v pattern(dense<[5, 1000]> : tensor<2xi32>) : tensor<2xf32> -> tensor<8x8x5x5xf32>
  %e = tensor.empty() : tensor<1x8x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x8x8x8xf32>, tensor<8x8x5x5xf32>) outs(%i : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// Bringing the images side by side takes longer than what is computed of them,
// most of which a dense convolution does not read.
// CHECK-LABEL: func @long_strides
// CHECK-NOT: kernel.
// ALL-LABEL: func @long_strides
// ALL: kernel.sparse_convolution
func.func @long_strides(%x: tensor<16x4x17x17xf32>, %v: tensor<2xf32>) -> tensor<16x4x5x5xf32> {
  %zero = arith.constant 0.0 : f32
  %w = prune.decompress %v pattern(dense<[1, 10]> : tensor<2xi32>) : tensor<2xf32> -> tensor<4x4x1x1xf32>
  %e = tensor.empty() : tensor<16x4x5x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<16x4x5x5xf32>) -> tensor<16x4x5x5xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<4> : tensor<2xi64>} ins(%x, %w : tensor<16x4x17x17xf32>, tensor<4x4x1x1xf32>) outs(%i : tensor<16x4x5x5xf32>) -> tensor<16x4x5x5xf32>
  return %y : tensor<16x4x5x5xf32>
}
