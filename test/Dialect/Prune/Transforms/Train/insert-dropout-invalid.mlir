// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-insert-dropout{rates=w:0.5})"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-dropout{rates=w:1})" 2>&1 | FileCheck %s --check-prefix=RATE
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-insert-dropout{rates=w:much})" 2>&1 | FileCheck %s --check-prefix=NUMBER

// RATE: error: expected a rate in [0, 1), got 'w:1'
// NUMBER: error: {{.*}}'w:much'

// expected-warning @below {{rate 'w:0.5' is of no layer}}
func.func @loss(%w: tensor<3xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<3xf32> {
  return %w : tensor<3xf32>
}

// -----

// expected-error @below {{expected a function without gradients: they would miss the dropout}}
func.func @loss(%w: tensor<3xf32> {prune.param = #prune.param<"w", weight>})
    -> (tensor<3xf32> {prune.grad_of = "w"}) {
  return %w : tensor<3xf32>
}

// -----

// expected-error @below {{expected the state "step" to be 'tensor<i64>', got 'tensor<i32>'}}
func.func @loss(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
                %step: tensor<i32> {prune.state = "step"}) -> tensor<2x3xf32> {
  %s = arith.constant dense<0.0> : tensor<2x3xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<2x4xf32>, tensor<3x4xf32>) outs(%s : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// expected-error @below {{expected a function named 'loss', found none}}
module {
}
