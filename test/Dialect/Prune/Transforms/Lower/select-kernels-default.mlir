// The built-in figures: mostly zeros at many columns are worth a sparse kernel.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none})" | FileCheck %s --check-prefix=MANY
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none batch=1})" | FileCheck %s --check-prefix=ONE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512})" | FileCheck %s --check-prefix=CODE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx2})" | FileCheck %s --check-prefix=CODE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=portable})" | FileCheck %s --check-prefix=STREAM

// MANY: linalg.matmul {prune.kernel = #prune.kernel<csr>}
// ONE: linalg.matmul {prune.kernel = #prune.kernel<lanes>}
// CODE: linalg.matmul {prune.kernel = #prune.kernel<{{csr>|straight_line, {.*}>}}}
func.func @zeros(%x: tensor<256x512xf32>, %i: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %w = arith.constant dense<0.0> : tensor<512x512xf32>
  %z = linalg.matmul ins(%x, %w : tensor<256x512xf32>, tensor<512x512xf32>) outs(%i : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %z : tensor<256x512xf32>
}

// MANY: linalg.matmul {prune.kernel = #prune.kernel<dense>}
// ONE: linalg.matmul {prune.kernel = #prune.kernel<dense>}
// CODE: linalg.matmul {prune.kernel = #prune.kernel<dense>}
func.func @ones(%x: tensor<256x512xf32>, %i: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %w = arith.constant dense<1.0> : tensor<512x512xf32>
  %z = linalg.matmul ins(%x, %w : tensor<256x512xf32>, tensor<512x512xf32>) outs(%i : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %z : tensor<256x512xf32>
}

// A convolution of which all weights are zero, one of a channel each, and one of groups.
// MANY: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<dense>
// STREAM-LABEL: func.func @convolution(
// STREAM: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<straight_line, {{.*}}>
// CODE: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<straight_line, {blocks = {{[01]}} : i64, segment_bytes = 24576 : i64, tile_rows = {{[0-9]+}} : i64}>
func.func @convolution(%x: tensor<1x64x30x30xf32>, %i: tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32> {
  %w = arith.constant dense<0.0> : tensor<64x64x3x3xf32>
  %z = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x64x30x30xf32>, tensor<64x64x3x3xf32>) outs(%i : tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32>
  return %z : tensor<1x64x28x28xf32>
}

// MANY: linalg.depthwise_conv_2d_nchw_chw {{.*}}prune.kernel = #prune.kernel<dense>
// CODE: linalg.depthwise_conv_2d_nchw_chw {{.*}}prune.kernel = #prune.kernel<straight_line, {{.*}}>
func.func @depthwise(%x: tensor<1x64x30x30xf32>, %i: tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32> {
  %w = arith.constant dense<0.0> : tensor<64x3x3xf32>
  %z = linalg.depthwise_conv_2d_nchw_chw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x64x30x30xf32>, tensor<64x3x3xf32>) outs(%i : tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32>
  return %z : tensor<1x64x28x28xf32>
}

// The weight of an imported network has a dimension of one channel.
// CODE: linalg.depthwise_conv_2d_nchw_chw {{.*}}prune.kernel = #prune.kernel<straight_line, {{.*}}>
func.func @depthwise_collapsed(%x: tensor<1x64x30x30xf32>, %i: tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32> {
  %c = arith.constant dense<0.0> : tensor<64x1x3x3xf32>
  %w = tensor.collapse_shape %c [[0, 1], [2], [3]] : tensor<64x1x3x3xf32> into tensor<64x3x3xf32>
  %z = linalg.depthwise_conv_2d_nchw_chw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x64x30x30xf32>, tensor<64x3x3xf32>) outs(%i : tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32>
  return %z : tensor<1x64x28x28xf32>
}

// MANY: linalg.conv_2d_ngchw_gfchw {{.*}}prune.kernel = #prune.kernel<dense>
// CODE: linalg.conv_2d_ngchw_gfchw {{.*}}prune.kernel = #prune.kernel<straight_line, {{.*}}>
func.func @groups(%x: tensor<1x4x16x30x30xf32>, %i: tensor<1x4x16x28x28xf32>) -> tensor<1x4x16x28x28xf32> {
  %w = arith.constant dense<0.0> : tensor<4x16x16x3x3xf32>
  %z = linalg.conv_2d_ngchw_gfchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x4x16x30x30xf32>, tensor<4x16x16x3x3xf32>) outs(%i : tensor<1x4x16x28x28xf32>) -> tensor<1x4x16x28x28xf32>
  return %z : tensor<1x4x16x28x28xf32>
}

// A dense first layer, whose three channels fill no vector.
// MANY: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<dense>
// CODE: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<straight_line, {blocks = {{[01]}} : i64, segment_bytes = 24576 : i64, tile_rows = {{[0-9]+}} : i64}>
func.func @first(%x: tensor<1x3x34x34xf32>, %i: tensor<1x16x32x32xf32>) -> tensor<1x16x32x32xf32> {
  %w = arith.constant dense<1.0> : tensor<16x3x3x3xf32>
  %z = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x3x34x34xf32>, tensor<16x3x3x3xf32>) outs(%i : tensor<1x16x32x32xf32>) -> tensor<1x16x32x32xf32>
  return %z : tensor<1x16x32x32xf32>
}

// Channels last have no code.
// CODE: linalg.depthwise_conv_2d_nhwc_hwc {{.*}}prune.kernel = #prune.kernel<dense>
func.func @channels_last(%x: tensor<1x30x30x64xf32>, %i: tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32> {
  %w = arith.constant dense<0.0> : tensor<3x3x64xf32>
  %z = linalg.depthwise_conv_2d_nhwc_hwc {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x30x30x64xf32>, tensor<3x3x64xf32>) outs(%i : tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32>
  return %z : tensor<1x28x28x64xf32>
}
