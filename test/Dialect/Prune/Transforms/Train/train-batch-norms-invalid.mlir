// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-train-batch-norms)"

// expected-error @below {{expected a function named 'loss', found none}}
module {}

// -----

func.func @loss(%x: tensor<1x4x1xf32>, %g: tensor<4xf32>, %m: tensor<4xf32> {prune.param = #prune.param<"mean", buffer>},
                %v: tensor<4xf32> {prune.param = #prune.param<"var", buffer>}) -> tensor<1x4x1xf32> {
  // expected-error @below {{expected a batch of more than one element per channel to train with}}
  %y = prune.batch_norm %x, %g, %g, %m, %v epsilon 1.0e-5 : tensor<1x4x1xf32>, tensor<4xf32>
  return %y : tensor<1x4x1xf32>
}

// -----

func.func @loss(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %m: tensor<4xf32> {prune.param = #prune.param<"mean", buffer>},
                %v: tensor<4xf32> {prune.param = #prune.param<"var", buffer>}) -> tensor<2x4xf32> {
  %y = prune.batch_norm %x, %g, %g, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  // expected-error @below {{expected statistics of its own, but buffer "mean" belongs to another one, too}}
  %z = prune.batch_norm %y, %g, %g, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  return %z : tensor<2x4xf32>
}

// -----

// expected-error @below {{expected a function that nothing refers to, as its signature would change, got a reference to 'loss'}}
func.func @loss(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4xf32> {
  %y = prune.batch_norm %x, %g, %g, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  return %y : tensor<2x4xf32>
}
func.func @caller(%x: tensor<2x4xf32>, %g: tensor<4xf32>) -> tensor<2x4xf32> {
  %y = call @loss(%x, %g, %g, %g) : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
