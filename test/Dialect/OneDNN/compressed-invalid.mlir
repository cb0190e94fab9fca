// RUN: prune-opt %s -split-input-file -verify-diagnostics

func.func @sddmm_c1(%i: tensor<9xi32>, %p: tensor<4xi32>, %a: memref<3x64xf32>, %b: tensor<8x64xf32>, %v: tensor<9xf32>) {
  // expected-error@below {{expected operands that are all tensors or all memrefs}}
  %0 = kernel.sddmm ins(%i, %p, %a, %b : tensor<9xi32>, tensor<4xi32>, memref<3x64xf32>, tensor<8x64xf32>) outs(%v : tensor<9xf32>) -> tensor<9xf32>
  return
}

// -----

func.func @sddmm_c2_indices(%i: tensor<8xi32>, %p: tensor<4xi32>, %a: tensor<3x64xf32>, %b: tensor<8x64xf32>, %v: tensor<9xf32>) {
  // expected-error@below {{expected as many indices as results}}
  %0 = kernel.sddmm ins(%i, %p, %a, %b : tensor<8xi32>, tensor<4xi32>, tensor<3x64xf32>, tensor<8x64xf32>) outs(%v : tensor<9xf32>) -> tensor<9xf32>
  return
}

// -----

func.func @sddmm_c2_pointers(%i: tensor<9xi32>, %p: tensor<3xi32>, %a: tensor<3x64xf32>, %b: tensor<8x64xf32>, %v: tensor<9xf32>) {
  // expected-error@below {{expected one pointer more than the 3 rows, got 3}}
  %0 = kernel.sddmm ins(%i, %p, %a, %b : tensor<9xi32>, tensor<3xi32>, tensor<3x64xf32>, tensor<8x64xf32>) outs(%v : tensor<9xf32>) -> tensor<9xf32>
  return
}

// -----

func.func @sddmm_c2_inner(%i: tensor<9xi32>, %p: tensor<4xi32>, %a: tensor<3x64xf32>, %b: tensor<8x32xf32>, %v: tensor<9xf32>) {
  // expected-error@below {{expected one inner extent, got 64 and 32}}
  %0 = kernel.sddmm ins(%i, %p, %a, %b : tensor<9xi32>, tensor<4xi32>, tensor<3x64xf32>, tensor<8x32xf32>) outs(%v : tensor<9xf32>) -> tensor<9xf32>
  return
}

// -----

func.func @sddmm_c3(%i: memref<9xi32>, %p: memref<4xi32>, %a: memref<3x64xf32, strided<[1, 3]>>, %b: memref<8x64xf32>, %v: memref<9xf32>) {
  // expected-error@below {{expected memrefs with an innermost stride of one}}
  kernel.sddmm ins(%i, %p, %a, %b : memref<9xi32>, memref<4xi32>, memref<3x64xf32, strided<[1, 3]>>, memref<8x64xf32>) outs(%v : memref<9xf32>)
  return
}

// -----

func.func @transpose_c1(%x: tensor<8x64xf32>, %y: tensor<64x8xf32>) {
  // expected-error@below {{expected one result on tensors and none on memrefs}}
  kernel.transpose ins(%x : tensor<8x64xf32>) outs(%y : tensor<64x8xf32>)
  return
}

// -----

func.func @transpose_c2(%x: tensor<8x64xf32>, %y: tensor<64x9xf32>) {
  // expected-error@below {{expected a destination of shape 64x8, got 'tensor<64x9xf32>'}}
  %0 = kernel.transpose ins(%x : tensor<8x64xf32>) outs(%y : tensor<64x9xf32>) -> tensor<64x9xf32>
  return
}

// -----

func.func @transpose_c3(%x: memref<8x64xf32, strided<[1, 8]>>, %y: memref<64x8xf32>) {
  // expected-error@below {{expected memrefs with an innermost stride of one}}
  kernel.transpose ins(%x : memref<8x64xf32, strided<[1, 8]>>) outs(%y : memref<64x8xf32>)
  return
}
