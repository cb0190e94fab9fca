// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-differentiate{function=f})"

// A body that reads a partial result.

func.func @f(%w: tensor<4xf64> {prune.param = #prune.param<"w", weight>}, %o: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{no reverse-mode rule: the adjoint depends on a partial result of a reduction; a gradient reaches it on the path: parameter 'w' -> linalg.generic}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%w : tensor<4xf64>) outs(%o : tensor<f64>) {
    ^bb0(%in: f64, %out: f64):
      %c = arith.constant 1.0 : f64
      %p = arith.cmpf ogt, %out, %c : f64
      %z = arith.constant 0.0 : f64
      %s = arith.select %p, %in, %z : f64
      %y = arith.addf %out, %s : f64
      linalg.yield %y : f64
  } -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// The last iteration wins.

func.func @f(%w: tensor<4xf64> {prune.param = #prune.param<"w", weight>}, %o: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{no reverse-mode rule for a reduction that is no sum, maximum or minimum; a gradient reaches it on the path: parameter 'w' -> linalg.generic}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%w : tensor<4xf64>) outs(%o : tensor<f64>) {
    ^bb0(%in: f64, %out: f64):
      linalg.yield %in : f64
  } -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// A maximum of two inputs that leaves out what came before.

func.func @f(%w: tensor<4xf64> {prune.param = #prune.param<"w", weight>}, %v: tensor<4xf64>, %o: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{no reverse-mode rule for this reduction by maximum or minimum; a gradient reaches it on the path: parameter 'w' -> linalg.generic}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%w, %v : tensor<4xf64>, tensor<4xf64>) outs(%o : tensor<f64>) {
    ^bb0(%in: f64, %other: f64, %out: f64):
      %y = arith.maximumf %in, %other : f64
      linalg.yield %y : f64
  } -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @f(%w: tensor<f64> {prune.param = #prune.param<"w", weight>}, %x: tensor<4xf64>) -> tensor<f64> {
  // expected-error @+1 {{no reverse-mode rule for the initial value of a maximum or minimum; a gradient reaches it on the path: parameter 'w' -> linalg.reduce}}
  %0 = linalg.reduce { arith.maximumf } ins(%x : tensor<4xf64>) outs(%w : tensor<f64>) dimensions = [0]
  return %0 : tensor<f64>
}

// -----

func.func @f(%w: tensor<1x1x2x2xf64> {prune.param = #prune.param<"w", weight>}, %x: tensor<1x1x4x4xf64>, %window: tensor<2x2xf64>, %o: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{no reverse-mode rule for the initial value of a maximum or minimum; a gradient reaches it on the path: parameter 'w' -> linalg.pooling_nchw_max}}
  %0 = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>}
    ins(%x, %window : tensor<1x1x4x4xf64>, tensor<2x2xf64>) outs(%w : tensor<1x1x2x2xf64>) -> tensor<1x1x2x2xf64>
  %l = linalg.reduce { arith.addf } ins(%0 : tensor<1x1x2x2xf64>) outs(%o : tensor<f64>) dimensions = [0, 1, 2, 3]
  return %l : tensor<f64>
}

// -----

func.func @f(%w: tensor<1x1x4x4xf64> {prune.param = #prune.param<"w", weight>}, %i: tensor<1x1x?x2xf64>, %window: tensor<2x2xf64>, %o: tensor<f64>) -> tensor<f64> {
  %x = tensor.cast %w : tensor<1x1x4x4xf64> to tensor<1x1x?x4xf64>
  // expected-error @+1 {{no reverse-mode rule for max pooling of dynamic shape; a gradient reaches it on the path: parameter 'w' -> tensor.cast -> linalg.pooling_nchw_max}}
  %0 = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>}
    ins(%x, %window : tensor<1x1x?x4xf64>, tensor<2x2xf64>) outs(%i : tensor<1x1x?x2xf64>) -> tensor<1x1x?x2xf64>
  %l = linalg.reduce { arith.addf } ins(%0 : tensor<1x1x?x2xf64>) outs(%o : tensor<f64>) dimensions = [0, 1, 2, 3]
  return %l : tensor<f64>
}
