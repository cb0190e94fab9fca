// Generated code is chosen where images need no copy on the way to neighbors
// with generated code.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512 model=%S/Inputs/copies-alone.json})" --remarks-filter=".*" 2>&1 | FileCheck %s

// Copies take 10 ns each and nothing else any time; dense convolutions take 40 us.
// CHECK: Layer=in, {{.*}}straight_line kernel: predicted fastest; {{.*}} dense 40.00 us, straight_line 33.28 us
// CHECK: Layer=middle, {{.*}}straight_line kernel: suits its neighbors; {{.*}} dense 40.00 us, straight_line 40.96 us
// CHECK: Layer=out, {{.*}}straight_line kernel: predicted fastest; {{.*}} dense 40.00 us, straight_line 33.28 us
// CHECK: Layer=alone, {{.*}}dense kernel: predicted fastest; {{.*}} dense 40.00 us, straight_line 40.96 us
func.func @neighbors(%x: tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"in", weight>} dense<0.0> : tensor<16x16x1x1xf32>
  %w2 = arith.constant {prune.param = #prune.param<"middle", weight>} dense<1.0> : tensor<16x3x3xf32>
  %w3 = arith.constant {prune.param = #prune.param<"out", weight>} dense<0.0> : tensor<16x16x1x1xf32>
  %e = tensor.empty() : tensor<1x16x14x14xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  %y1 = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<1x16x14x14xf32>, tensor<16x16x1x1xf32>) outs(%i : tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  %p = tensor.pad %y1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x16x14x14xf32> to tensor<1x16x16x16xf32>
  %y2 = linalg.depthwise_conv_2d_nchw_chw ins(%p, %w2 : tensor<1x16x16x16xf32>, tensor<16x3x3xf32>) outs(%i : tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  %y3 = linalg.conv_2d_nchw_fchw ins(%y2, %w3 : tensor<1x16x14x14xf32>, tensor<16x16x1x1xf32>) outs(%i : tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  return %y3 : tensor<1x16x14x14xf32>
}

func.func @alone(%x: tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"alone", weight>} dense<1.0> : tensor<16x3x3xf32>
  %e = tensor.empty() : tensor<1x16x14x14xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x16x14x14xf32> to tensor<1x16x16x16xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw ins(%p, %w : tensor<1x16x16x16xf32>, tensor<16x3x3xf32>) outs(%i : tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  return %y : tensor<1x16x14x14xf32>
}
