// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-adjust-dropout{remaining=fc1.*:25})"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-adjust-dropout{remaining=fc1.*:few})" 2>&1 | FileCheck %s

// CHECK: error: {{.*}}'fc1.*:few'

func.func @loss(%x: tensor<2x4xf32>, %n: i64,
    %w1: tensor<6x4xf32> {prune.param = #prune.param<"fc1.weight", weight>}) -> tensor<2x6xf32> {
  %x1 = prune.dropout %x, %n rate 0.5 seed 0 : tensor<2x4xf32>
  %s1 = arith.constant dense<0.0> : tensor<2x6xf32>
  // expected-error @below {{expected at most}}
  %h = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x1, %w1 : tensor<2x4xf32>, tensor<6x4xf32>) outs(%s1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  return %h : tensor<2x6xf32>
}

// -----

// expected-error @below {{expected a function named 'loss', found none}}
module {
}
