// RUN: prune-opt %s -split-input-file -verify-diagnostics

func.func @matmul_c1(%a: tensor<2x3xf32>, %b: memref<3x4xf32>, %c: tensor<2x4xf32>) {
  // expected-error@below {{expected operands that are all tensors or all memrefs}}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, memref<3x4xf32>) outs(%c : tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @matmul_c1_result(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<2x4xf32>) {
  // expected-error@below {{expected one result on tensors and none on memrefs}}
  onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%c : tensor<2x4xf32>)
  return
}

// -----

func.func @matmul_c2_inner(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<2x3xf32>) {
  // expected-error@below {{expected one inner extent, got 3 and 4}}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%c : tensor<2x3xf32>) {transpose_b} -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c2_destination(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<2x5xf32>) {
  // expected-error@below {{expected a destination of shape 2x4}}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%c : tensor<2x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_c2_bias(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %v: tensor<2xf32>, %c: tensor<2x4xf32>) {
  // expected-error@below {{expected a bias of 4 elements}}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) bias(%v : tensor<2xf32>) outs(%c : tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @matmul_c3(%a: memref<2x3xf32, strided<[1, 2]>>, %b: memref<3x4xf32>, %c: memref<2x4xf32>) {
  // expected-error@below {{expected memrefs with an innermost stride of one}}
  onednn.matmul ins(%a, %b : memref<2x3xf32, strided<[1, 2]>>, memref<3x4xf32>) outs(%c : memref<2x4xf32>)
  return
}

// -----

func.func @spmm_c2_values(%v: tensor<9xf32>, %i: tensor<8xi32>, %p: tensor<4xi32>, %x: tensor<8x64xf32>, %y: tensor<3x64xf32>) {
  // expected-error@below {{expected as many indices as values}}
  %0 = kernel.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<8xi32>, tensor<4xi32>, tensor<8x64xf32>) outs(%y : tensor<3x64xf32>) -> tensor<3x64xf32>
  return
}

// -----

func.func @spmm_c2_pointers(%v: tensor<9xf32>, %i: tensor<9xi32>, %p: tensor<3xi32>, %x: tensor<8x64xf32>, %y: tensor<3x64xf32>) {
  // expected-error@below {{expected one pointer more than the 3 rows, got 3}}
  %0 = kernel.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<9xi32>, tensor<3xi32>, tensor<8x64xf32>) outs(%y : tensor<3x64xf32>) -> tensor<3x64xf32>
  return
}

// -----

func.func @spmm_c2_columns(%v: tensor<9xf32>, %i: tensor<9xi32>, %p: tensor<4xi32>, %x: tensor<8x32xf32>, %y: tensor<3x64xf32>) {
  // expected-error@below {{expected 64 columns in x}}
  %0 = kernel.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<9xi32>, tensor<4xi32>, tensor<8x32xf32>) outs(%y : tensor<3x64xf32>) -> tensor<3x64xf32>
  return
}

// -----

func.func @spmm_c1(%v: memref<9xf32>, %i: tensor<9xi32>, %p: tensor<4xi32>, %x: tensor<8x64xf32>, %y: tensor<3x64xf32>) {
  // expected-error@below {{expected operands that are all tensors or all memrefs}}
  %0 = kernel.spmm ins(%v, %i, %p, %x : memref<9xf32>, tensor<9xi32>, tensor<4xi32>, tensor<8x64xf32>) outs(%y : tensor<3x64xf32>) -> tensor<3x64xf32>
  return
}

// -----

func.func @spmm_c3(%v: memref<9xf32>, %i: memref<9xi32>, %p: memref<4xi32>, %x: memref<8x64xf32, strided<[1, 8]>>, %y: memref<3x64xf32>) {
  // expected-error@below {{expected memrefs with an innermost stride of one}}
  kernel.spmm ins(%v, %i, %p, %x : memref<9xf32>, memref<9xi32>, memref<4xi32>, memref<8x64xf32, strided<[1, 8]>>) outs(%y : memref<3x64xf32>)
  return
}

// -----

func.func @select_groups_c1(%s: tensor<4xf32>, %k: memref<4xi8>, %r: f64) {
  // expected-error@below {{expected scores and a destination that are both tensors or both memrefs}}
  kernel.select_groups ins(%s : tensor<4xf32>) sparsity(%r) outs(%k : memref<4xi8>) groups = [4, 1]
  return
}

// -----

func.func @select_groups_c1_result(%s: tensor<4xf32>, %k: tensor<4xi8>, %r: f64) {
  // expected-error@below {{expected one result of the type of the destination on tensors and none on memrefs}}
  kernel.select_groups ins(%s : tensor<4xf32>) sparsity(%r) outs(%k : tensor<4xi8>) groups = [4, 1]
  return
}

// -----

func.func @select_groups_c2(%s: memref<4xf32>, %k: memref<4xi8>, %r: f64) {
  // expected-error@below {{expected two positive numbers per weight in groups}}
  kernel.select_groups ins(%s : memref<4xf32>) sparsity(%r) outs(%k : memref<4xi8>) groups = [4, 0]
  return
}

// -----

func.func @select_groups_c2_extent(%s: memref<4xf32>, %k: memref<5xi8>, %r: f64) {
  // expected-error@below {{expected 4 groups, got 5}}
  kernel.select_groups ins(%s : memref<4xf32>) sparsity(%r) outs(%k : memref<5xi8>) groups = [4, 1]
  return
}

// -----

func.func @select_groups_c3(%s: memref<4xf32, strided<[2]>>, %k: memref<4xi8>, %r: f64) {
  // expected-error@below {{expected memrefs with an innermost stride of one}}
  kernel.select_groups ins(%s : memref<4xf32, strided<[2]>>) sparsity(%r) outs(%k : memref<4xi8>) groups = [4, 1]
  return
}
