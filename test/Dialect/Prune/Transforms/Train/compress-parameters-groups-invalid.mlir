// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-regularizers{kind=group_lasso strength=0.1})" 2>&1 | FileCheck %s
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-proximal-steps{function=loss kind=group_lasso granularity=channel:0})" 2>&1 | FileCheck %s

// Groups are of the weight, and a compressed one has lost its shape.
// CHECK: error: expected 'w' in its shape, which groups need, got its compressed values
func.func @loss(%v: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"}, %x: tensor<3xf32>, %o: tensor<f32>,
    %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.state = "w"}) {
  %w = prune.decompress %v pattern(dense<[0, 2]> : tensor<2xi32>) : tensor<2xf32> -> tensor<3xf32>
  %l = linalg.dot ins(%w, %x : tensor<3xf32>, tensor<3xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  return %l, %v : tensor<f32>, tensor<2xf32>
}
