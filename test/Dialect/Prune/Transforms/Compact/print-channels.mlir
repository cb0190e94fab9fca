// What elimination knows, as text; the module itself is not changed.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-print-channels)" -o %t.mlir 2>&1 | FileCheck %s
// RUN: prune-opt %s | diff - %t.mlir

// The middle row of the first weight is zero and so is what it gives; only its
// column is dead in the second weight.
// CHECK-LABEL: channels of @forward
// CHECK: arith.constant "fc1.weight" : tensor<3x2xf32>
// CHECK-NEXT: dim 0: 2 of 3 stay; dead 1; constant 0.000000e+00 at 1
// CHECK-NEXT: dim 1: 2 of 2 stay; kept: an argument of the function
// CHECK: arith.constant "fc2.weight" : tensor<1x3xf32>
// CHECK-NEXT: dim 0: 1 of 1 stay; kept: returned by the function
// CHECK-NEXT: dim 1: 2 of 3 stay; dead 1; constant 1.000000e+00 at 0-1; constant -1.000000e+00 at 2
// CHECK: linalg.matmul : tensor<4x3xf32>
// CHECK-NEXT: dim 0: 4 of 4 stay; kept: an argument of the function
// CHECK-NEXT: dim 1: 2 of 3 stay; dead 1; constant 0.000000e+00 at 1

// CHECK-LABEL: channels of @branches
// CHECK-NEXT: not analyzed: it has more than one block

// CHECK-NOT: @external
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]> : tensor<3x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[1.0, 1.0, -1.0]]> : tensor<1x3xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x2xf32>, tensor<3x2xf32>)
      outs(%i1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e2 = tensor.empty() : tensor<4x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x3xf32>, tensor<1x3xf32>)
      outs(%i2 : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y2 : tensor<4x1xf32>
}

func.func @branches(%c: i1, %x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<2xf32>
^b:
  return %y : tensor<2xf32>
}

func.func private @external(tensor<2xf32>)
