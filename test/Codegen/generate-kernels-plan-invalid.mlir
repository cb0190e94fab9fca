// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx512})" -verify-diagnostics

func.func @unknown_setting(%x: tensor<1x2x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %w = arith.constant dense<2.0> : tensor<8x2x1x1xf32>
  %e = tensor.empty() : tensor<1x8x8x8xf32>
  // expected-error@below {{the plan of 'straight_line' has 'blocks', 'image_lanes', 'segment_bytes', 'tile_rows', not 'rows'}}
  %y = onednn.convolution ins(%x, %w : tensor<1x2x8x8xf32>, tensor<8x2x1x1xf32>)
      outs(%e : tensor<1x8x8x8xf32>) {prune.kernel = #prune.kernel<straight_line, {rows = 3}>,
      constant_weights, dilations = array<i64: 1, 1>, groups = 1 : i64, padding = array<i64: 0, 0, 0, 0>,
      strides = array<i64: 1, 1>} -> tensor<1x8x8x8xf32>
  return %y : tensor<1x8x8x8xf32>
}
