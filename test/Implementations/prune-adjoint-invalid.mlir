// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-differentiate{function=f})"

// A loss does not depend on the statistics of a batch.

func.func @f(%x: tensor<2x3xf64> {prune.param = #prune.param<"x", weight>}, %g: tensor<3xf64>, %o: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{'prune.batch_norm_training' op has no reverse-mode rule for its mean and variance: they are statistics, on which a loss does not depend}}
  %y, %m, %v = prune.batch_norm_training %x, %g, %g epsilon 1.0e-5 : tensor<2x3xf64>, tensor<3xf64>
  %l = linalg.dot ins(%m, %v : tensor<3xf64>, tensor<3xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  return %l : tensor<f64>
}

// -----

// Labels are data; shares of the classes are no parameter.

func.func @f(%z: tensor<4x3xf64>, %t: tensor<4x3xf64> {prune.param = #prune.param<"t", weight>}) -> tensor<f64> {
  // expected-error @+1 {{has no adjoint for its labels; a gradient reaches it on the path: parameter 't' -> prune.softmax_cross_entropy}}
  %l = prune.softmax_cross_entropy %z, %t : tensor<4x3xf64>, tensor<4x3xf64>
  return %l : tensor<f64>
}
