// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(tosa-to-linalg-named,canonicalize,tosa-to-linalg,tosa-to-arith,tosa-to-tensor),prune-import-pipeline)" | FileCheck %s

// What upstream makes of TOSA: a bias that a generic operation broadcasts, a
// weight with a batch of one, a bias with unit dimensions.

// CHECK-LABEL: func.func @forward(
// CHECK-NEXT: #prune.param<"conv0.weight", weight>} {{.*}} : tensor<4x3x3x3xf32>
// CHECK-NEXT: #prune.param<"conv0.bias", bias>} {{.*}} : tensor<4xf32>
// CHECK-NEXT: #prune.param<"conv1.weight", weight>} {{.*}} : tensor<3x3x4x2xf32>
// CHECK-NEXT: #prune.param<"conv1.bias", bias>} {{.*}} : tensor<8xf32>
// CHECK-NEXT: #prune.param<"fc2.weight", weight>} {{.*}} : tensor<2x8xf32>
// CHECK-NEXT: #prune.param<"fc2.bias", bias>} {{.*}} : tensor<2xf32>
// CHECK-NOT: prune.param
// CHECK: linalg.conv_2d_nhwc_fhwc
// CHECK: linalg.depthwise_conv_2d_nhwc_hwcm
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<36x8xf32>, tensor<2x8xf32>)
// CHECK-NOT: arith.addf
// CHECK: return
func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x36x2xf32> {
  %w = "tosa.const"() {values = dense<1.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
  %b = "tosa.const"() {values = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %d = "tosa.const"() {values = dense<2.5> : tensor<3x3x4x2xf32>} : () -> tensor<3x3x4x2xf32>
  %c = "tosa.const"() {values = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>} : () -> tensor<8xf32>
  %v = "tosa.const"() {values = dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]]> : tensor<1x8x2xf32>} : () -> tensor<1x8x2xf32>
  %a = "tosa.const"() {values = dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>} : () -> tensor<1x1x2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %shape = tosa.const_shape {values = dense<[1, 36, 8]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>}
      : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x4xf32>
  %1 = tosa.depthwise_conv2d %0, %d, %c, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>, tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x6x6x8xf32>
  %2 = tosa.reshape %1, %shape : (tensor<1x6x6x8xf32>, !tosa.shape<3>) -> tensor<1x36x8xf32>
  %3 = tosa.matmul %2, %v, %z, %z : (tensor<1x36x8xf32>, tensor<1x8x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x36x2xf32>
  %4 = tosa.add %3, %a : (tensor<1x36x2xf32>, tensor<1x1x2xf32>) -> tensor<1x36x2xf32>
  return %4 : tensor<1x36x2xf32>
}
