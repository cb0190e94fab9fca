// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-insert-regularizers)"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-regularizers{roles=heavy})" 2>&1 | FileCheck %s --check-prefix=ROLE
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-regularizers{parameters=[})" 2>&1 | FileCheck %s --check-prefix=GLOB
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-regularizers{strengths=fc1.weight})" 2>&1 | FileCheck %s --check-prefix=STRENGTH
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-regularizers{strengths=fc1.weight:nan})" 2>&1 | FileCheck %s --check-prefix=NAN
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-regularizers{kind=l3})" 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-regularizers{roles=bias parameters=b,fc9.* ignore=c* strengths=d:1})" 2>&1 | FileCheck %s --check-prefix=UNUSED

// UNUSED: warning: pattern 'fc9.*' matches no trainable parameter
// UNUSED: warning: pattern 'c*' matches no trainable parameter
// UNUSED: warning: pattern 'd' matches no trainable parameter
// ROLE: error: expected a role weight, bias, scale, buffer or auxiliary, got 'heavy'
// GLOB: error: '[' is no glob pattern: invalid glob pattern
// STRENGTH: error: expected 'number' or 'pattern:number', got 'fc1.weight'
// NAN: error: expected 'number' or 'pattern:number', got 'fc1.weight:nan'
// KIND: Cannot find option named 'l3'

// expected-warning @below {{no parameter to regularize}}
func.func @loss(%b: tensor<3xf32> {prune.param = #prune.param<"b", bias>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}

// -----

// expected-error @below {{expected a function named 'loss', found none}}
module {
  func.func @other(%x: tensor<f32>) -> (tensor<f32> {prune.output = "loss"}) {
    return %x : tensor<f32>
  }
}

// -----

// expected-error @below {{expected parameter 'w' to have the loss's element type 'f32', got 'tensor<3xf64>'}}
func.func @loss(%w: tensor<3xf64> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}

// -----

// expected-error @below {{trainable parameter 'b' has no gradient among the results}}
func.func @loss(%w: tensor<3xf32> {prune.param = #prune.param<"w", weight>},
                %b: tensor<3xf32> {prune.param = #prune.param<"b", bias>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<3xf32> {prune.grad_of = "w"}) {
  return %x, %w : tensor<f32>, tensor<3xf32>
}
