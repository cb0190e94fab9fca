// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-onednn-to-runtime)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-onednn-to-runtime,convert-onednn-to-runtime)" | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal @[[$SLOT0:prune_rt_slot]]() {{.*}} : !llvm.ptr
// CHECK-DAG: llvm.mlir.global internal @[[$SLOT1:prune_rt_slot_[0-9]+]]() {{.*}} : !llvm.ptr
// CHECK-DAG: llvm.mlir.global internal constant @[[$TABLE:prune_rt_shape.*]](dense<[20, 1, 10, 25]> : tensor<4xi64>)
// CHECK-DAG: llvm.func @prune_rt_matmul_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64)
// CHECK-DAG: llvm.func @prune_rt_spmm_f32(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64)

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
      outs(%c : memref<64x300xf32>) {transpose_b, accumulate, constant_b, activation = #onednn.activation<tanh>}
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

// CHECK-LABEL: func @csr
func.func @csr(%v: memref<9xf32>, %i: memref<9xi32>, %p: memref<4xi32>, %x: memref<8x64xf32>, %b: memref<3xf32>, %y: memref<3x64xf32>) {
  // CHECK: %[[VARIABLE:.*]] = arith.constant 0 : i64
  // CHECK: llvm.call @prune_rt_spmm_f32({{.*}}, %[[VARIABLE]], %{{[^,]*}}) :
  onednn.spmm ins(%v, %i, %p, %x : memref<9xf32>, memref<9xi32>, memref<4xi32>, memref<8x64xf32>)
      bias(%b : memref<3xf32>) outs(%y : memref<3x64xf32>)
  // CHECK: %[[CONSTANT:.*]] = arith.constant 32 : i64
  // CHECK: llvm.call @prune_rt_spmm_f32({{.*}}, %[[CONSTANT]], %{{[^,]*}}) :
  onednn.spmm ins(%v, %i, %p, %x : memref<9xf32>, memref<9xi32>, memref<4xi32>, memref<8x64xf32>)
      outs(%y : memref<3x64xf32>) {constant_values}
  return
}

// CHECK-LABEL: func @lanes
func.func @lanes(%v: memref<24xf32>, %s: memref<5x7xi16>, %g: memref<2x2xi32>, %r: memref<3xi32>, %x: memref<2x64xf32>, %b: memref<3xf32>, %y: memref<2x3xf32>) {
  // CHECK-NOT: llvm.mlir.addressof
  // CHECK-DAG: %[[M:.*]] = arith.constant 3 : i64
  // CHECK-DAG: %[[N:.*]] = arith.constant 2 : i64
  // CHECK-DAG: %[[K:.*]] = arith.constant 64 : i64
  // CHECK: llvm.call @prune_rt_lane_permute_f32({{.*}}, %[[M]], %[[N]], %[[K]], %{{.*}}, %{{.*}}, %{{[^,]*}}) :
  onednn.lane_permute ins(%v, %s, %g, %r, %x : memref<24xf32>, memref<5x7xi16>, memref<2x2xi32>, memref<3xi32>, memref<2x64xf32>)
      bias(%b : memref<3xf32>) outs(%y : memref<2x3xf32>)
  return
}

// Neither prepares anything, so there is no slot.
// CHECK-LABEL: func @without_slot
func.func @without_slot(%i: memref<9xi32>, %p: memref<4xi32>, %dy: memref<3x64xf32>, %x: memref<8x64xf32>, %g: memref<9xf32>, %xt: memref<64x8xf32>) {
  // CHECK-NOT: llvm.mlir.addressof
  // CHECK-DAG: %[[M:.*]] = arith.constant 3 : i64
  // CHECK-DAG: %[[N:.*]] = arith.constant 8 : i64
  // CHECK: llvm.call @prune_rt_sddmm_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[M]], %[[N]], %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
  onednn.sddmm ins(%i, %p, %dy, %x : memref<9xi32>, memref<4xi32>, memref<3x64xf32>, memref<8x64xf32>) outs(%g : memref<9xf32>)
  // CHECK-NOT: llvm.mlir.addressof
  // CHECK: llvm.call @prune_rt_transpose_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, i64, i64, i64, i64) -> ()
  onednn.transpose ins(%x : memref<8x64xf32>) outs(%xt : memref<64x8xf32>)
  return
}

// CHECK-LABEL: func @select_groups
func.func @select_groups(%s: memref<30xf32>, %k: memref<30xi8>, %r: f64) {
  // CHECK: llvm.mlir.addressof @[[$TABLE]]
  // CHECK: %[[PARTS:.*]] = arith.constant 2 : i64
  // CHECK: llvm.call @prune_rt_select_groups_f32(%{{.*}}, %{{.*}}, %{{.*}}, %[[PARTS]], %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, f64) -> ()
  onednn.select_groups ins(%s : memref<30xf32>) sparsity(%r) outs(%k : memref<30xi8>) groups = [20, 1, 10, 25]
  return
}

// CHECK: llvm.func internal @[[RELEASE:prune_rt_release_slots]]()
// CHECK-COUNT-4: llvm.call @prune_rt_release_slot(
// CHECK: llvm.mlir.global_dtors dtors = [@[[RELEASE]]]
