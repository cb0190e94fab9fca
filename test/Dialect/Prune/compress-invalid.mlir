// RUN: prune-opt %s --split-input-file --verify-diagnostics

// decompress_c1
func.func @f(%v: tensor<3x1xf32>) {
  // expected-error @below {{expected values that are a vector of 'f32', got 'tensor<3x1xf32>'}}
  %0 = prune.decompress %v pattern(dense<[0, 2, 5]> : tensor<3xi32>) : tensor<3x1xf32> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c1
func.func @f(%v: tensor<3xf64>) {
  // expected-error @below {{expected values that are a vector of 'f32', got 'tensor<3xf64>'}}
  %0 = prune.decompress %v pattern(dense<[0, 2, 5]> : tensor<3xi32>) : tensor<3xf64> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c2
func.func @f(%v: tensor<3xf32>) {
  // expected-error @below {{expected a pattern of 3 different indices of type i32, at least one, got one of type 'tensor<2xi32>'}}
  %0 = prune.decompress %v pattern(dense<[0, 2]> : tensor<2xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c2
func.func @f(%v: tensor<2xf32>) {
  // expected-error @below {{got one of type 'tensor<2xi64>'}}
  %0 = prune.decompress %v pattern(dense<[0, 2]> : tensor<2xi64>) : tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c2
func.func @f(%v: tensor<2xf32>) {
  // expected-error @below {{expected a pattern of 2 different indices of type i32}}
  %0 = prune.decompress %v pattern(dense<1> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c2
func.func @f(%v: tensor<0xf32>) {
  // expected-error @below {{at least one, got one of type 'tensor<0xi32>'}}
  %0 = prune.decompress %v pattern(dense<> : tensor<0xi32>) : tensor<0xf32> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c3
func.func @f(%v: tensor<3xf32>) {
  // expected-error @below {{expected indices that ascend and are below 6, got 2}}
  %0 = prune.decompress %v pattern(dense<[0, 3, 2]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// decompress_c3
func.func @f(%v: tensor<3xf32>) {
  // expected-error @below {{expected indices that ascend and are below 6, got 6}}
  %0 = prune.decompress %v pattern(dense<[0, 3, 6]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// compress_c1
func.func @f(%w: tensor<2x3xf32>) {
  // expected-error @below {{expected indices that ascend and are below 6, got -1}}
  %0 = prune.compress %w pattern(dense<[-1, 3]> : tensor<2xi32>) : tensor<2x3xf32> -> tensor<2xf32>
  return
}
