// RUN: prune-opt %s --verify-diagnostics --pass-pipeline='builtin.module(prune-insert-admm)'
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-admm{function=ready rho=-1.0})' 2>&1 | FileCheck %s --check-prefix=RHO
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-admm{function=ready parameters=v})' 2>&1 | FileCheck %s --check-prefix=UNUSED

// RHO: expected a penalty rho that is not negative, got -1
// UNUSED: pattern 'v' matches no trainable parameter
// UNUSED: no parameter to pull

// expected-error @below {{trainable parameter 'w' has no gradient among the results}}
func.func @loss(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>}, %loss: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %loss : tensor<f32>
}

func.func @ready(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>}, %loss: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}) {
  return %loss, %w : tensor<f32>, tensor<2x8xf32>
}
