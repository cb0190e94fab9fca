// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-verify-trainable)"

// expected-error@below {{expected prune.param, prune.input or prune.state on argument 0}}
func.func @argument(%x: tensor<2xf32>) {
  return
}

// -----

// expected-error@below {{expected scalars and tensors of static shape, got 'tensor<?xf32>' for argument 0}}
func.func @dynamic(%x: tensor<?xf32> {prune.input = "input"}) {
  return
}

// -----

// expected-error@below {{expected a parameter to train, got none}}
func.func @buffer(%x: tensor<2xf32> {prune.param = #prune.param<"mean", buffer>}) {
  return
}

// -----

// expected-error@below {{expected a floating-point tensor for parameter 'w', got 'tensor<2xi32>'}}
func.func @integer(%x: tensor<2xi32> {prune.param = #prune.param<"w", weight>}) {
  return
}

// -----

func.func @dense() -> tensor<2xf32> {
  // expected-error@below {{expected a dense_resource value of parameter 'w'}}
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

func.func @dialect(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}) {
  %true = arith.constant true
  // expected-error@below {{expected an operation of func, linalg, tensor, arith, math or prune, got 'cf.assert'}}
  cf.assert %true, "holds"
  return
}

// -----

func.func @memory(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %i: i64 {prune.input = "step"}) {
  %s = arith.index_cast %i : i64 to index
  // expected-error@below {{expected scalars and tensors of static shape, got 'tensor<?xf32>'}}
  %0 = tensor.empty(%s) : tensor<?xf32>
  return
}

// -----

// expected-error@below {{expected a function of one block}}
func.func @blocks(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}) {
  cf.br ^bb1
^bb1:
  return
}
