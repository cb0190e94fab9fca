// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-onednn-to-runtime)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-onednn-to-runtime,convert-onednn-to-runtime)" | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal @[[$SLOT0:prune_rt_slot]]() {{.*}} : !llvm.ptr
// CHECK-DAG: llvm.mlir.global internal @[[$SLOT1:prune_rt_slot_[0-9]+]]() {{.*}} : !llvm.ptr
// CHECK-DAG: llvm.func @prune_rt_matmul_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64)

// CHECK-LABEL: func @matmul
// CHECK-SAME: (%[[A:.*]]: memref<64x784xf32>,
func.func @matmul(%a: memref<64x784xf32>, %b: memref<300x784xf32>, %bias: memref<300xf32>, %c: memref<64x300xf32>) {
  // CHECK: %[[SLOT:.*]] = llvm.mlir.addressof @[[$SLOT0]]
  // CHECK: %[[INDEX:.*]] = memref.extract_aligned_pointer_as_index %[[A]]
  // CHECK: %[[WORD:.*]] = arith.index_cast %[[INDEX]]
  // CHECK: %[[PTR:.*]] = llvm.inttoptr %[[WORD]]
  // CHECK-DAG: %[[M:.*]] = arith.constant 64 : i64
  // CHECK-DAG: %[[N:.*]] = arith.constant 300 : i64
  // CHECK-DAG: %[[FLAGS:.*]] = arith.constant 14 : i64
  // CHECK-DAG: %[[TANH:.*]] = arith.constant 3 : i64
  // CHECK: llvm.call @prune_rt_matmul_f32(%[[SLOT]], %[[PTR]], %{{.*}}, %{{.*}}, %{{.*}}, %[[M]], %[[N]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[FLAGS]], %[[TANH]])
  onednn.matmul ins(%a, %b : memref<64x784xf32>, memref<300x784xf32>) bias(%bias : memref<300xf32>)
      outs(%c : memref<64x300xf32>) {transpose_b, accumulate, constant_b, activation = #kernel.activation<tanh>}
  return
}

// Offsets, strides and extents that are only known at run time.
// CHECK-LABEL: func @dynamic
// CHECK-SAME: (%[[A:.*]]: memref<?x8xf32, strided<[?, 1], offset: ?>>, %[[B:.*]]: memref<8x4xf32, strided<[9, 1], offset: 3>>, %[[C:.*]]: memref<?x4xf32>)
func.func @dynamic(%a: memref<?x8xf32, strided<[?, 1], offset: ?>>, %b: memref<8x4xf32, strided<[9, 1], offset: 3>>, %c: memref<?x4xf32>) {
  // CHECK: memref.extract_aligned_pointer_as_index %[[A]]
  // CHECK: %{{.*}}, %[[OFFSET:.*]], %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[A]]
  // CHECK: %[[POSITION:.*]] = arith.index_cast %[[OFFSET]]
  // CHECK: llvm.getelementptr %{{.*}}[%[[POSITION]]]
  // CHECK: llvm.getelementptr %{{.*}}[3]
  // CHECK: llvm.mlir.zero : !llvm.ptr
  // CHECK: memref.dim %[[C]]
  // CHECK: %{{.*}}, %{{.*}}, %{{.*}}:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %[[A]]
  // CHECK: %[[LDA:.*]] = arith.index_cast %[[STRIDES]]#0
  // CHECK: %[[LDB:.*]] = arith.constant 9 : i64
  // CHECK: llvm.call @prune_rt_matmul_f32({{.*}}, %[[LDA]], %[[LDB]], %{{.*}}, %{{.*}}, %{{.*}})
  onednn.matmul ins(%a, %b : memref<?x8xf32, strided<[?, 1], offset: ?>>, memref<8x4xf32, strided<[9, 1], offset: 3>>)
      outs(%c : memref<?x4xf32>)
  return
}

// CHECK: llvm.func internal @[[RELEASE:prune_rt_release_slots]]()
// CHECK-COUNT-2: llvm.call @prune_rt_release_slot(
// CHECK: llvm.mlir.global_dtors dtors = [@[[RELEASE]]]
