// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-set-batch-size{batch=1})"
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-set-batch-size)" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-set-batch-size{batch=1 functions=nothing})" 2>&1 | FileCheck %s --check-prefix=NOTHING

// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-set-batch-size{batch=99999999999})" 2>&1 | FileCheck %s --check-prefix=LARGE

// SIZE: error: expected a batch size from 1 to 16777216, got 0
// LARGE: error: expected a batch size from 1 to 16777216, got 99999999999
// NOTHING: error: expected a tensor argument with prune.input to change the batch size of

func.func @normalized(%x: tensor<8x2xf32> {prune.input = "input"}) -> tensor<8x2xf32> {
  %e = tensor.empty() : tensor<8x2xf32>
  // expected-error@below {{'linalg.softmax' op cannot change the batch size: it is normalized by 'linalg.softmax'}}
  %0 = linalg.softmax dimension(0) ins(%x : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %0 : tensor<8x2xf32>
}

// -----

func.func @unknown(%x: tensor<8x2xf32> {prune.input = "input"}, %i: tensor<2xindex>) -> tensor<4x4xf32> {
  // expected-error@below {{cannot change the batch size: it is used by 'tensor.reshape'}}
  %0 = tensor.reshape %x(%i) : (tensor<8x2xf32>, tensor<2xindex>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @reduced(%x: tensor<8x2xf32> {prune.input = "input"}, %i: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@below {{'linalg.reduce' op cannot change the batch size: it is reduced by 'linalg.reduce'}}
  %0 = linalg.reduce {arith.addf} ins(%x : tensor<8x2xf32>) outs(%i : tensor<2xf32>) dimensions = [0]
  return %0 : tensor<2xf32>
}

// -----

// Flattened with another dimension, and then split in another way.
func.func @split(%x: tensor<8x3xf32> {prune.input = "input"}) -> tensor<3x8xf32> {
  %0 = tensor.collapse_shape %x [[0, 1]] : tensor<8x3xf32> into tensor<24xf32>
  // expected-error@below {{cannot change the batch size: it is split over two dimensions}}
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [3, 8] : tensor<24xf32> into tensor<3x8xf32>
  return %1 : tensor<3x8xf32>
}

// -----

// Rows [B, T] meet rows [T, B].
func.func @places(%x: tensor<3x3xf32> {prune.input = "input"}) -> tensor<3x3xf32> {
  %e = tensor.empty() : tensor<3x3xf32>
  %t = linalg.transpose ins(%x : tensor<3x3xf32>) outs(%e : tensor<3x3xf32>) permutation = [1, 0]
  // expected-error@below {{'linalg.add' op cannot change the batch size: it is in two places at once}}
  %0 = linalg.add ins(%x, %t : tensor<3x3xf32>, tensor<3x3xf32>) outs(%e : tensor<3x3xf32>) -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// -----

func.func @sliced(%x: tensor<3x2xf32> {prune.input = "input"}) -> tensor<2x2xf32> {
  // expected-error@below {{cannot change the batch size: it is sliced}}
  %0 = tensor.extract_slice %x[1, 0] [2, 2] [1, 1] : tensor<3x2xf32> to tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @padded(%x: tensor<3x2xf32> {prune.input = "input"}) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  // expected-error@below {{cannot change the batch size: it is padded}}
  %0 = tensor.pad %x low[1, 0] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<3x2xf32> to tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

#id1 = affine_map<(d0) -> (d0)>
func.func @index(%x: tensor<3xf32> {prune.input = "input"}) -> tensor<3xindex> {
  %e = tensor.empty() : tensor<3xindex>
  // expected-error@below {{cannot change the batch size: it is an index that 'linalg.generic' computes with}}
  %0 = linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]} ins(%x : tensor<3xf32>) outs(%e : tensor<3xindex>) {
  ^bb0(%in: f32, %out: index):
    %i = linalg.index 0 : index
    linalg.yield %i : index
  } -> tensor<3xindex>
  return %0 : tensor<3xindex>
}

// -----

func.func @constant(%x: tensor<2x2xf32> {prune.input = "input"}) -> tensor<2x2xf32> {
  %b = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  // expected-error@below {{'linalg.add' op cannot change the batch size: it is a dimension of a constant that is not a splat}}
  %0 = linalg.add ins(%x, %b : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @parameter(%x: tensor<2xf32> {prune.input = "input"}, %p: tensor<2xf32> {prune.param = #prune.param<"p", bias>}) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  // expected-error@below {{'linalg.add' op cannot change the batch size: it is a dimension of parameter 'p'}}
  %0 = linalg.add ins(%x, %p : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// expected-error@below {{expected inputs of one batch size, got 2 and 3}}
func.func @sizes(%x: tensor<2xf32> {prune.input = "a"}, %y: tensor<3xf32> {prune.input = "b"}) -> (tensor<2xf32>, tensor<3xf32>) {
  return %x, %y : tensor<2xf32>, tensor<3xf32>
}

// -----

// expected-error@below {{expected inputs of a static batch of at least 1, got 'tensor<?xf32>'}}
func.func @dynamic(%x: tensor<?xf32> {prune.input = "a"}) -> tensor<?xf32> {
  return %x : tensor<?xf32>
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

// -----

// A batch of one that is merged with tokens: the result may have rows of either.
func.func @merged(%x: tensor<1x5x4xf32> {prune.input = "x"}) -> tensor<5x4xf32> {
  %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<1x5x4xf32> into tensor<5x4xf32>
  // expected-error @below {{cannot change the batch size: it is returned as a part of a larger dimension}}
  return %0 : tensor<5x4xf32>
}

// -----

// A number of a batch of one: there is no dimension for more rows.
func.func @number(%x: tensor<1x4xf32> {prune.input = "x"}, %i: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{'linalg.reduce' op cannot change the batch size: it is reduced by 'linalg.reduce'}}
  %0 = linalg.reduce {arith.addf} ins(%x : tensor<1x4xf32>) outs(%i : tensor<f32>) dimensions = [0, 1]
  return %0 : tensor<f32>
}

// -----

// expected-error @below {{expected a result that depends on the batch, to change its size}}
func.func @constant(%x: tensor<8x4xf32> {prune.input = "x"}) -> tensor<8x2xf32> {
  %c = arith.constant dense<1.0> : tensor<8x2xf32>
  return %c : tensor<8x2xf32>
}

// -----

func.func @scalar(%x: tensor<1x1xf32> {prune.input = "x"}) -> tensor<1x1xf32> {
  // expected-error @below {{cannot change the batch size: it is reshaped to a tensor without dimensions}}
  %0 = tensor.collapse_shape %x [] : tensor<1x1xf32> into tensor<f32>
  %1 = tensor.expand_shape %0 [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
  return %1 : tensor<1x1xf32>
}

// -----

// expected-error @below {{expected a function whose results are no sums over the batch, to change its size}}
func.func @sums(%x: tensor<1x4xf32> {prune.input = "x"}) -> (tensor<1x4xf32> {prune.evidence = #prune.evidence<"w", input_norm>}) {
  return %x : tensor<1x4xf32>
}

// -----

// The rows are the steps of a loop.
func.func @steps(%x: tensor<8x2xf32> {prune.input = "input"}) -> tensor<1x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %z = arith.constant dense<0.0> : tensor<1x2xf32>
  %r = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %z) -> (tensor<1x2xf32>) {
    // expected-error@below {{'tensor.extract_slice' op cannot change the batch size: it is sliced}}
    %0 = tensor.extract_slice %x[%i, 0] [1, 2] [1, 1] : tensor<8x2xf32> to tensor<1x2xf32>
    %e = tensor.empty() : tensor<1x2xf32>
    %1 = linalg.add ins(%0, %s : tensor<1x2xf32>, tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
    scf.yield %1 : tensor<1x2xf32>
  }
  return %r : tensor<1x2xf32>
}

// -----

// A state that a parameter gives, one row for each row of the batch.
func.func @state(%x: tensor<8x2xf32> {prune.input = "input"}) -> tensor<8x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<8x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %r = scf.for %i = %c0 to %c1 step %c1 iter_args(%s = %p) -> (tensor<8x2xf32>) {
    // expected-error@below {{'linalg.add' op cannot change the batch size: it is combined with a value that does not come from a batch}}
    %1 = linalg.add ins(%x, %s : tensor<8x2xf32>, tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
    scf.yield %1 : tensor<8x2xf32>
  }
  return %r : tensor<8x2xf32>
}
