// RUN: prune-opt %s --verify-diagnostics --pass-pipeline='builtin.module(prune-insert-proximal-steps)'
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{kind=group_lasso})' 2>&1 | FileCheck %s --check-prefix=GROUPS
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{granularity=channel:0})' 2>&1 | FileCheck %s --check-prefix=GROUPS
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{kind=group_lasso granularity=n_of_m:2:4:1})' 2>&1 | FileCheck %s --check-prefix=PATTERN
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{strength=-1.0})' 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{function=step kind=group_lasso granularity=filter_plane})' 2>&1 | FileCheck %s --check-prefix=FIT
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{function=step parameters=v})' 2>&1 | FileCheck %s --check-prefix=UNUSED

// GROUPS: expected a granularity with group_lasso, and with it only
// PATTERN: expected a granularity of groups, got 'n_of_m:2:4:1'
// NEGATIVE: expected a strength that is not negative, got -1
// FIT: granularity 'filter_plane' does not fit parameter 'w' of type 'tensor<2x8xf32>'
// UNUSED: no parameter to take proximal steps of
// UNUSED: pattern 'v' matches no trainable parameter

// expected-error @below {{expected a training step, which has a learning rate}}
func.func @train_step(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}

func.func @step(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"}, %loss: tensor<f32>,
    %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}
