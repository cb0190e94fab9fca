// RUN: prune-opt %s -split-input-file -verify-diagnostics

func.func @lane_permute_c2_steps(%v: tensor<24xf32>, %s: tensor<5x6xi16>, %g: tensor<2x2xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>, %b: tensor<3xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected steps of 7 numbers, got 'tensor<5x6xi16>'}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x6xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%b : tensor<3xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c2_pairs(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x3xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>, %b: tensor<3xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected groups of 2 numbers, got 'tensor<2x3xi32>'}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<2x3xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%b : tensor<3xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c2_groups(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<3x2xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>, %b: tensor<3xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected one group for each 16 of 3 rows and one more, got 'tensor<3x2xi32>'}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<3x2xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%b : tensor<3xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c2_rows(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x2xi32>, %r: tensor<4xi32>, %x: tensor<1x64xf32>, %b: tensor<3xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected an order of 3 rows, got 'tensor<4xi32>'}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<4xi32>, tensor<1x64xf32>) bias(%b : tensor<3xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c2_inputs(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x2xi32>, %r: tensor<3xi32>, %x: tensor<2x64xf32>, %b: tensor<3xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected 1 rows in x, got 'tensor<2x64xf32>'}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<2x64xf32>) bias(%b : tensor<3xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c2_bias(%v: tensor<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x2xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>, %b: tensor<4xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected a bias of 3 elements, got 'tensor<4xf32>'}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%b : tensor<4xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c1(%v: memref<24xf32>, %s: tensor<5x7xi16>, %g: tensor<2x2xi32>, %r: tensor<3xi32>, %x: tensor<1x64xf32>, %y: tensor<1x3xf32>) {
  // expected-error@below {{expected operands that are all tensors or all memrefs}}
  %0 = kernel.lane_permute ins(%v, %s, %g, %r, %x : memref<24xf32>, tensor<5x7xi16>, tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) outs(%y : tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @lane_permute_c3(%v: memref<24xf32>, %s: memref<5x7xi16>, %g: memref<2x2xi32>, %r: memref<3xi32>, %x: memref<2x64xf32, strided<[1, 2]>>, %y: memref<2x3xf32>) {
  // expected-error@below {{expected memrefs with an innermost stride of one}}
  kernel.lane_permute ins(%v, %s, %g, %r, %x : memref<24xf32>, memref<5x7xi16>, memref<2x2xi32>, memref<3xi32>, memref<2x64xf32, strided<[1, 2]>>) outs(%y : memref<2x3xf32>)
  return
}
