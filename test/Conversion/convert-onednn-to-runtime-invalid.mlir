// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-onednn-to-runtime)" -verify-diagnostics

func.func @tensors(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@below {{expected memrefs, got tensors: bufferize first}}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%c : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
