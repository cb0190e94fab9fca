// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-kernel-to-runtime)" | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @prune_code({{.*}}) {addr_space = 0 : i32, alignment = 64 : i64, section = ".text.prune"} : !llvm.array<64 x i8>
// CHECK-DAG: llvm.mlir.global internal constant @prune_stream({{.*}}) {{.*}} : !llvm.array<4 x f32>
// CHECK-DAG: llvm.mlir.global internal constant @prune_segments(dense<0> : tensor<2xi64>)
// CHECK-DAG: llvm.mlir.global internal constant @prune_panels(dense<[0, 0, -1, 0, 0, 0, 0]> : tensor<7xi32>)
// CHECK-DAG: llvm.mlir.global internal constant @prune_plan()
// CHECK-NOT: @prune_code_0
// CHECK-LABEL: func @f
func.func @f(%x: memref<2x16xf32>, %o: memref<3x16xf32>) {
  // CHECK: %[[PLAN:.*]] = llvm.mlir.addressof @prune_plan
  // CHECK: llvm.call @prune_rt_generated_f32(%[[PLAN]], %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
  kernel.generated ins(%x : memref<2x16xf32>) outs(%o : memref<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>}
  return
}

// Weights that are a stream have no code.
// CHECK-LABEL: func @streamed
func.func @streamed(%x: memref<2x16xf32>, %o: memref<3x16xf32>) {
  // CHECK: llvm.call @prune_rt_streamed_f32(%{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
  kernel.generated ins(%x : memref<2x16xf32>) outs(%o : memref<3x16xf32>)
      {code = dense<0> : tensor<1xi8>, isa = "portable", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>}
  return
}

// CHECK-LABEL: func @reorder
func.func @reorder(%x: memref<1x8x32xf32>, %o: memref<1x8x4x4xf32>) {
  // CHECK: %[[SHAPE:.*]] = llvm.mlir.addressof @prune_rt_shape
  // CHECK: %[[REVERSE:.*]] = arith.constant 1 : i64
  // CHECK: llvm.call @prune_rt_reorder_f32(%{{.*}}, %{{.*}}, %[[SHAPE]], %[[REVERSE]]) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
  kernel.reorder ins(%x : memref<1x8x32xf32>) outs(%o : memref<1x8x4x4xf32>)
      {reverse, shape = array<i64: 1, 8, 4, 4, 4, 0, 32, 1>}
  return
}

// CHECK-LABEL: func @csr
func.func @csr(%v: memref<9xf32>, %i: memref<9xi32>, %p: memref<4xi32>, %x: memref<8x64xf32>, %b: memref<3xf32>, %y: memref<3x64xf32>) {
  // CHECK-DAG: %[[M:.*]] = arith.constant 3 : i64
  // CHECK-DAG: %[[N:.*]] = arith.constant 64 : i64
  // CHECK-DAG: %[[RELU:.*]] = arith.constant 1 : i64
  // CHECK: llvm.call @prune_rt_spmm_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[M]], %[[N]], %{{.*}}, %{{.*}}, %{{.*}}, %[[RELU]]) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64, i64) -> ()
  kernel.spmm ins(%v, %i, %p, %x : memref<9xf32>, memref<9xi32>, memref<4xi32>, memref<8x64xf32>)
      bias(%b : memref<3xf32>) outs(%y : memref<3x64xf32>) {activation = #kernel.activation<relu>}
  // CHECK: llvm.mlir.zero : !llvm.ptr
  // CHECK: llvm.call @prune_rt_spmm_f32
  kernel.spmm ins(%v, %i, %p, %x : memref<9xf32>, memref<9xi32>, memref<4xi32>, memref<8x64xf32>)
      outs(%y : memref<3x64xf32>)
  return
}

// CHECK-LABEL: func @lanes
func.func @lanes(%v: memref<24xf32>, %s: memref<5x7xi16>, %g: memref<2x2xi32>, %r: memref<3xi32>, %x: memref<2x64xf32>, %b: memref<3xf32>, %y: memref<2x3xf32>) {
  // CHECK-NOT: llvm.mlir.addressof
  // CHECK-DAG: %[[M:.*]] = arith.constant 3 : i64
  // CHECK-DAG: %[[N:.*]] = arith.constant 2 : i64
  // CHECK-DAG: %[[K:.*]] = arith.constant 64 : i64
  // CHECK: llvm.call @prune_rt_lane_permute_f32({{.*}}, %[[M]], %[[N]], %[[K]], %{{.*}}, %{{.*}}, %{{[^,]*}}) :
  kernel.lane_permute ins(%v, %s, %g, %r, %x : memref<24xf32>, memref<5x7xi16>, memref<2x2xi32>, memref<3xi32>, memref<2x64xf32>)
      bias(%b : memref<3xf32>) outs(%y : memref<2x3xf32>)
  return
}

// CHECK-LABEL: func @sddmm
func.func @sddmm(%i: memref<9xi32>, %p: memref<4xi32>, %dy: memref<3x64xf32>, %x: memref<8x64xf32>, %g: memref<9xf32>, %xt: memref<64x8xf32>) {
  // CHECK-NOT: llvm.mlir.addressof
  // CHECK-DAG: %[[M:.*]] = arith.constant 3 : i64
  // CHECK-DAG: %[[N:.*]] = arith.constant 8 : i64
  // CHECK: llvm.call @prune_rt_sddmm_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[M]], %[[N]], %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
  kernel.sddmm ins(%i, %p, %dy, %x : memref<9xi32>, memref<4xi32>, memref<3x64xf32>, memref<8x64xf32>) outs(%g : memref<9xf32>)
  // CHECK-NOT: llvm.mlir.addressof
  // CHECK: llvm.call @prune_rt_transpose_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, i64, i64, i64, i64) -> ()
  kernel.transpose ins(%x : memref<8x64xf32>) outs(%xt : memref<64x8xf32>)
  return
}

// CHECK-LABEL: func @select_groups
func.func @select_groups(%s: memref<30xf32>, %k: memref<30xi8>, %r: f64) {
  // CHECK: llvm.mlir.addressof @prune_rt_shape
  // CHECK: %[[PARTS:.*]] = arith.constant 2 : i64
  // CHECK: llvm.call @prune_rt_select_groups_f32(%{{.*}}, %{{.*}}, %{{.*}}, %[[PARTS]], %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, f64) -> ()
  kernel.select_groups ins(%s : memref<30xf32>) sparsity(%r) outs(%k : memref<30xi8>) groups = [20, 1, 10, 25]
  return
}
