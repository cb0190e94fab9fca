// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops{threaded=true},canonicalize)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops,canonicalize)" | FileCheck %s --check-prefix=SERIAL

#id = affine_map<(d0, d1) -> (d0, d1)>

// Tasks of one size, whatever the number of threads, then the rest.
// CHECK-LABEL: func.func @large
// CHECK: scf.parallel (%[[T:.*]]) = (%c0) to (%c114) step (%c1)
// CHECK: arith.muli %[[T]], %c2048
// CHECK: scf.for
// CHECK: vector.store
// CHECK: scf.reduce
// CHECK: scf.for
// CHECK: vector.store
func.func @large(%x: memref<300x784xf32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%x : memref<300x784xf32>) {
  ^bb0(%out: f32):
    %r = arith.addf %out, %out : f32
    linalg.yield %r : f32
  }
  return
}

// CHECK-LABEL: func.func @rows
// CHECK: scf.parallel (%[[I:.*]]) = (%c0) to (%c300) step (%c1)
// CHECK: memref.store %{{.*}}[%[[I]]]
func.func @rows(%x: memref<300x784xf32>, %y: memref<300xf32>) {
  linalg.reduce { arith.addf } ins(%x : memref<300x784xf32>) outs(%y : memref<300xf32>) dimensions = [1]
  return
}

// A sum of everything is cut into tasks with threads or without, and their
// vectors are added in order.
// CHECK-LABEL: func.func @sum
// CHECK: %[[SUMS:.*]] = memref.alloca() : memref<114xvector<16xf32>>
// CHECK: scf.parallel (%[[T:.*]]) = (%c0) to (%c114) step (%c1)
// CHECK: %[[START:.*]] = arith.muli %[[T]], %c2048
// CHECK: scf.for
// CHECK: arith.addi %[[START]]
// CHECK: memref.store %{{.*}}, %[[SUMS]][%[[T]]]
// CHECK: scf.for %[[I:.*]] = %c0 to %c114 step %c1 iter_args
// CHECK: memref.load %[[SUMS]][%[[I]]]
// CHECK: scf.for
// CHECK: vector.shuffle
// CHECK: memref.store
// SERIAL-LABEL: func.func @sum
// SERIAL: memref.alloca() : memref<114xvector<16xf32>>
// SERIAL-NOT: scf.parallel
// SERIAL: scf.for %{{.*}} = %c0 to %c114 step %c1
// SERIAL: scf.for %{{.*}} = %c0 to %c114 step %c1 iter_args
// SERIAL: return
func.func @sum(%y: memref<300x784xf32>, %s: memref<f32>) {
  linalg.reduce { arith.addf } ins(%y : memref<300x784xf32>) outs(%s : memref<f32>) dimensions = [0, 1]
  return
}

// Little work stays on one thread.
// CHECK-LABEL: func.func @one
// CHECK-NOT: scf.parallel
// CHECK-NOT: alloca
// CHECK: return
func.func @one(%x: memref<10x10xf32>, %y: memref<100x100xf32>, %s: memref<f32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%x : memref<10x10xf32>) {
  ^bb0(%out: f32):
    %r = arith.addf %out, %out : f32
    linalg.yield %r : f32
  }
  linalg.reduce { arith.addf } ins(%y : memref<100x100xf32>) outs(%s : memref<f32>) dimensions = [0, 1]
  return
}
