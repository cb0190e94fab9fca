// Code is cut as the plan says: 8 rows in tiles of 3 are three segments, and rows
// with the same zeros, four by four, two pieces of a stream only where the plan wants it.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx512})" | FileCheck %s

// CHECK-LABEL: func @tiles
// CHECK: kernel.generated
// CHECK-SAME: #prune.kernel<straight_line, {blocks = 0 : i64, tile_rows = 3 : i64}>
// CHECK-SAME: segments = array<i64: 0, 0, {{[0-9]+, [0-9]+, [0-9]+, [0-9]+}}>
func.func @tiles(%x: tensor<1x2x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %w = arith.constant dense<2.0> : tensor<8x2x1x1xf32>
  %b = arith.constant dense<1.0> : tensor<8xf32>
  %e = tensor.empty() : tensor<1x8x8x8xf32>
  %y = onednn.convolution ins(%x, %w : tensor<1x2x8x8xf32>, tensor<8x2x1x1xf32>) bias(%b : tensor<8xf32>)
      outs(%e : tensor<1x8x8x8xf32>) {prune.kernel = #prune.kernel<straight_line, {blocks = 0, tile_rows = 3}>,
      activation = #kernel.activation<relu>,
      constant_weights, dilations = array<i64: 1, 1>, groups = 1 : i64, padding = array<i64: 0, 0, 0, 0>,
      strides = array<i64: 1, 1>} -> tensor<1x8x8x8xf32>
  return %y : tensor<1x8x8x8xf32>
}

// CHECK-LABEL: func @blocks
// CHECK: kernel.generated
// CHECK-SAME: segments = array<i64: 0, 0>
func.func @blocks(%x: tensor<1x2x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %w = arith.constant dense<2.0> : tensor<8x2x1x1xf32>
  %b = arith.constant dense<1.0> : tensor<8xf32>
  %e = tensor.empty() : tensor<1x8x8x8xf32>
  %y = onednn.convolution ins(%x, %w : tensor<1x2x8x8xf32>, tensor<8x2x1x1xf32>) bias(%b : tensor<8xf32>)
      outs(%e : tensor<1x8x8x8xf32>) {prune.kernel = #prune.kernel<straight_line, {blocks = 1, tile_rows = 3}>,
      activation = #kernel.activation<relu>,
      constant_weights, dilations = array<i64: 1, 1>, groups = 1 : i64, padding = array<i64: 0, 0, 0, 0>,
      strides = array<i64: 1, 1>} -> tensor<1x8x8x8xf32>
  return %y : tensor<1x8x8x8xf32>
}
