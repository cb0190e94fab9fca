// RUN: prune-opt %s --verify-diagnostics --pass-pipeline='builtin.module(prune-build-admm-step{runtime-sparsity=true})'
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{step=ready})' 2>&1 | FileCheck %s --check-prefix=SPARSITY
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{step=ready sparsities=1.5})' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{step=ready sparsities=0.5 name=ready})' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{step=ready sparsities=0.5 granularity=filter_plane})' 2>&1 | FileCheck %s --check-prefix=FIT

// SPARSITY: expected a sparsity for parameter 'w'
// RANGE: expected a sparsity in [0, 1], got 1.5
// NAME: the name 'ready' is taken
// FIT: granularity 'filter_plane' does not fit parameter 'w' of type 'tensor<2x8xf32>'

// expected-error @below {{expected at least one projection, as prune-insert-admm adds}}
func.func @train_step(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}

func.func @ready(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
    %z: tensor<2x8xf32> {prune.state = "admm_z:w"}, %u: tensor<2x8xf32> {prune.state = "admm_u:w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}
