// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-kernels)" | FileCheck %s

// CHECK-LABEL: func @good
func.func @good(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}
