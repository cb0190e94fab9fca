// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-mask-gradients)"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-mask-gradients{roles=w})" 2>&1 | FileCheck %s
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-mask-gradients{roles=bias parameters=b,fc9.*})" 2>&1 | FileCheck %s --check-prefix=UNUSED

// UNUSED: warning: pattern 'fc9.*' matches no trainable parameter
// CHECK: error: expected a role weight, bias, scale, buffer or auxiliary, got 'w'

// expected-warning @below {{no parameter to mask}}
func.func @loss(%b: tensor<3xf32> {prune.param = #prune.param<"b", bias>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<3xf32> {prune.grad_of = "b"}) {
  return %x, %b : tensor<f32>, tensor<3xf32>
}

// -----

// expected-error @below {{trainable parameter 'w' has no gradient among the results}}
func.func @loss(%w: tensor<3xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}
