// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-bind-parameters)"
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters{values=w.npz})" 2>&1 | FileCheck %s --check-prefix=VALUES

// Passes read no files.
// VALUES: error: the option 'values' is gone, as passes read no files; give each argument its value in 'prune.value', or call Module.bind of the Python package with the arrays of 'w.npz'

// expected-error@below {{no value for parameter 'w'}}
func.func @missing(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}) {
  return
}

// -----

// expected-error@below {{expected a value of type 'tensor<2xf32>' for parameter 'w', got 'tensor<3xf32>'}}
func.func @type(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.value = dense<1.0> : tensor<3xf32>}) {
  return
}

// -----

// expected-error@below {{cannot read the value of parameter 'w'}}
func.func @integer(%w: tensor<2xi64> {prune.param = #prune.param<"w", buffer>, prune.value = dense<1> : tensor<2xi64>}) {
  return
}

// -----

// expected-error@below {{expected a function that nothing refers to, as its signature would change, got a reference to 'callee'}}
func.func @callee(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.value = dense<1.0> : tensor<2xf32>}) {
  return
}
func.func @caller(%w: tensor<2xf32>) {
  call @callee(%w) : (tensor<2xf32>) -> ()
  return
}
