// RUN: prune-opt %s --pass-pipeline="builtin.module(one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map})" | FileCheck %s

// Without accumulate the destination is not read: no copy into it.
// CHECK-LABEL: func @plain
// CHECK-SAME: (%[[A:.*]]: memref<2x3xf32>, %[[B:.*]]: memref<3x4xf32>)
func.func @plain(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  // CHECK: %[[C:.*]] = memref.alloc() {{.*}} : memref<2x4xf32>
  // CHECK-NEXT: onednn.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[C]] : memref<2x4xf32>)
  // CHECK-NEXT: return %[[C]]
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// With accumulate the old value counts, and a value that is used later is kept.
// CHECK-LABEL: func @accumulate
// CHECK-SAME: (%[[A:.*]]: memref<2x3xf32>, %[[B:.*]]: memref<3x4xf32>, %[[C:.*]]: memref<2x4xf32>)
func.func @accumulate(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  // CHECK: %[[COPY:.*]] = memref.alloc() {{.*}} : memref<2x4xf32>
  // CHECK: memref.copy %[[C]], %[[COPY]]
  // CHECK: onednn.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[COPY]] : memref<2x4xf32>) {accumulate}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%c : tensor<2x4xf32>) {accumulate} -> tensor<2x4xf32>
  return %0, %c : tensor<2x4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: func @csr
func.func @csr(%v: tensor<9xf32>, %i: tensor<9xi32>, %p: tensor<4xi32>, %x: tensor<8x64xf32>) -> tensor<3x64xf32> {
  %e = tensor.empty() : tensor<3x64xf32>
  // CHECK: kernel.spmm ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : memref<9xf32>, memref<9xi32>, memref<4xi32>, memref<8x64xf32>) outs(%{{.*}} : memref<3x64xf32>)
  %0 = kernel.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<9xi32>, tensor<4xi32>, tensor<8x64xf32>) outs(%e : tensor<3x64xf32>) -> tensor<3x64xf32>
  return %0 : tensor<3x64xf32>
}

// Rows that are not contiguous are copied; a destination of that kind is
// computed elsewhere and copied back.
// CHECK-LABEL: func @columns
// CHECK-SAME: (%[[A:.*]]: memref<2x3x2xf32>, %[[B:.*]]: memref<3x4xf32>, %[[C:.*]]: memref<2x4x2xf32>)
func.func @columns(%a: tensor<2x3x2xf32>, %b: tensor<3x4xf32>, %c: tensor<2x4x2xf32>) -> tensor<2x4x2xf32> {
  // CHECK-DAG: %[[SA:.*]] = memref.subview %[[A]]
  // CHECK-DAG: %[[SC:.*]] = memref.subview
  %sa = tensor.extract_slice %a[0, 0, 0] [2, 3, 1] [1, 1, 1] : tensor<2x3x2xf32> to tensor<2x3xf32>
  %sc = tensor.extract_slice %c[0, 0, 0] [2, 4, 1] [1, 1, 1] : tensor<2x4x2xf32> to tensor<2x4xf32>
  // CHECK: %[[PA:.*]] = memref.alloc() {{.*}} : memref<2x3xf32>
  // CHECK: memref.copy %[[SA]], %[[PA]]
  // CHECK: %[[PC:.*]] = memref.alloc() {{.*}} : memref<2x4xf32>
  // CHECK: onednn.matmul ins(%[[PA]], %[[B]] : {{.*}}) outs(%[[PC]] : memref<2x4xf32>)
  // CHECK: memref.copy %[[PC]], %{{.*}}
  %0 = onednn.matmul ins(%sa, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%sc : tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = tensor.insert_slice %0 into %c[0, 0, 0] [2, 4, 1] [1, 1, 1] : tensor<2x4xf32> into tensor<2x4x2xf32>
  return %1 : tensor<2x4x2xf32>
}

// CHECK-LABEL: func @compressed
func.func @compressed(%i: tensor<9xi32>, %p: tensor<4xi32>, %dy: tensor<3x64xf32>, %x: tensor<64x8xf32>) -> tensor<9xf32> {
  %e = tensor.empty() : tensor<8x64xf32>
  // CHECK: kernel.transpose ins(%{{.*}} : memref<64x8xf32>) outs(%[[XT:.*]] : memref<8x64xf32>)
  %xt = kernel.transpose ins(%x : tensor<64x8xf32>) outs(%e : tensor<8x64xf32>) -> tensor<8x64xf32>
  %g = tensor.empty() : tensor<9xf32>
  // CHECK: kernel.sddmm ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[XT]] : memref<9xi32>, memref<4xi32>, memref<3x64xf32>, memref<8x64xf32>) outs(%{{.*}} : memref<9xf32>)
  %0 = kernel.sddmm ins(%i, %p, %dy, %xt : tensor<9xi32>, tensor<4xi32>, tensor<3x64xf32>, tensor<8x64xf32>) outs(%g : tensor<9xf32>) -> tensor<9xf32>
  return %0 : tensor<9xf32>
}

// CHECK-LABEL: func @lane_permute
func.func @lane_permute(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x2xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>) -> tensor<1x3xf32> {
  %e = tensor.empty() : tensor<1x3xf32>
  // CHECK: kernel.lane_permute ins(%{{.*}} : memref<24xf32>, memref<5x7xi16>, memref<2x2xi32>, memref<3xi32>, memref<1x64xf32>) outs(%{{.*}} : memref<1x3xf32>)
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) outs(%e : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}
