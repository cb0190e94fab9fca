// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-build-statistics-step)"

// expected-error @below {{expected a function named 'forward', found none}}
module {}

// -----

// expected-error @below {{expected a batch normalization whose mean and variance are arguments that are buffers}}
func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}
// expected-error @below {{expected 'statistics_step' to be a new name}}
func.func private @statistics_step()
