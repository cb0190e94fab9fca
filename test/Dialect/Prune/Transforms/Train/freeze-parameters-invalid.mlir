// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-freeze-parameters{parameters=conv*})"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-freeze-parameters{roles=heavy})" 2>&1 | FileCheck %s

// CHECK: error: expected a role weight, bias, scale, buffer or auxiliary, got 'heavy'

// expected-warning @below {{pattern 'conv*' matches no trainable parameter}}
// expected-warning @below {{no parameter to freeze}}
func.func @loss(%w: tensor<3xf32> {prune.param = #prune.param<"fc.weight", weight>}) -> tensor<3xf32> {
  return %w : tensor<3xf32>
}

// -----

// expected-error @below {{expected a function named 'loss', found none}}
module {
}
