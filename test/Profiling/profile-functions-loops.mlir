// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-profile-functions)" | FileCheck %s

// A loop that calls kernels is measured by what it does.
// CHECK-LABEL: func @parts
func.func @parts(%x: memref<4x8xf32>, %w: memref<8x8xf32>, %y: memref<4x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // CHECK: scf.for
  // CHECK: llvm.call @prune_rt_profile_begin
  // CHECK-NEXT: onednn.matmul
  // CHECK: llvm.call @prune_rt_profile_end
  scf.for %i = %c0 to %c4 step %c1 {
    onednn.matmul ins(%x, %w : memref<4x8xf32>, memref<8x8xf32>) outs(%y : memref<4x8xf32>)
  }
  return
}
