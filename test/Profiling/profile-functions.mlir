// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-profile-functions)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-profile-functions,prune-profile-functions)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-profile-functions)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 7 num-sites-profiled

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-DAG: llvm.func @prune_rt_profile_begin(!llvm.ptr)
// CHECK-DAG: llvm.func @prune_rt_profile_end(!llvm.ptr)
// CHECK-DAG: llvm.mlir.global external @prune_profile_counters() {{.*}} : !llvm.array<7 x array<3 x i64>>
// CHECK-DAG: llvm.mlir.global external constant @prune_profile_names("step\09onednn.matmul\09matmul 8x4x6\09fc1.weight\0Astep\09onednn.convolution\09convolution 2x3x5x6 to 4, 2x2\09\0Astep\09onednn.convolution_backward_weights\09convolution_backward_weights 2x3x5x6 to 4, 2x2\09\0Astep\09prune.sgd_update\09loop 8x4 (1 in, 1 out) sgd_update\09fc1.weight\0Astep\09linalg.generic\09reduction 8x4 (1 in, 1 out)\09\0Aother\09memref.copy\09copy 8x4\09\0Aother\09scf.for\09for\09\0A\00")

// CHECK-LABEL: func.func @step
func.func @step(%a: memref<8x6xf32>, %b: memref<6x4xf32>, %c: memref<8x4xf32>, %x: memref<2x3x5x6xf32>,
    %w: memref<4x3x2x2xf32>, %y: memref<2x4x4x5xf32>, %s: memref<8xf32>) {
  // CHECK: %[[COUNTERS:.*]] = llvm.mlir.addressof @prune_profile_counters
  // CHECK: %[[SITE:.*]] = llvm.getelementptr %[[COUNTERS]][0, 0]
  // CHECK: llvm.call @prune_rt_profile_begin(%[[SITE]])
  // CHECK-NEXT: onednn.matmul
  // CHECK-NEXT: llvm.call @prune_rt_profile_end(%[[SITE]])
  onednn.matmul ins(%a, %b : memref<8x6xf32>, memref<6x4xf32>) outs(%c : memref<8x4xf32>) loc("linalg.matmul fc1.weight")
  // CHECK: [0, 1]
  // CHECK: onednn.convolution
  onednn.convolution ins(%x, %w : memref<2x3x5x6xf32>, memref<4x3x2x2xf32>) outs(%y : memref<2x4x4x5xf32>)
  // CHECK: onednn.convolution_backward_weights
  onednn.convolution_backward_weights ins(%x, %y : memref<2x3x5x6xf32>, memref<2x4x4x5xf32>) outs(%w : memref<4x3x2x2xf32>)
  // Memory alone is not measured.
  // CHECK: llvm.call @prune_rt_profile_end
  // CHECK-NEXT: memref.alloc
  %t = memref.alloc() : memref<8x4xf32>
  // CHECK: llvm.call @prune_rt_profile_begin
  // CHECK-NEXT: linalg.generic
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<8x4xf32>) outs(%t : memref<8x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } loc("prune.sgd_update fc1.weight")
  // CHECK: llvm.call @prune_rt_profile_begin
  // CHECK-NEXT: linalg.generic
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%t : memref<8x4xf32>) outs(%s : memref<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %in, %out : f32
    linalg.yield %r : f32
  }
  memref.dealloc %t : memref<8x4xf32>
  return
}

// CHECK-LABEL: func.func @other
func.func @other(%a: memref<8x4xf32>, %b: memref<8x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  // CHECK: [0, 5]
  // CHECK: memref.copy
  memref.copy %a, %b : memref<8x4xf32> to memref<8x4xf32>
  // A nest is one site.
  // CHECK: [0, 6]
  // CHECK: scf.for
  // CHECK-NOT: prune_rt_profile_begin
  // CHECK: llvm.call @prune_rt_profile_end
  scf.for %i = %c0 to %c8 step %c1 {
    memref.copy %a, %b : memref<8x4xf32> to memref<8x4xf32>
  }
  // CHECK-NEXT: return
  return
}
