// RUN: prune-opt %s --pass-pipeline="builtin.module(one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map})" | FileCheck %s

// CHECK-LABEL: func @convolution
// CHECK-SAME: (%[[X:.*]]: memref<2x3x5x6xf32>, %[[W:.*]]: memref<4x3x2x2xf32>, %[[Y:.*]]: memref<2x4x4x5xf32>)
func.func @convolution(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) -> (tensor<2x4x4x5xf32>, tensor<2x4x4x5xf32>) {
  %e = tensor.empty() : tensor<2x4x4x5xf32>
  // CHECK: %[[D:.*]] = memref.alloc() {{.*}} : memref<2x4x4x5xf32>
  // CHECK-NEXT: onednn.convolution ins(%[[X]], %[[W]] : {{.*}}) outs(%[[D]] : memref<2x4x4x5xf32>)
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%e : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  // CHECK-NOT: memref.alloc
  // CHECK: onednn.convolution ins(%[[X]], %[[W]] : {{.*}}) outs(%[[Y]] : memref<2x4x4x5xf32>) {accumulate}
  %1 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>) {accumulate} -> tensor<2x4x4x5xf32>
  return %0, %1 : tensor<2x4x4x5xf32>, tensor<2x4x4x5xf32>
}

// Two destinations.
// CHECK-LABEL: func @max_pool
// CHECK-SAME: (%[[X:.*]]: memref<2x3x6x6xf32>)
func.func @max_pool(%x: tensor<2x3x6x6xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>) {
  %e = tensor.empty() : tensor<2x3x3x3xf32>
  %k = tensor.empty() : tensor<2x3x3x3xi8>
  // CHECK-DAG: %[[Y:.*]] = memref.alloc() {{.*}} : memref<2x3x3x3xf32>
  // CHECK-DAG: %[[K:.*]] = memref.alloc() {{.*}} : memref<2x3x3x3xi8>
  // CHECK: kernel.max_pool ins(%[[X]] : memref<2x3x6x6xf32>) outs(%[[Y]], %[[K]] : memref<2x3x3x3xf32>, memref<2x3x3x3xi8>)
  // CHECK: return %[[Y]], %[[K]]
  %0, %1 = kernel.max_pool ins(%x : tensor<2x3x6x6xf32>) outs(%e, %k : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>
  return %0, %1 : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>
}

// Rows with gaps between them are copied.
// CHECK-LABEL: func @gaps
func.func @gaps(%x: tensor<2x3x5x8xf32>, %w: tensor<4x3x2x2xf32>) -> tensor<2x4x4x5xf32> {
  // CHECK: %[[S:.*]] = memref.subview
  %s = tensor.extract_slice %x[0, 0, 0, 0] [2, 3, 5, 6] [1, 1, 1, 1] : tensor<2x3x5x8xf32> to tensor<2x3x5x6xf32>
  %e = tensor.empty() : tensor<2x4x4x5xf32>
  // CHECK: %[[P:.*]] = memref.alloc() {{.*}} : memref<2x3x5x6xf32>
  // CHECK: memref.copy %[[S]], %[[P]]
  // CHECK: onednn.convolution ins(%[[P]],
  %0 = onednn.convolution ins(%s, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%e : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  return %0 : tensor<2x4x4x5xf32>
}
