// RUN: prune-opt %s -split-input-file -verify-diagnostics

// generated_c2
func.func @f(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected 29 numbers in shape, got 2}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c2
func.func @f(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected no negative numbers in shape}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, -1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c2
func.func @f(%x: tensor<4x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected an input of 32 elements, got 64}}
  %y = kernel.generated ins(%x : tensor<4x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c2
func.func @f(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected a destination of 64 elements, got 48}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 64, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c3
func.func @f(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected pairs in segments and 7 numbers for each of panels}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0, 1>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c3
func.func @f(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{segment 1 lies outside of code or stream}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0, 64, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c1
func.func @mixed(%x: memref<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected an input and a destination that are both tensors or both memrefs}}
  %y = kernel.generated ins(%x : memref<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c1
func.func @gaps(%x: memref<2x16xf32, strided<[32, 1]>>, %o: memref<3x16xf32>) {
  // expected-error@below {{expected a memref without gaps}}
  kernel.generated ins(%x : memref<2x16xf32, strided<[32, 1]>>) outs(%o : memref<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>}
  return
}

// -----

// generated_c2
func.func @groups(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected groups that divide channels and results, got 3}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// generated_c2
func.func @tiles(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected segments of 1 groups and 2 tiles, got 1}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 2, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// -----

// reorder_c1
func.func @f(%x: memref<1x8x4x4xf32>, %o: tensor<1x8x32xf32>) -> tensor<1x8x32xf32> {
  // expected-error@below {{expected an input and a destination that are both tensors or both memrefs}}
  %y = kernel.reorder ins(%x : memref<1x8x4x4xf32>) outs(%o : tensor<1x8x32xf32>)
      {shape = array<i64: 1, 8, 4, 4, 4, 0, 32, 1>} -> tensor<1x8x32xf32>
  return %y : tensor<1x8x32xf32>
}

// -----

// reorder_c2
func.func @f(%x: tensor<1x8x4x4xf32>, %o: tensor<1x8x32xf32>) -> tensor<1x8x32xf32> {
  // expected-error@below {{expected 8 numbers in shape, got 2}}
  %y = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%o : tensor<1x8x32xf32>)
      {shape = array<i64: 1, 8>} -> tensor<1x8x32xf32>
  return %y : tensor<1x8x32xf32>
}

// -----

// reorder_c2
func.func @f(%x: tensor<1x8x4x4xf32>, %o: tensor<1x8x32xf32>) -> tensor<1x8x32xf32> {
  // expected-error@below {{expected extents of at least 1 in shape}}
  %y = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%o : tensor<1x8x32xf32>)
      {shape = array<i64: 1, 8, 0, 4, 4, 0, 32, 1>} -> tensor<1x8x32xf32>
  return %y : tensor<1x8x32xf32>
}

// -----

// reorder_c2
func.func @f(%x: tensor<1x8x4x4xf32>, %o: tensor<1x8x32xf32>) -> tensor<1x8x32xf32> {
  // expected-error@below {{expected no fewer columns than width}}
  %y = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%o : tensor<1x8x32xf32>)
      {shape = array<i64: 1, 8, 4, 4, 3, 0, 32, 1>} -> tensor<1x8x32xf32>
  return %y : tensor<1x8x32xf32>
}

// -----

// reorder_c2
func.func @f(%x: tensor<1x8x4x4xf32>, %o: tensor<1x8x32xf32>) -> tensor<1x8x32xf32> {
  // expected-error@below {{expected a plane of at least 48, got 32}}
  %y = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%o : tensor<1x8x32xf32>)
      {shape = array<i64: 1, 8, 4, 4, 4, 32, 32, 1>} -> tensor<1x8x32xf32>
  return %y : tensor<1x8x32xf32>
}

// -----

// reorder_c2
func.func @f(%x: tensor<1x8x32xf32>, %o: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  // expected-error@below {{expected images of 128 elements and 256 in their order, got 256 and 128}}
  %y = kernel.reorder ins(%x : tensor<1x8x32xf32>) outs(%o : tensor<1x8x4x4xf32>)
      {shape = array<i64: 1, 8, 4, 4, 4, 0, 32, 1>} -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// -----

func.func @together(%x: tensor<24x8x4x4xf32>, %e: tensor<2x16x9x16xf32>) -> tensor<2x16x9x16xf32> {
  // expected-error@below {{expected 1 image, or 16 that divide all and have a plane, to lie together, got 16}}
  %y = kernel.reorder ins(%x : tensor<24x8x4x4xf32>) outs(%e : tensor<2x16x9x16xf32>)
      {shape = array<i64: 24, 8, 4, 4, 4, 0, 16, 16>} -> tensor<2x16x9x16xf32>
  return %y : tensor<2x16x9x16xf32>
}
