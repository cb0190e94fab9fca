// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-set-batch-size{batch=1})"
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-set-batch-size)" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-set-batch-size{batch=1 functions=nothing})" 2>&1 | FileCheck %s --check-prefix=NOTHING

// SIZE: error: expected a batch size of at least 1, got 0
// NOTHING: error: expected a tensor argument with prune.input to change the batch size of

func.func @unknown(%x: tensor<8x2xf32> {prune.input = "input"}) -> tensor<8x2xf32> {
  %e = tensor.empty() : tensor<8x2xf32>
  // expected-error@below {{cannot change the batch size: it is used by 'linalg.softmax'}}
  %0 = linalg.softmax dimension(1) ins(%x : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %0 : tensor<8x2xf32>
}

// -----

func.func @reduced(%x: tensor<8x2xf32> {prune.input = "input"}, %i: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@below {{cannot change the batch size: it is reduced by 'linalg.reduce'}}
  %0 = linalg.reduce {arith.addf} ins(%x : tensor<8x2xf32>) outs(%i : tensor<2xf32>) dimensions = [0]
  return %0 : tensor<2xf32>
}

// -----

func.func @flattened(%x: tensor<8x2xf32> {prune.input = "input"}) -> tensor<16xf32> {
  // expected-error@below {{cannot change the batch size: it is flattened with another dimension}}
  %0 = tensor.collapse_shape %x [[0, 1]] : tensor<8x2xf32> into tensor<16xf32>
  return %0 : tensor<16xf32>
}

// -----

func.func @constant(%x: tensor<2x2xf32> {prune.input = "input"}) -> tensor<2x2xf32> {
  // expected-error@below {{cannot change the batch size: it is a dimension of a constant that is not a splat}}
  %b = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.add ins(%x, %b : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// expected-error@below {{cannot change the batch size: it is a dimension of parameter 'p'}}
func.func @parameter(%x: tensor<2xf32> {prune.input = "input"}, %p: tensor<2xf32> {prune.param = #prune.param<"p", bias>}) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  %0 = linalg.add ins(%x, %p : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// expected-error@below {{expected a function that nothing refers to}}
func.func @callee(%x: tensor<2xf32> {prune.input = "input"}) {
  return
}
func.func @caller(%x: tensor<2xf32>) {
  call @callee(%x) : (tensor<2xf32>) -> ()
  return
}

// -----

func.func @nothing(%x: tensor<2xf32>) {
  return
}
