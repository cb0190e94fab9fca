// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate{function=gather},prune-differentiate{function=scalar})" | FileCheck %s

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// What is read at computed places gets its adjoint by a loop that adds it there.

// CHECK-LABEL: func.func @gather(
// CHECK: %[[ZEROS:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<4xf32>)
// CHECK: %[[G:.*]] = scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[T:.*]] = %[[ZEROS]]) -> (tensor<4xf32>)
// CHECK: %[[P:.*]] = arith.divsi %[[I]], %{{.*}} : index
// CHECK: %[[OLD:.*]] = tensor.extract %[[T]][%[[P]]]
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]], %{{.*}}
// CHECK: %[[S:.*]] = tensor.insert %[[NEW]] into %[[T]][%[[P]]]
// CHECK: scf.yield %[[S]]
// CHECK: return %{{.*}}, %[[G]]
func.func @gather(%t: tensor<4xf32> {prune.param = #prune.param<"t", weight>}, %x: tensor<8xf32>, %i: tensor<f32>) -> tensor<f32> {
  %two = arith.constant 2 : index
  %0 = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<8xf32>) outs(%i : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %k = linalg.index 0 : index
    %p = arith.divsi %k, %two : index
    %e = tensor.extract %t[%p] : tensor<4xf32>
    %m = arith.mulf %e, %in : f32
    %s = arith.addf %m, %out : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// A number from outside gets the sum over all loops.

// CHECK-LABEL: func.func @scalar(
// CHECK-SAME: %{{.*}}, %[[X:[^:]*]]: tensor<4xf32>
// CHECK: %[[SUM:.*]] = linalg.{{.*}} ins(%[[X]]{{.*}} : tensor<4xf32>
// CHECK: %[[G:.*]] = tensor.extract %{{.*}}[] : tensor<f32>
// CHECK: return %{{.*}}, %[[G]]
func.func @scalar(%a: f32 {prune.param = #prune.param<"a", scale>}, %x: tensor<4xf32>, %i: tensor<f32>) -> tensor<f32> {
  %0 = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<4xf32>) outs(%i : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.mulf %in, %a : f32
    %t = arith.addf %s, %out : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}
