// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-onednn-to-runtime)" | FileCheck %s

// Operations of one shape share its description.
// CHECK-DAG: llvm.mlir.global internal constant @[[$SHAPE:prune_rt_shape]](dense<[2, 3, 5, 6, 4, 4, 5, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0]> : tensor<19xi64>) {{.*}} : !llvm.array<19 x i64>
// CHECK-DAG: llvm.func @prune_rt_convolution_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64)
// CHECK-DAG: llvm.func @prune_rt_convolution_backward_data_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG: llvm.func @prune_rt_convolution_backward_weights_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64)

// CHECK-LABEL: func @convolution
func.func @convolution(%x: memref<2x3x5x6xf32>, %w: memref<4x3x2x2xf32>, %b: memref<4xf32>, %y: memref<2x4x4x5xf32>) {
  // CHECK: %[[SHAPE:.*]] = llvm.mlir.addressof @[[$SHAPE]]
  // CHECK-DAG: %[[FLAGS:.*]] = arith.constant 12 : i64
  // CHECK-DAG: %[[RELU:.*]] = arith.constant 1 : i64
  // CHECK: llvm.call @prune_rt_convolution_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[SHAPE]], %[[FLAGS]], %[[RELU]])
  onednn.convolution ins(%x, %w : memref<2x3x5x6xf32>, memref<4x3x2x2xf32>) bias(%b : memref<4xf32>) outs(%y : memref<2x4x4x5xf32>)
      {accumulate, constant_weights, activation = #kernel.activation<relu>}
  // CHECK: llvm.mlir.addressof @[[$SHAPE]]
  // CHECK: llvm.call @prune_rt_convolution_backward_data_f32
  onednn.convolution_backward_data ins(%y, %w : memref<2x4x4x5xf32>, memref<4x3x2x2xf32>) outs(%x : memref<2x3x5x6xf32>)
  // CHECK: %[[NULL:.*]] = llvm.mlir.zero : !llvm.ptr
  // CHECK: llvm.mlir.addressof @[[$SHAPE]]
  // CHECK: llvm.call @prune_rt_convolution_backward_weights_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[NULL]],
  onednn.convolution_backward_weights ins(%x, %y : memref<2x3x5x6xf32>, memref<2x4x4x5xf32>) outs(%w : memref<4x3x2x2xf32>)
  // CHECK: llvm.call @prune_rt_convolution_backward_weights_f32
  onednn.convolution_backward_weights ins(%x, %y : memref<2x3x5x6xf32>, memref<2x4x4x5xf32>) outs(%w, %b : memref<4x3x2x2xf32>, memref<4xf32>)
  return
}
