// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-kernel-to-runtime)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-kernel-to-runtime,convert-kernel-to-runtime)" | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @[[$POOL:prune_rt_shape]](dense<[2, 3, 6, 7, 3, 3, 4, 2, 2, 2, 2, 1, 1, 0, 1, 0, 0, 1, 1]>
// CHECK-DAG: llvm.func @prune_rt_max_pool_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG: llvm.func @prune_rt_max_pool_backward_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG: llvm.func @prune_rt_average_pool_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG: llvm.func @prune_rt_average_pool_backward_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64)

// CHECK-LABEL: func @pooling
func.func @pooling(%x: memref<2x6x7x3xf32>, %y: memref<2x3x4x3xf32>, %k: memref<2x3x4x3xi8>) {
  // CHECK: llvm.mlir.addressof @[[$POOL]]
  // CHECK: llvm.call @prune_rt_max_pool_f32
  kernel.max_pool ins(%x : memref<2x6x7x3xf32>) outs(%y, %k : memref<2x3x4x3xf32>, memref<2x3x4x3xi8>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 0>, layout = #kernel.layout<nhwc>}
  // CHECK: llvm.call @prune_rt_max_pool_backward_f32
  kernel.max_pool_backward ins(%y, %k : memref<2x3x4x3xf32>, memref<2x3x4x3xi8>) outs(%x : memref<2x6x7x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 0>, layout = #kernel.layout<nhwc>}
  // CHECK: %[[FLAGS:.*]] = arith.constant 16 : i64
  // CHECK: llvm.call @prune_rt_average_pool_f32({{.*}}, %[[FLAGS]])
  kernel.average_pool ins(%x : memref<2x6x7x3xf32>) outs(%y : memref<2x3x4x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 0>, layout = #kernel.layout<nhwc>, include_padding}
  // CHECK: llvm.call @prune_rt_average_pool_backward_f32
  kernel.average_pool_backward ins(%y : memref<2x3x4x3xf32>) outs(%x : memref<2x6x7x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 0>, layout = #kernel.layout<nhwc>}
  return
}

// The workspace may be left out.
// CHECK-LABEL: func @without_workspace
func.func @without_workspace(%x: memref<2x6x7x3xf32>, %y: memref<2x3x4x3xf32>) {
  // CHECK: %[[NULL:.*]] = llvm.mlir.zero : !llvm.ptr
  // CHECK: llvm.call @prune_rt_max_pool_f32(%{{.*}}, %{{.*}}, %[[NULL]], %{{.*}}, %{{.*}})
  kernel.max_pool ins(%x : memref<2x6x7x3xf32>) outs(%y : memref<2x3x4x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 0>, layout = #kernel.layout<nhwc>}
  return
}

// CHECK-LABEL: func @sparse_convolution
func.func @sparse_convolution(%v: memref<5xf32>, %i: memref<5xi32>, %p: memref<5xi32>, %q: memref<4xi32>, %x: memref<2x3x5x6xf32>, %b: memref<4xf32>, %y: memref<2x4x4x5xf32>) {
  // CHECK: %[[FLAGS:.*]] = arith.constant 4 : i64
  // CHECK: %[[RELU:.*]] = arith.constant 1 : i64
  // CHECK: llvm.call @prune_rt_sparse_convolution_f32({{.*}}, %[[FLAGS]], %[[RELU]])
  kernel.sparse_convolution ins(%v, %i, %p, %x : memref<5xf32>, memref<5xi32>, memref<5xi32>, memref<2x3x5x6xf32>)
      bias(%b : memref<4xf32>) outs(%y : memref<2x4x4x5xf32>) {accumulate, activation = #kernel.activation<relu>, window = array<i64: 2, 2>}
  // CHECK: llvm.call @prune_rt_sparse_convolution_backward_data_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
  kernel.sparse_convolution_backward_data ins(%v, %i, %q, %y : memref<5xf32>, memref<5xi32>, memref<4xi32>, memref<2x4x4x5xf32>)
      outs(%x : memref<2x3x5x6xf32>) {window = array<i64: 2, 2>}
  // CHECK: %[[NULL:.*]] = llvm.mlir.zero : !llvm.ptr
  // CHECK: llvm.call @prune_rt_sparse_convolution_backward_weights_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[NULL]], %{{.*}})
  kernel.sparse_convolution_backward_weights ins(%i, %p, %x, %y : memref<5xi32>, memref<5xi32>, memref<2x3x5x6xf32>, memref<2x4x4x5xf32>)
      outs(%v : memref<5xf32>) {window = array<i64: 2, 2>}
  return
}
