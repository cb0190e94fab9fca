// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(prune-build-mask-step)'
// RUN: not prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{scope=layer})' 2>&1 | FileCheck %s --check-prefix=SCOPE
// RUN: not prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{scope=global sparsities=w:0.5})' 2>&1 | FileCheck %s --check-prefix=FACTORS
// RUN: not prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{rule=rigl keep-values=true})' 2>&1 | FileCheck %s --check-prefix=RIGL
// RUN: not prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{name=taken step=masked})' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{step=masked granularity=filter_plane})' 2>&1 | FileCheck %s --check-prefix=FIT
// RUN: not prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{step=masked rule=rigl function=taken})' 2>&1 | FileCheck %s --check-prefix=GRADIENT

// SCOPE: expected scope tensor or global, got 'layer'
// FACTORS: factors of the sparsity need scope=tensor
// RIGL: rigl moves single weights, and what it drops becomes zero: expected no granularity and no keep-values
// NAME: the name 'taken' is taken
// FIT: granularity 'filter_plane' does not fit parameter 'w' of type 'tensor<2x8xf32>'
// GRADIENT: expected one result with prune.output = "loss", found 0

// expected-error @below {{expected at least one mask to move, as prune-mask-gradients adds}}
func.func @train_step(
    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}

func.func @masked(
    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
    %m: tensor<2x8xi1> {prune.state = "mask:w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}

func.func @taken() {
  return
}

// -----

// expected-error @below {{expected a training step, whose parameter 'w' is state}}
func.func @train_step(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>}, %loss: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %loss : tensor<f32>
}
