// Two neurons leave, one in each run. What is noted counts in the shape before the
// last run, or with compose-kept before the first.

// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{threshold=0.5},prune-compact-pipeline{record-kept},prune-mask-pipeline{threshold=0.8},prune-compact-pipeline{record-kept})" | FileCheck %s --check-prefix=LAST
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{threshold=0.5},prune-compact-pipeline{record-kept},prune-mask-pipeline{threshold=0.8},prune-compact-pipeline{record-kept compose-kept})" | FileCheck %s --check-prefix=FIRST

// LAST: arith.constant {prune.kept = [array<i64: 1, 2>, array<i64: 0, 1>], prune.param = #prune.param<"fc1.weight", weight>}
// LAST: arith.constant {prune.kept = [array<i64: 0>, array<i64: 1, 2>], prune.param = #prune.param<"fc2.weight", weight>}
// FIRST: arith.constant {prune.kept = [array<i64: 2, 3>, array<i64: 0, 1>], prune.param = #prune.param<"fc1.weight", weight>}
// FIRST: arith.constant {prune.kept = [array<i64: 0>, array<i64: 2, 3>], prune.param = #prune.param<"fc2.weight", weight>}
#x = affine_map<(r, o, i) -> (r, i)>
#w = affine_map<(r, o, i) -> (o, i)>
#y = affine_map<(r, o, i) -> (r, o)>
func.func @forward(%x: tensor<5x2xf32>) -> tensor<5x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>}
      dense<[[0.6, 0.6], [0.1, 0.1], [0.9, 0.9], [1.5, 1.5]]> : tensor<4x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<1.0> : tensor<1x4xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<5x4xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %h = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w1 : tensor<5x2xf32>, tensor<4x2xf32>) outs(%i1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %e2 = tensor.empty() : tensor<5x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<5x1xf32>) -> tensor<5x1xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%h, %w2 : tensor<5x4xf32>, tensor<1x4xf32>) outs(%i2 : tensor<5x1xf32>) -> tensor<5x1xf32>
  return %z : tensor<5x1xf32>
}
