// RUN: prune-opt %s | prune-opt | FileCheck %s
// RUN: prune-opt %s --emit-bytecode | prune-opt | FileCheck %s
// RUN: prune-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s --check-prefix=BUFFER

// CHECK-LABEL: func @forward
// BUFFER-LABEL: func @forward
func.func @forward(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %b: tensor<4xf32>, %y: tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32> {
  // CHECK: kernel.sparse_convolution ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>) bias(%{{.*}} : tensor<4xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<2x4x4x5xf32>) {accumulate, activation = #kernel.activation<relu>, window = array<i64: 2, 2>} -> tensor<2x4x4x5xf32>
  // BUFFER: kernel.sparse_convolution ins({{.*}} : memref<5xf32>, memref<5xi32>, memref<5xi32>, memref<2x3x5x6xf32>) bias(%{{.*}} : memref<4xf32>) outs(%{{.*}} : memref<2x4x4x5xf32>)
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>)
      bias(%b : tensor<4xf32>) outs(%y : tensor<2x4x4x5xf32>)
      {accumulate, activation = #kernel.activation<relu>, window = array<i64: 2, 2>} -> tensor<2x4x4x5xf32>
  return %0 : tensor<2x4x4x5xf32>
}

// CHECK-LABEL: func @gradients
// BUFFER-LABEL: func @gradients
func.func @gradients(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<4xi32>, %q: tensor<5xi32>, %x: tensor<2x5x6x3xf32>, %dy: tensor<2x2x3x4xf32>, %b: tensor<4xf32>)
    -> (tensor<2x5x6x3xf32>, tensor<5xf32>, tensor<4xf32>) {
  // CHECK: kernel.sparse_convolution_backward_data ins(%{{.*}} : tensor<5xf32>, tensor<5xi32>, tensor<4xi32>, tensor<2x2x3x4xf32>) outs(%{{.*}} : tensor<2x5x6x3xf32>)
  // CHECK-SAME: {layout = #kernel.layout<nhwc>, strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
  // BUFFER: kernel.sparse_convolution_backward_data ins({{.*}}) outs(%{{.*}} : memref<2x5x6x3xf32>)
  %dx = kernel.sparse_convolution_backward_data ins(%v, %i, %p, %dy : tensor<5xf32>, tensor<5xi32>, tensor<4xi32>, tensor<2x2x3x4xf32>)
      outs(%x : tensor<2x5x6x3xf32>) {layout = #kernel.layout<nhwc>, strides = array<i64: 2, 2>, window = array<i64: 2, 2>} -> tensor<2x5x6x3xf32>
  // CHECK: %{{.*}}:2 = kernel.sparse_convolution_backward_weights ins(%{{.*}} : tensor<5xi32>, tensor<5xi32>, tensor<2x5x6x3xf32>, tensor<2x2x3x4xf32>) outs(%{{.*}}, %{{.*}} : tensor<5xf32>, tensor<4xf32>)
  // BUFFER: kernel.sparse_convolution_backward_weights ins({{.*}}) outs(%{{.*}}, %{{.*}} : memref<5xf32>, memref<4xf32>)
  %dv, %db = kernel.sparse_convolution_backward_weights ins(%i, %q, %x, %dy : tensor<5xi32>, tensor<5xi32>, tensor<2x5x6x3xf32>, tensor<2x2x3x4xf32>)
      outs(%v, %b : tensor<5xf32>, tensor<4xf32>)
      {layout = #kernel.layout<nhwc>, strides = array<i64: 2, 2>, window = array<i64: 2, 2>} -> tensor<5xf32>, tensor<4xf32>
  return %dx, %dv, %db : tensor<2x5x6x3xf32>, tensor<5xf32>, tensor<4xf32>
}
