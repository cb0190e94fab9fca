// Where a plan says so, the lanes of a kernel are 16 images. What else makes or
// reads its images gets a copy, which a remark tells.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx512})" --remarks-filter=".*" 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx2})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=portable})" | FileCheck %s

// REMARK: lanes are positions, for the batch is no multiple of 16
// REMARK: an image is copied, nchw to images
// REMARK: 36 panels of an image, images to images
// REMARK: 9 panels of an image, images to images
// REMARK: 9 panels of an image, images to images
// REMARK: an image is copied, images to nchw

// The window of the first kernel reads padding: seven places in a row of six, the
// last of which is that in front of the next, eight in front of the first, and
// eight behind the last. The strided one reads none behind the last. There are
// five channels: their number is odd. What nobody reads padding of has none.
// CHECK-LABEL: func @lanes
// CHECK-SAME: (%[[X:.*]]: tensor<32x4x6x6xf32>)
func.func @lanes(%x: tensor<32x4x6x6xf32>) -> tensor<32x4x3x3xf32> {
  %w1 = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %w3 = arith.constant dense<1.0> : tensor<4x4x3x3xf32>
  %e = tensor.empty() : tensor<32x4x6x6xf32>
  %h = tensor.empty() : tensor<32x4x3x3xf32>
  // CHECK: %[[P:.*]] = kernel.reorder ins(%[[X]] : tensor<32x4x6x6xf32>) outs(%{{.*}} : tensor<2x57x5x16xf32>)
  // CHECK-SAME: {shape = array<i64: 32, 4, 6, 6, 7, 8, 57, 16>}
  // CHECK: %[[Y0:.*]] = kernel.generated ins(%[[P]] : tensor<2x57x5x16xf32>) outs(%{{.*}} : tensor<2x49x5x16xf32>)
  %y0 = onednn.convolution ins(%x, %w3 : tensor<32x4x6x6xf32>, tensor<4x4x3x3xf32>) outs(%e : tensor<32x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>, constant_weights, padding = array<i64: 1, 1, 1, 1>} -> tensor<32x4x6x6xf32>
  // CHECK: %[[Y1:.*]] = kernel.generated ins(%[[Y0]] : tensor<2x49x5x16xf32>) outs(%{{.*}} : tensor<2x9x5x16xf32>)
  %y1 = onednn.convolution ins(%y0, %w3 : tensor<32x4x6x6xf32>, tensor<4x4x3x3xf32>) outs(%h : tensor<32x4x3x3xf32>)
      {prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>, constant_weights, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} -> tensor<32x4x3x3xf32>
  // CHECK: %[[Y2:.*]] = kernel.generated ins(%[[Y0]] : tensor<2x49x5x16xf32>) outs(%[[Y1]] : tensor<2x9x5x16xf32>)
  // CHECK-SAME: accumulate
  %y2 = onednn.convolution ins(%y0, %w1 : tensor<32x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%y1 : tensor<32x4x3x3xf32>)
      {accumulate, prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>, constant_weights, padding = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} -> tensor<32x4x3x3xf32>
  // CHECK: %[[R:.*]] = kernel.reorder ins(%[[Y2]] : tensor<2x9x5x16xf32>) outs(%{{.*}} : tensor<32x4x3x3xf32>) {reverse,
  // CHECK-SAME: shape = array<i64: 32, 4, 3, 3, 3, 0, 9, 16>
  // CHECK: return %[[R]]
  return %y2 : tensor<32x4x3x3xf32>
}

// A kernel whose lanes are positions between others: copies on both sides.
// CHECK-LABEL: func @between
func.func @between(%x: tensor<16x4x6x6xf32>) -> tensor<16x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %e = tensor.empty() : tensor<16x4x6x6xf32>
  // CHECK: kernel.reorder {{.*}} outs(%{{.*}} : tensor<1x36x5x16xf32>)
  // CHECK: %[[Y0:.*]] = kernel.generated
  %y0 = onednn.convolution ins(%x, %w : tensor<16x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<16x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<16x4x6x6xf32>
  // CHECK: %[[Q0:.*]] = kernel.reorder ins(%[[Y0]] : tensor<1x36x5x16xf32>) outs(%{{.*}} : tensor<16x4x6x6xf32>)
  // CHECK: %[[Y1:.*]] = kernel.generated ins(%[[Q0]] : tensor<16x4x6x6xf32>) outs(%{{.*}} : tensor<16x4x6x6xf32>)
  // CHECK: %[[Q1:.*]] = kernel.reorder ins(%[[Y1]] : tensor<16x4x6x6xf32>) outs(%{{.*}} : tensor<1x36x5x16xf32>)
  %y1 = onednn.convolution ins(%y0, %w : tensor<16x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<16x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line, {image_lanes = 0}>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<16x4x6x6xf32>
  // CHECK: kernel.generated ins(%[[Q1]] : tensor<1x36x5x16xf32>) outs(%{{.*}} : tensor<1x36x5x16xf32>)
  %y2 = onednn.convolution ins(%y1, %w : tensor<16x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<16x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<16x4x6x6xf32>
  return %y2 : tensor<16x4x6x6xf32>
}

// Eight images are too few.
// CHECK-LABEL: func @few
// CHECK-NOT: kernel.reorder
func.func @few(%x: tensor<8x4x6x6xf32>) -> tensor<8x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %e = tensor.empty() : tensor<8x4x6x6xf32>
  // CHECK: kernel.generated ins(%{{.*}} : tensor<8x4x6x6xf32>) outs(%{{.*}} : tensor<8x4x6x6xf32>)
  %y = onednn.convolution ins(%x, %w : tensor<8x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<8x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<8x4x6x6xf32>
  return %y : tensor<8x4x6x6xf32>
}
