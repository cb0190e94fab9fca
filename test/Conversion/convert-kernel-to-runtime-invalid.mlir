// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-kernel-to-runtime)" -verify-diagnostics

func.func @f(%x: tensor<2x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  // expected-error@below {{expected memrefs, got tensors: bufferize first}}
  %y = kernel.generated ins(%x : tensor<2x16xf32>) outs(%o : tensor<3x16xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>, shape = array<i64: 1, 2, 1, 16, 48, 16, 16, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>} -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}
