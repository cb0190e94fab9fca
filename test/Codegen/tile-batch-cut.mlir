// Where kernels whose lanes are images begin, the function is cut: the layers
// before run on a few images at a time, the others on a multiple of 16.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-tile-batch{images=2})" --remarks-filter=".*" 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-tile-batch{images=16})" | FileCheck %s --check-prefix=BOTH

// REMARK: 2304 elements pass from the layers before to those whose lanes are images
// REMARK: 2 of 32 images at a time

// What passes is the smaller one of the two images between the layers.
// CHECK-LABEL: func @network
// CHECK-SAME: (%[[X:.*]]: tensor<32x4x6x6xf32>
// CHECK: %[[C:.*]] = call @network_front(%[[X]]) : (tensor<32x4x6x6xf32>) -> tensor<32x8x3x3xf32>
// CHECK: %[[Y:.*]] = call @network_back(%[[C]]) : (tensor<32x8x3x3xf32>) -> tensor<32x8x3x3xf32>
// CHECK: return %[[Y]]
// CHECK-LABEL: func private @network_back
// CHECK-NOT: scf.for
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} -> tensor<32x8x3x3xf32>
// CHECK-LABEL: func private @network_front
// CHECK: scf.for {{.*}} -> (tensor<32x8x3x3xf32>)
// CHECK: func.call @network_front_part({{.*}}) : (tensor<2x4x6x6xf32>) -> tensor<2x8x3x3xf32>
// CHECK-LABEL: func private @network_front_part
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} -> tensor<2x8x6x6xf32>
// CHECK: linalg.pooling_nchw_max
// CHECK-NOT: linalg.conv_2d_nchw_fchw

// BOTH: func.call @network_back_part({{.*}}) : (tensor<16x8x3x3xf32>)
// BOTH: func.call @network_front_part({{.*}}) : (tensor<16x4x6x6xf32>)
func.func @network(%x: tensor<32x4x6x6xf32> {prune.input = "x"}) -> (tensor<32x8x3x3xf32> {prune.output = "y"}) {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %w1 = arith.constant {prune.param = #prune.param<"w1", weight>} dense<1.0> : tensor<8x4x1x1xf32>
  %w2 = arith.constant {prune.param = #prune.param<"w2", weight>} dense<2.0> : tensor<8x8x1x1xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e1 = tensor.empty() : tensor<32x8x6x6xf32>
  %e2 = tensor.empty() : tensor<32x8x3x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<32x8x6x6xf32>) -> tensor<32x8x6x6xf32>
  %ip = linalg.fill ins(%low : f32) outs(%e2 : tensor<32x8x3x3xf32>) -> tensor<32x8x3x3xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<32x8x3x3xf32>) -> tensor<32x8x3x3xf32>
  %y1 = linalg.conv_2d_nchw_fchw {prune.kernel = #prune.kernel<straight_line>}
      ins(%x, %w1 : tensor<32x4x6x6xf32>, tensor<8x4x1x1xf32>) outs(%i1 : tensor<32x8x6x6xf32>) -> tensor<32x8x6x6xf32>
  %p = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>}
      ins(%y1, %window : tensor<32x8x6x6xf32>, tensor<2x2xf32>) outs(%ip : tensor<32x8x3x3xf32>) -> tensor<32x8x3x3xf32>
  %y2 = linalg.conv_2d_nchw_fchw {prune.kernel = #prune.kernel<straight_line, {image_lanes = 1}>}
      ins(%p, %w2 : tensor<32x8x3x3xf32>, tensor<8x8x1x1xf32>) outs(%i2 : tensor<32x8x3x3xf32>) -> tensor<32x8x3x3xf32>
  return %y2 : tensor<32x8x3x3xf32>
}
