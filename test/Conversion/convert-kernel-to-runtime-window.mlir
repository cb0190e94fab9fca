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
