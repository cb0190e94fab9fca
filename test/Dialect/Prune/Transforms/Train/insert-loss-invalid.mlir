// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-insert-loss)"

// expected-error @+1 {{expected a function named 'forward', found none}}
module {
}

// -----

// expected-error @+1 {{expected a function with a body}}
func.func private @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32>

// -----

// expected-error @+1 {{expected a function of one block, got 2}}
func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<2x3xf32>
}

// -----

func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  return %x : tensor<2x3xf32>
}

// expected-error @+1 {{expected 'loss' to be a new name}}
func.func @loss() {
  return
}

// -----

// expected-error @+1 {{expected a result with prune.output = "logits" or a single result}}
func.func @forward(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  return %x, %x : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// expected-error @+1 {{expected logits of static shape [batch, classes], [batch, positions, classes] or [batch, classes, height, width], got 'tensor<2xf32>'}}
func.func @forward(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error @+1 {{expected logits of static shape [batch, classes], [batch, positions, classes] or [batch, classes, height, width], got 'tensor<2x3xi32>'}}
func.func @forward(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  return %x : tensor<2x3xi32>
}
