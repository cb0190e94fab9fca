// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-verify-compact)"

func.func @dead(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %w1 = arith.constant dense<[[0.0, 1.0], [2.0, 0.0]]> : tensor<2x2xf32>
  %w2 = arith.constant dense<[[1.0], [0.0]]> : tensor<2x1xf32>
  %f = arith.constant dense<0.0> : tensor<8x2xf32>
  %f1 = arith.constant dense<0.0> : tensor<8x1xf32>
  // expected-error@below {{expected no dead neuron, got 1 of 2 in dimension 1}}
  %z1 = linalg.matmul ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul ins(%z1, %w2 : tensor<8x2xf32>, tensor<2x1xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z2 : tensor<8x1xf32>
}

// -----

func.func @mask(%w: tensor<2xf32>, %m: tensor<2xi1>) -> tensor<2xf32> {
  // expected-error@below {{expected the compact form, got a mask, gate or score}}
  %0 = prune.apply_mask %w, %m : tensor<2xf32>
  return %0 : tensor<2xf32>
}
