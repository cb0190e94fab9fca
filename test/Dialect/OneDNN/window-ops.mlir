// RUN: prune-opt %s | prune-opt | FileCheck %s
// RUN: prune-opt %s --emit-bytecode | prune-opt | FileCheck %s

// CHECK-LABEL: func @convolution
func.func @convolution(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %b: tensor<4xf32>, %y: tensor<2x4x4x5xf32>,
                       %mx: memref<2x5x6x3xf32>, %mw: memref<6x1x2x2xf32>, %my: memref<2x4x3x6xf32>) -> tensor<2x4x4x5xf32> {
  // CHECK: onednn.convolution ins(%{{.*}}, %{{.*}} : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) bias(%{{.*}} : tensor<4xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<2x4x4x5xf32>) {activation = #kernel.activation<relu>, constant_weights} -> tensor<2x4x4x5xf32>
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) bias(%b : tensor<4xf32>)
      outs(%y : tensor<2x4x4x5xf32>) {constant_weights, activation = #kernel.activation<relu>} -> tensor<2x4x4x5xf32>
  // CHECK: onednn.convolution ins(%{{.*}}, %{{.*}} : memref<2x5x6x3xf32>, memref<6x1x2x2xf32>) outs(%{{.*}} : memref<2x4x3x6xf32>)
  // CHECK-SAME: {accumulate, dilations = array<i64: 2, 1>, groups = 3 : i64, layout = #kernel.layout<nhwc>, padding = array<i64: 1, 0, 0, 1>, strides = array<i64: 1, 2>}
  onednn.convolution ins(%mx, %mw : memref<2x5x6x3xf32>, memref<6x1x2x2xf32>) outs(%my : memref<2x4x3x6xf32>)
      {accumulate, dilations = array<i64: 2, 1>, groups = 3 : i64, layout = #kernel.layout<nhwc>,
       padding = array<i64: 1, 0, 0, 1>, strides = array<i64: 1, 2>}
  return %0 : tensor<2x4x4x5xf32>
}

// CHECK-LABEL: func @gradients
func.func @gradients(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %dy: tensor<2x4x4x5xf32>, %b: tensor<4xf32>) {
  // CHECK: onednn.convolution_backward_data ins(%{{.*}}, %{{.*}} : tensor<2x4x4x5xf32>, tensor<4x3x2x2xf32>) outs(%{{.*}} : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %dx = onednn.convolution_backward_data ins(%dy, %w : tensor<2x4x4x5xf32>, tensor<4x3x2x2xf32>)
      outs(%x : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  // CHECK: onednn.convolution_backward_weights ins(%{{.*}}, %{{.*}} : tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>) outs(%{{.*}} : tensor<4x3x2x2xf32>) -> tensor<4x3x2x2xf32>
  %dw = onednn.convolution_backward_weights ins(%x, %dy : tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%w : tensor<4x3x2x2xf32>) -> tensor<4x3x2x2xf32>
  // CHECK: %{{.*}}:2 = onednn.convolution_backward_weights ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%{{.*}}, %{{.*}} : tensor<4x3x2x2xf32>, tensor<4xf32>) -> tensor<4x3x2x2xf32>, tensor<4xf32>
  %both, %db = onednn.convolution_backward_weights ins(%x, %dy : tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%w, %b : tensor<4x3x2x2xf32>, tensor<4xf32>) -> tensor<4x3x2x2xf32>, tensor<4xf32>
  return
}

// CHECK-LABEL: func @pooling
func.func @pooling(%x: tensor<2x3x6x6xf32>, %y: tensor<2x3x3x3xf32>, %k: tensor<2x3x3x3xi8>) {
  // CHECK: kernel.max_pool ins(%{{.*}} : tensor<2x3x6x6xf32>) outs(%{{.*}} : tensor<2x3x3x3xf32>) {strides = array<i64: 2, 2>, window = array<i64: 2, 2>} -> tensor<2x3x3x3xf32>
  %0 = kernel.max_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y : tensor<2x3x3x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x3x3xf32>
  // CHECK: kernel.max_pool ins(%{{.*}} : tensor<2x3x6x6xf32>) outs(%{{.*}}, %{{.*}} : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>) {{.*}} -> tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>
  %1, %2 = kernel.max_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y, %k : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>
  // CHECK: kernel.max_pool_backward ins(%{{.*}}, %{{.*}} : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>) outs(%{{.*}} : tensor<2x3x6x6xf32>)
  %3 = kernel.max_pool_backward ins(%y, %2 : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>) outs(%x : tensor<2x3x6x6xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x6x6xf32>
  // CHECK: kernel.average_pool ins(%{{.*}} : tensor<2x3x6x6xf32>) outs(%{{.*}} : tensor<2x3x3x3xf32>) {include_padding, padding = array<i64: 1, 1, 0, 0>
  %4 = kernel.average_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y : tensor<2x3x3x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>, include_padding} -> tensor<2x3x3x3xf32>
  // CHECK: kernel.average_pool_backward ins(%{{.*}} : tensor<2x3x3x3xf32>) outs(%{{.*}} : tensor<2x3x6x6xf32>)
  %5 = kernel.average_pool_backward ins(%y : tensor<2x3x3x3xf32>) outs(%x : tensor<2x3x6x6xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x6x6xf32>
  return
}
