// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{stop-after=linalg})" | FileCheck %s --check-prefix=LINALG
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{stop-after=destination})" | FileCheck %s --check-prefix=DEST
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{stop-after=buffer})" | FileCheck %s --check-prefix=BUFFER
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{stop-after=loop})" | FileCheck %s --check-prefix=LOOP
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline)" | FileCheck %s --check-prefix=LLVM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{reference=true})" | FileCheck %s --check-prefix=LLVM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{profile=true stop-after=buffer})" | FileCheck %s --check-prefix=PROFILE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{profile=true})" | FileCheck %s --check-prefix=LLVM

#id = affine_map<(d0, d1) -> (d0, d1)>
#all = affine_map<(d0, d1) -> ()>

// A step that masks and updates a weight and counts: no allocation, no copy but
// of the counter.

// LINALG-LABEL: func.func @step
// LINALG-NOT: call
// LINALG: linalg.generic
// LINALG: return {{.*}} : tensor<6x8xf32>, tensor<i64>, tensor<f32>
// DEST-LABEL: func.func @step
// DEST: bufferization.materialize_in_destination
// BUFFER-LABEL: func.func @step
// BUFFER-SAME: %[[W:[a-z0-9]+]]: memref<6x8xf32>
// BUFFER-SAME: %[[M:[a-z0-9]+]]: memref<6x8xi8>
// BUFFER-NOT: memref.alloc() {{.*}} : memref<6x8xf32>
// BUFFER: outs(%[[W]] : memref<6x8xf32>)
// BUFFER-NOT: memref.copy {{.*}} memref<6x8xf32>
// BUFFER: return
// LOOP-LABEL: func.func @step
// LOOP-NOT: linalg
// LOOP: scf.for
// LOOP: return
// PROFILE: llvm.mlir.global external constant @prune_profile_names("step\09
// PROFILE-LABEL: func.func @step
// PROFILE: llvm.call @prune_rt_profile_begin
// PROFILE-NEXT: linalg.fill
// LLVM-DAG: llvm.func @_mlir_ciface_step
// LLVM-DAG: llvm.func @step
// LLVM-NOT: unrealized_conversion_cast

func.func private @masked(%x: tensor<6x8xf32>, %m: tensor<6x8xi1>) -> tensor<6x8xf32> {
  %zero = arith.constant dense<0.0> : tensor<6x8xf32>
  %r = arith.select %m, %x, %zero : tensor<6x8xi1>, tensor<6x8xf32>
  return %r : tensor<6x8xf32>
}

func.func @step(%w: tensor<6x8xf32> {prune.state = "w"}, %m: tensor<6x8xi1> {prune.state = "mask:w"},
    %g: tensor<6x8xf32> {prune.input = "g"}, %step: tensor<i64> {prune.state = "step"})
    -> (tensor<6x8xf32> {prune.state = "w"}, tensor<i64> {prune.state = "step"}, tensor<f32> {prune.output = "loss"}) {
  %masked = call @masked(%g, %m) : (tensor<6x8xf32>, tensor<6x8xi1>) -> tensor<6x8xf32>
  %new = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%masked : tensor<6x8xf32>) outs(%w : tensor<6x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.subf %out, %in : f32
    linalg.yield %r : f32
  } -> tensor<6x8xf32>
  %one = arith.constant 1 : i64
  %s = tensor.extract %step[] : tensor<i64>
  %s1 = arith.addi %s, %one : i64
  %next = tensor.from_elements %s1 : tensor<i64>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %l0 = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %loss = linalg.generic {indexing_maps = [#id, #all], iterator_types = ["reduction", "reduction"]}
      ins(%w : tensor<6x8xf32>) outs(%l0 : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %in, %out : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  return %new, %next, %loss : tensor<6x8xf32>, tensor<i64>, tensor<f32>
}
