// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-build-train-step{optimizer=adam})"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{momentum=1})" 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{nesterov})" 2>&1 | FileCheck %s --check-prefix=NESTEROV
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{weight-decay=-1})" 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{decay-roles=all})" 2>&1 | FileCheck %s --check-prefix=ROLE
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{optimizer=adam momentum=0.9})" 2>&1 | FileCheck %s --check-prefix=ADAM
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{optimizer=adam beta2=1.5})" 2>&1 | FileCheck %s --check-prefix=BETA
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-build-train-step{optimizer=adam epsilon=0})" 2>&1 | FileCheck %s --check-prefix=EPSILON

// MOMENTUM: error: expected a momentum in [0, 1), got 1
// NESTEROV: error: expected momentum with nesterov
// DECAY: error: expected a weight decay that is not negative, got -1
// ROLE: error: expected a role weight, bias, scale, buffer or auxiliary, got 'all'
// ADAM: error: momentum and nesterov are settings of sgd
// BETA: error: expected beta1 and beta2 in [0, 1), got 9.000000e-01 and 1.5
// EPSILON: error: expected a positive epsilon, got 0

// expected-error @below {{expected at least one trainable parameter}}
func.func @loss(%x: tensor<f32>) -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}

// -----

// expected-error @below {{trainable parameter 'w' has no gradient among the results}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}

// -----

// expected-error @below {{expected parameter 'w' to have the loss's element type 'f32', got 'tensor<2xf64>'}}
func.func @loss(%w: tensor<2xf64> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf64> {prune.grad_of = "w"}) {
  return %x, %w : tensor<f32>, tensor<2xf64>
}

// -----

// expected-error @below {{the function has a learning rate already}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>,
                %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"}) {
  return %x, %w : tensor<f32>, tensor<2xf32>
}

// -----

func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"}) {
  return %x, %w : tensor<f32>, tensor<2xf32>
}
// expected-error @below {{the name 'train_step' is taken}}
func.func private @train_step()

// -----

// expected-error @below {{expected a function that nothing refers to}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"}) {
  return %x, %w : tensor<f32>, tensor<2xf32>
}
func.func @caller(%w: tensor<2xf32>, %x: tensor<f32>) {
  %0:2 = call @loss(%w, %x) : (tensor<2xf32>, tensor<f32>) -> (tensor<f32>, tensor<2xf32>)
  return
}

// -----

// expected-error @below {{expected the state "step" to be 'tensor<i64>', got 'tensor<i32>'}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>,
                %step: tensor<i32> {prune.state = "step"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"}) {
  return %x, %w : tensor<f32>, tensor<2xf32>
}
