// RUN: prune-opt %s -split-input-file -verify-diagnostics

func.func @sparse_convolution_c1(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected a window of two positive extents, got [2]}}
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>)
      outs(%y : tensor<2x4x4x5xf32>) {window = array<i64: 2>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @sparse_convolution_c2_indices(%v: tensor<5xf32>, %i: tensor<4xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected as many indices as values}}
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<4xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>)
      outs(%y : tensor<2x4x4x5xf32>) {window = array<i64: 2, 2>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @sparse_convolution_c2_pointers(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<4xi32>, %x: tensor<2x3x5x6xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected one pointer more than the 4 channels, got 4}}
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<5xi32>, tensor<4xi32>, tensor<2x3x5x6xf32>)
      outs(%y : tensor<2x4x4x5xf32>) {window = array<i64: 2, 2>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @sparse_convolution_c3(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %b: tensor<3xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected a bias of 4 elements, got 'tensor<3xf32>'}}
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>)
      bias(%b : tensor<3xf32>) outs(%y : tensor<2x4x4x5xf32>) {window = array<i64: 2, 2>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @window_c4(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected an output of 2x4 places, got 4x5}}
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>)
      outs(%y : tensor<2x4x4x5xf32>) {window = array<i64: 4, 3>} -> tensor<2x4x4x5xf32>
  return
}

// -----

// Rows are those of input channels.
func.func @sparse_convolution_backward_data_c2(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<5xi32>, %dy: tensor<2x4x4x5xf32>, %dx: tensor<2x3x5x6xf32>) {
  // expected-error@below {{expected one pointer more than the 3 channels, got 5}}
  %0 = kernel.sparse_convolution_backward_data ins(%v, %i, %p, %dy : tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<2x4x4x5xf32>)
      outs(%dx : tensor<2x3x5x6xf32>) {window = array<i64: 2, 2>} -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @sparse_convolution_backward_weights_c2(%i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %dy: tensor<2x4x4x5xf32>, %v: tensor<6xf32>) {
  // expected-error@below {{expected as many indices as values}}
  %0 = kernel.sparse_convolution_backward_weights ins(%i, %p, %x, %dy : tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%v : tensor<6xf32>) {window = array<i64: 2, 2>} -> tensor<6xf32>
  return
}

// -----

func.func @sparse_convolution_backward_weights_c3(%i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %dy: tensor<2x4x4x5xf32>, %v: tensor<5xf32>, %b: tensor<5xf32>) {
  // expected-error@below {{expected a bias of 4 elements, got 'tensor<5xf32>'}}
  %0, %1 = kernel.sparse_convolution_backward_weights ins(%i, %p, %x, %dy : tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%v, %b : tensor<5xf32>, tensor<5xf32>) {window = array<i64: 2, 2>} -> tensor<5xf32>, tensor<5xf32>
  return
}

// -----

func.func @window_c1(%i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %dy: tensor<2x4x4x5xf32>, %v: tensor<5xf32>) {
  // expected-error@below {{expected one result per destination on tensors and none on memrefs}}
  kernel.sparse_convolution_backward_weights ins(%i, %p, %x, %dy : tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%v : tensor<5xf32>) {window = array<i64: 2, 2>}
  return
}

// -----

func.func @sparse_convolution_backward_data_c1(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<4xi32>, %dy: tensor<2x4x4x5xf32>, %dx: tensor<2x3x5x6xf32>) {
  // expected-error@below {{expected a window of two positive extents, got [2, 0]}}
  %0 = kernel.sparse_convolution_backward_data ins(%v, %i, %p, %dy : tensor<5xf32>, tensor<5xi32>, tensor<4xi32>, tensor<2x4x4x5xf32>)
      outs(%dx : tensor<2x3x5x6xf32>) {window = array<i64: 2, 0>} -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @sparse_convolution_backward_weights_c1(%i: tensor<5xi32>, %p: tensor<5xi32>, %x: tensor<2x3x5x6xf32>, %dy: tensor<2x4x4x5xf32>, %v: tensor<5xf32>) {
  // expected-error@below {{expected a window of two positive extents, got [2, 2, 1]}}
  %0 = kernel.sparse_convolution_backward_weights ins(%i, %p, %x, %dy : tensor<5xi32>, tensor<5xi32>, tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%v : tensor<5xf32>) {window = array<i64: 2, 2, 1>} -> tensor<5xf32>
  return
}

// -----

func.func @sparse_convolution_window_that_does_not_fit(%v: tensor<5xf32>, %i: tensor<5xi32>, %p: tensor<3xi32>, %x: tensor<16x1x1x5xf32>, %y: tensor<16x2x0x4xf32>) {
  // expected-error@below {{expected windows that fit in the padded input of 1x5 places}}
  %0 = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<5xf32>, tensor<5xi32>, tensor<3xi32>, tensor<16x1x1x5xf32>)
      outs(%y : tensor<16x2x0x4xf32>) {window = array<i64: 2, 2>} -> tensor<16x2x0x4xf32>
  return
}
