// RUN: prune-opt %s -split-input-file -verify-diagnostics

func.func @window_c1(%x: tensor<2x3x5x6xf32>, %w: memref<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected operands that are all tensors or all memrefs}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, memref<4x3x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @window_c1_results(%x: tensor<2x3x6x6xf32>, %y: tensor<2x3x3x3xf32>, %k: tensor<2x3x3x3xi8>) {
  // expected-error@below {{expected one result per destination on tensors and none on memrefs}}
  %0 = kernel.max_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y, %k : tensor<2x3x3x3xf32>, tensor<2x3x3x3xi8>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x3x3xf32>
  return
}

// -----

func.func @window_c1_types(%x: tensor<2x3x6x6xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@below {{expected results of the types of the destinations, got 'tensor<2x3x3x4xf32>' for 'tensor<2x3x3x3xf32>'}}
  %0 = kernel.max_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y : tensor<2x3x3x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x3x4xf32>
  return
}

// -----

func.func @window_c2(%x: tensor<?x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<?x4x4x5xf32>) {
  // expected-error@below {{expected static shapes, got 'tensor<?x3x5x6xf32>'}}
  %0 = onednn.convolution ins(%x, %w : tensor<?x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%y : tensor<?x4x4x5xf32>) -> tensor<?x4x4x5xf32>
  return
}

// -----

func.func @window_c2_gaps(%x: memref<2x3x5x6xf32, strided<[100, 30, 6, 1]>>, %w: memref<4x3x2x2xf32>, %y: memref<2x4x4x5xf32>) {
  // expected-error@below {{expected memrefs without gaps}}
  onednn.convolution ins(%x, %w : memref<2x3x5x6xf32, strided<[100, 30, 6, 1]>>, memref<4x3x2x2xf32>) outs(%y : memref<2x4x4x5xf32>)
  return
}

// -----

func.func @window_c3_strides(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected two positive strides, got [1, 0]}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>)
      {strides = array<i64: 1, 0>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @window_c3_dilations(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected two positive dilations, got [1]}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>)
      {dilations = array<i64: 1>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @window_c3_padding(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected four numbers of padding that are not negative, got [0, -1, 0, 0]}}
  %0 = onednn.convolution_backward_data ins(%y, %w : tensor<2x4x4x5xf32>, tensor<4x3x2x2xf32>) outs(%x : tensor<2x3x5x6xf32>)
      {padding = array<i64: 0, -1, 0, 0>} -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @window_c3_groups(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected a positive number of groups, got 0}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>)
      {groups = 0 : i64} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @window_c4(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected an output of 6x5 places, got 4x5}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>)
      {padding = array<i64: 1, 0, 1, 0>} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @window_c4_images(%x: tensor<3x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected one number of images, got 3 and 2}}
  %0 = onednn.convolution_backward_weights ins(%x, %y : tensor<3x3x5x6xf32>, tensor<2x4x4x5xf32>) outs(%w : tensor<4x3x2x2xf32>) -> tensor<4x3x2x2xf32>
  return
}

// -----

func.func @window_c4_channels(%x: tensor<2x3x6x6xf32>, %y: tensor<2x4x3x3xf32>) {
  // expected-error@below {{expected one number of channels, got 3 and 4}}
  %0 = kernel.average_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y : tensor<2x4x3x3xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x4x3x3xf32>
  return
}

// -----

func.func @window_c4_window(%x: tensor<2x3x6x6xf32>, %y: tensor<2x3x3x3xf32>) {
  // expected-error@below {{expected a window of two positive extents, got [2]}}
  %0 = kernel.average_pool_backward ins(%y : tensor<2x3x3x3xf32>) outs(%x : tensor<2x3x6x6xf32>)
      {window = array<i64: 2>} -> tensor<2x3x6x6xf32>
  return
}

// -----

func.func @convolution_c1(%x: tensor<2x4x5x6xf32>, %w: tensor<4x4x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected weights from 4 to 4 channels in 2 groups, got 'tensor<4x4x2x2xf32>'}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x4x5x6xf32>, tensor<4x4x2x2xf32>) outs(%y : tensor<2x4x4x5xf32>)
      {groups = 2 : i64} -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @convolution_c2(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %b: tensor<3xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected a bias of 4 elements}}
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) bias(%b : tensor<3xf32>) outs(%y : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  return
}

// -----

func.func @convolution_backward_data_c1(%x: tensor<2x3x5x6xf32>, %w: tensor<4x4x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected weights from 3 to 4 channels in 1 groups}}
  %0 = onednn.convolution_backward_data ins(%y, %w : tensor<2x4x4x5xf32>, tensor<4x4x2x2xf32>) outs(%x : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @convolution_backward_weights_c1(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected weights from 3 to 4 channels in 2 groups}}
  %0 = onednn.convolution_backward_weights ins(%x, %y : tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>) outs(%w : tensor<4x3x2x2xf32>)
      {groups = 2 : i64} -> tensor<4x3x2x2xf32>
  return
}

// -----

func.func @convolution_backward_weights_c2(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %b: tensor<3xf32>, %y: tensor<2x4x4x5xf32>) {
  // expected-error@below {{expected a bias of 4 elements}}
  %0, %1 = onednn.convolution_backward_weights ins(%x, %y : tensor<2x3x5x6xf32>, tensor<2x4x4x5xf32>)
      outs(%w, %b : tensor<4x3x2x2xf32>, tensor<3xf32>) -> tensor<4x3x2x2xf32>, tensor<3xf32>
  return
}

// -----

func.func @max_pool_c1(%x: tensor<2x3x6x6xf32>, %y: tensor<2x3x3x3xf32>, %k: tensor<2x3x3x2xi8>) {
  // expected-error@below {{expected a workspace of the shape of 'tensor<2x3x3x3xf32>'}}
  %0, %1 = kernel.max_pool ins(%x : tensor<2x3x6x6xf32>) outs(%y, %k : tensor<2x3x3x3xf32>, tensor<2x3x3x2xi8>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x3x3xf32>, tensor<2x3x3x2xi8>
  return
}

// -----

func.func @max_pool_backward_c1(%x: tensor<2x3x32x32xf32>, %y: tensor<2x3x1x1xf32>, %k: tensor<2x3x1x1xi8>) {
  // expected-error@below {{expected a window of at most 256 elements, got 1024}}
  %0 = kernel.max_pool_backward ins(%y, %k : tensor<2x3x1x1xf32>, tensor<2x3x1x1xi8>) outs(%x : tensor<2x3x32x32xf32>)
      {window = array<i64: 32, 32>} -> tensor<2x3x32x32xf32>
  return
}
