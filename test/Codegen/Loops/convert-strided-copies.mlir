// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(prune-convert-strided-copies))" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(func.func(prune-convert-strided-copies))" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 3 num-copies-converted

// CHECK-LABEL: func.func @strided(
// CHECK-SAME: %[[A:.*]]: memref<4x3xf32, strided<[8, 2]>>, %[[B:.*]]: memref<4x3xf32>
func.func @strided(%a: memref<4x3xf32, strided<[8, 2]>>, %b: memref<4x3xf32>) {
  // CHECK-NEXT: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[A]] : {{.*}}) outs(%[[B]] :
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
  // CHECK-NEXT: linalg.yield %[[IN]]
  memref.copy %a, %b : memref<4x3xf32, strided<[8, 2]>> to memref<4x3xf32>
  // CHECK: linalg.generic {{.*}} ins(%[[B]] : {{.*}}) outs(%[[A]] :
  memref.copy %b, %a : memref<4x3xf32> to memref<4x3xf32, strided<[8, 2]>>
  return
}

// Of dynamic shape, strides may be anything.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%a: memref<?xf32, strided<[1], offset: ?>>, %b: memref<?xf32>) {
  // CHECK: linalg.generic
  memref.copy %a, %b : memref<?xf32, strided<[1], offset: ?>> to memref<?xf32>
  return
}

// CHECK-LABEL: func.func @contiguous
func.func @contiguous(%a: memref<4x3xf32>, %b: memref<4x3xf32>, %c: memref<4x3xf32, strided<[3, 1], offset: 12>>) {
  // CHECK-NEXT: memref.copy
  // CHECK-NEXT: memref.copy
  // CHECK-NEXT: return
  memref.copy %a, %b : memref<4x3xf32> to memref<4x3xf32>
  memref.copy %c, %b : memref<4x3xf32, strided<[3, 1], offset: 12>> to memref<4x3xf32>
  return
}
