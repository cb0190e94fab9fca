// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-insert-gates)"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-gates{slope=0.5})" 2>&1 | FileCheck %s --check-prefix=SLOPE
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-gates{roles=heavy})" 2>&1 | FileCheck %s --check-prefix=ROLE
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-gates{parameters=fc9.*})" 2>&1 | FileCheck %s --check-prefix=UNUSED

// SLOPE: error: only leaky_relu takes a slope
// ROLE: error: expected a role weight, bias, scale, buffer or auxiliary, got 'heavy'
// UNUSED: warning: pattern 'fc9.*' matches no trainable parameter
// UNUSED: warning: no parameter to gate

// expected-error @below {{the name 'w.gate' is taken}}
func.func @forward(%w: tensor<3xf32> {prune.param = #prune.param<"w", weight>},
                   %m: tensor<3xf32> {prune.param = #prune.param<"w.gate", bias>}) -> tensor<3xf32> {
  return %w : tensor<3xf32>
}

// -----

// expected-warning @below {{no parameter to gate}}
func.func @forward(%b: tensor<3xf32> {prune.param = #prune.param<"b", bias>}) -> tensor<3xf32> {
  return %b : tensor<3xf32>
}

// -----

// expected-error @below {{expected a function named 'forward', found none}}
module {
}

// -----

module {
  // expected-error @below {{expected a function with a body}}
  func.func private @forward(tensor<3xf32>) -> tensor<3xf32>
}

// -----

// expected-error @below {{expected a function that nothing refers to, as its signature would change, got a reference to 'forward'}}
func.func @forward(%w: tensor<3xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<3xf32> {
  return %w : tensor<3xf32>
}
func.func @caller(%w: tensor<3xf32>) -> tensor<3xf32> {
  %y = call @forward(%w) : (tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}
