// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(convert-prune-to-linalg)"

func.func @sparsity(%s: tensor<4x8xf64>) -> tensor<4x8xi1> {
  // expected-error @+1 {{by sparsity has a run-time form for scores of f32 only, got 'tensor<4x8xf64>'}}
  %0 = prune.select_mask %s selection(<sparsity, 0.5>) granularity(<unstructured>) : (tensor<4x8xf64>) -> tensor<4x8xi1>
  return %0 : tensor<4x8xi1>
}

// -----

func.func @pattern(%s: tensor<4x6xf32>) -> tensor<4x6xi1> {
  // expected-error @+1 {{has no run-time form: its groups do not divide the weight}}
  %0 = prune.select_mask %s selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 1>) : (tensor<4x6xf32>) -> tensor<4x6xi1>
  return %0 : tensor<4x6xi1>
}
