// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-kernel-to-runtime)" | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @prune_code({{.*}}) {addr_space = 0 : i32, alignment = 64 : i64, section = ".text.prune"} : !llvm.array<64 x i8>
// CHECK-DAG: llvm.mlir.global internal constant @prune_stream({{.*}}) {{.*}} : !llvm.array<4 x f32>
// CHECK-DAG: llvm.mlir.global internal constant @prune_segments(dense<0> : tensor<2xi64>)
// CHECK-DAG: llvm.mlir.global internal constant @prune_panels(dense<[0, 0, -1]> : tensor<3xi32>)
// CHECK-DAG: llvm.mlir.global internal constant @prune_plan()
// CHECK-LABEL: func @f
func.func @f(%x: memref<2x16xf32>, %o: memref<3x16xf32>) {
  // CHECK: %[[PLAN:.*]] = llvm.mlir.addressof @prune_plan
  // CHECK: llvm.call @prune_rt_generated_f32(%[[PLAN]], %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
  kernel.generated ins(%x : memref<2x16xf32>) outs(%o : memref<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>}
  return
}

// CHECK-LABEL: func @reorder
func.func @reorder(%x: memref<1x8x32xf32>, %o: memref<1x8x4x4xf32>) {
  // CHECK: %[[SHAPE:.*]] = llvm.mlir.addressof @prune_rt_shape
  // CHECK: %[[REVERSE:.*]] = arith.constant 1 : i64
  // CHECK: llvm.call @prune_rt_reorder_f32(%{{.*}}, %{{.*}}, %[[SHAPE]], %[[REVERSE]]) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
  kernel.reorder ins(%x : memref<1x8x32xf32>) outs(%o : memref<1x8x4x4xf32>)
      {reverse, shape = array<i64: 1, 8, 4, 4, 4, 0, 32>}
  return
}
