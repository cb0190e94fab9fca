// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(convert-prune-to-linalg)"

func.func @sparsity(%s: tensor<4x8xf64>) -> tensor<4x8xi1> {
  // expected-error @+1 {{by sparsity has a run-time form for scores of at most 32 bits, got 'tensor<4x8xf64>'}}
  %0 = prune.select_mask %s selection(<sparsity, 0.5>) granularity(<unstructured>) : (tensor<4x8xf64>) -> tensor<4x8xi1>
  return %0 : tensor<4x8xi1>
}
