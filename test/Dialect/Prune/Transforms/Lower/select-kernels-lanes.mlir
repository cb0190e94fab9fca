// What the lanes of generated code are is chosen for a whole function, by the
// predicted times of the layers and of the copies between them.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512 kernel=straight_line})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx2 kernel=straight_line})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=portable kernel=straight_line})" | FileCheck %s

// The 49 positions of the second and third layer need 64 lanes each, of images
// 49 vectors. The first has 256 and no padding: the copies would cost more than
// they save.
// CHECK-LABEL: func @network
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK-NOT: image_lanes
// CHECK: linalg.pooling_nchw_max
// CHECK: linalg.conv_2d_nchw_fchw {{.*}}image_lanes = 1
// CHECK: linalg.conv_2d_nchw_fchw {{.*}}image_lanes = 1
func.func @network(%x: tensor<16x64x16x16xf32> {prune.input = "x"}) -> (tensor<16x64x7x7xf32> {prune.output = "y"}) {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"first", weight>} dense<1.0> : tensor<64x64x1x1xf32>
  %w2 = arith.constant {prune.param = #prune.param<"second", weight>} dense<1.0> : tensor<64x64x1x1xf32>
  %w3 = arith.constant {prune.param = #prune.param<"third", weight>} dense<1.0> : tensor<64x64x3x3xf32>
  %window = tensor.empty() : tensor<4x4xf32>
  %e1 = tensor.empty() : tensor<16x64x16x16xf32>
  %e2 = tensor.empty() : tensor<16x64x7x7xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<16x64x16x16xf32>) -> tensor<16x64x16x16xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<16x64x7x7xf32>) -> tensor<16x64x7x7xf32>
  %y1 = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<16x64x16x16xf32>, tensor<64x64x1x1xf32>) outs(%i1 : tensor<16x64x16x16xf32>) -> tensor<16x64x16x16xf32>
  %m = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>} ins(%y1, %window : tensor<16x64x16x16xf32>, tensor<4x4xf32>) outs(%i2 : tensor<16x64x7x7xf32>) -> tensor<16x64x7x7xf32>
  %y2 = linalg.conv_2d_nchw_fchw ins(%m, %w2 : tensor<16x64x7x7xf32>, tensor<64x64x1x1xf32>) outs(%i2 : tensor<16x64x7x7xf32>) -> tensor<16x64x7x7xf32>
  %p = tensor.pad %y2 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<16x64x7x7xf32> to tensor<16x64x9x9xf32>
  %y3 = linalg.conv_2d_nchw_fchw ins(%p, %w3 : tensor<16x64x9x9xf32>, tensor<64x64x3x3xf32>) outs(%i2 : tensor<16x64x7x7xf32>) -> tensor<16x64x7x7xf32>
  return %y3 : tensor<16x64x7x7xf32>
}

// Eight images fill no vector.
// CHECK-LABEL: func @few
// CHECK-NOT: image_lanes
func.func @few(%x: tensor<8x64x7x7xf32> {prune.input = "x"}) -> (tensor<8x64x7x7xf32> {prune.output = "y"}) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"few", weight>} dense<1.0> : tensor<64x64x1x1xf32>
  %e = tensor.empty() : tensor<8x64x7x7xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x64x7x7xf32>) -> tensor<8x64x7x7xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<8x64x7x7xf32>, tensor<64x64x1x1xf32>) outs(%i : tensor<8x64x7x7xf32>) -> tensor<8x64x7x7xf32>
  return %y : tensor<8x64x7x7xf32>
}
