// Which channels leave only together; the module itself is not changed.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-print-groups)" -o %t.mlir 2>&1 | FileCheck %s
// RUN: prune-opt %s | diff - %t.mlir

// The first two layers add to each other, and the third reads the sum with two
// numbers for each channel.
// CHECK-LABEL: channel groups of @residual
// CHECK-NEXT: 3 channels{{$}}
// CHECK-NEXT: "fc1.weight" dim 0: 0-2{{$}}
// CHECK-NEXT: "fc1.bias" dim 0: 0-2{{$}}
// CHECK-NEXT: "fc2.weight" dim 0: 0-2{{$}}
// CHECK-NEXT: "fc2.weight" dim 1: 0-2{{$}}
// CHECK-NEXT: "fc3.weight" dim 1: 0-2{{$}}
// CHECK-NEXT: tied by linalg.add at {{.*}}print-groups.mlir:[[#]]:[[#]]
// CHECK-NEXT: 2 channels, kept: an argument of the function
// CHECK-NEXT: "fc1.weight" dim 1: 0-1
// CHECK-NEXT: 1 channel, kept: returned by the function
// CHECK-NEXT: "fc3.weight" dim 0: 0

// Two layers side by side: each has its own group, and the reader columns of
// both.
// CHECK-LABEL: channel groups of @concatenation
// CHECK: 3 channels{{$}}
// CHECK-NEXT: "a.weight" dim 0: 0-2{{$}}
// CHECK-NEXT: "c.weight" dim 1: 0-2{{$}}
// CHECK-NOT: tied by
// CHECK: 2 channels{{$}}
// CHECK-NEXT: "b.weight" dim 0: 0-1{{$}}
// CHECK-NEXT: "c.weight" dim 1: 3-4{{$}}
// CHECK-NOT: tied by

// CHECK-LABEL: channel groups of @flattened
// CHECK-NEXT: 2 channels{{$}}
// CHECK-NEXT: "conv.weight" dim 0: 0-1{{$}}
// CHECK-NEXT: "fc.weight" dim 1: 0-7, 4 for each channel

// CHECK-LABEL: channel groups of @branches
// CHECK-NEXT: not analyzed: it has more than one block

// CHECK-NOT: @external
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @residual(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 2.0], [5.0, 6.0], [3.0, 4.0]]> : tensor<3x2xf32>
  %b1 = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[1.0, 1.0, -1.0], [2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]> : tensor<3x3xf32>
  %w3 = arith.constant {prune.param = #prune.param<"fc3.weight", weight>} dense<[[1.0, 1.0, -1.0]]> : tensor<1x3xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x3xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<3xf32>) outs(%e1 : tensor<4x3xf32>) dimensions = [0]
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x2xf32>, tensor<3x2xf32>)
      outs(%i1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e2 = tensor.empty() : tensor<4x3xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x3xf32>, tensor<3x3xf32>)
      outs(%i2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e3 = tensor.empty() : tensor<4x3xf32>
  %sum = linalg.add ins(%y1, %y2 : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e3 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e4 = tensor.empty() : tensor<4x1xf32>
  %i4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y4 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%sum, %w3 : tensor<4x3xf32>, tensor<1x3xf32>)
      outs(%i4 : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y4 : tensor<4x1xf32>
}

func.func @concatenation(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %wa = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[1.0, 2.0], [5.0, 6.0], [3.0, 4.0]]> : tensor<3x2xf32>
  %wb = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<[[1.0, 2.0], [5.0, 6.0]]> : tensor<2x2xf32>
  %wc = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 2.0, 3.0, 4.0, 5.0]]> : tensor<1x5xf32>
  %zero = arith.constant 0.0 : f32
  %ea = tensor.empty() : tensor<4x3xf32>
  %ia = linalg.fill ins(%zero : f32) outs(%ea : tensor<4x3xf32>) -> tensor<4x3xf32>
  %ya = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %wa : tensor<4x2xf32>, tensor<3x2xf32>)
      outs(%ia : tensor<4x3xf32>) -> tensor<4x3xf32>
  %eb = tensor.empty() : tensor<4x2xf32>
  %ib = linalg.fill ins(%zero : f32) outs(%eb : tensor<4x2xf32>) -> tensor<4x2xf32>
  %yb = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %wb : tensor<4x2xf32>, tensor<2x2xf32>)
      outs(%ib : tensor<4x2xf32>) -> tensor<4x2xf32>
  %both = tensor.concat dim(1) %ya, %yb : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<4x5xf32>
  %ec = tensor.empty() : tensor<4x1xf32>
  %ic = linalg.fill ins(%zero : f32) outs(%ec : tensor<4x1xf32>) -> tensor<4x1xf32>
  %yc = linalg.matmul indexing_maps = [#a, #b, #c] ins(%both, %wc : tensor<4x5xf32>, tensor<1x5xf32>)
      outs(%ic : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %yc : tensor<4x1xf32>
}

func.func @flattened(%x: tensor<1x1x2x2xf32>) -> tensor<1x1xf32> {
  %w = arith.constant {prune.param = #prune.param<"conv.weight", weight>} dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %v = arith.constant {prune.param = #prune.param<"fc.weight", weight>} dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<1x8xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>)
      outs(%i : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %flat = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<1x2x2x2xf32> into tensor<1x8xf32>
  %e2 = tensor.empty() : tensor<1x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x1xf32>) -> tensor<1x1xf32>
  %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%flat, %v : tensor<1x8xf32>, tensor<1x8xf32>)
      outs(%i2 : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %z : tensor<1x1xf32>
}

func.func @branches(%c: i1, %x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<2xf32>
^b:
  return %y : tensor<2xf32>
}

func.func private @external(tensor<2xf32>)
