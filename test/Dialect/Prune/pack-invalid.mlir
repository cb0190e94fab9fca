// RUN: prune-opt %s --split-input-file --verify-diagnostics

// unpack_c1
func.func @f(%v: tensor<3x1xf32>) {
  // expected-error @below {{expected values that are a vector of 'f32', got 'tensor<3x1xf32>'}}
  %0 = prune.unpack %v pattern(dense<[0, 2, 5]> : tensor<3xi32>) : tensor<3x1xf32> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c1
func.func @f(%v: tensor<3xf64>) {
  // expected-error @below {{expected values that are a vector of 'f32', got 'tensor<3xf64>'}}
  %0 = prune.unpack %v pattern(dense<[0, 2, 5]> : tensor<3xi32>) : tensor<3xf64> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c2
func.func @f(%v: tensor<3xf32>) {
  // expected-error @below {{expected a pattern of 3 different indices of type i32, at least one, got one of type 'tensor<2xi32>'}}
  %0 = prune.unpack %v pattern(dense<[0, 2]> : tensor<2xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c2
func.func @f(%v: tensor<2xf32>) {
  // expected-error @below {{got one of type 'tensor<2xi64>'}}
  %0 = prune.unpack %v pattern(dense<[0, 2]> : tensor<2xi64>) : tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c2
func.func @f(%v: tensor<2xf32>) {
  // expected-error @below {{expected a pattern of 2 different indices of type i32}}
  %0 = prune.unpack %v pattern(dense<1> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c2
func.func @f(%v: tensor<0xf32>) {
  // expected-error @below {{at least one, got one of type 'tensor<0xi32>'}}
  %0 = prune.unpack %v pattern(dense<> : tensor<0xi32>) : tensor<0xf32> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c3
func.func @f(%v: tensor<3xf32>) {
  // expected-error @below {{expected indices that ascend and are below 6, got 2}}
  %0 = prune.unpack %v pattern(dense<[0, 3, 2]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// unpack_c3
func.func @f(%v: tensor<3xf32>) {
  // expected-error @below {{expected indices that ascend and are below 6, got 6}}
  %0 = prune.unpack %v pattern(dense<[0, 3, 6]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// pack_c1
func.func @f(%w: tensor<2x3xf32>) {
  // expected-error @below {{expected indices that ascend and are below 6, got -1}}
  %0 = prune.pack %w pattern(dense<[-1, 3]> : tensor<2xi32>) : tensor<2x3xf32> -> tensor<2xf32>
  return
}
