// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{strength=0.5})' | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{strength=0.5})' --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{kind=group_lasso granularity=channel:1 runtime-strength=true strengths=w:2.0})' | FileCheck %s --check-prefix=GROUP
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-proximal-steps{function=holding})' | FileCheck %s --check-prefix=HOLD

// CHECK-LABEL: func @train_step(
// CHECK-SAME: %[[W:[^:]*]]: tensor<2x8xf32> {prune.param
// CHECK-SAME: %[[LR:[^:]*]]: f32 {prune.input = "learning_rate"})
// CHECK: %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[T:.*]] = arith.mulf %[[LR]], %[[HALF]] : f32
// CHECK: %[[W1:.*]] = prune.sgd_update %[[W]]
// CHECK: %[[W2:.*]] = prune.proximal l1 %[[W1]], %[[T]] : tensor<2x8xf32>
// CHECK: return %[[W2]], %{{.*}}
// STAT: 1 num-proximal-steps

// GROUP-LABEL: func @train_step(
// GROUP-SAME: %[[LR:[^:]*]]: f32 {prune.input = "learning_rate"}, %[[S:[^:]*]]: f32 {prune.input = "strength"})
// GROUP: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// GROUP: %[[OWN:.*]] = arith.mulf %[[S]], %[[TWO]]
// GROUP: %[[T:.*]] = arith.mulf %[[LR]], %[[OWN]]
// GROUP: prune.proximal group_lasso %{{.*}}, %[[T]] granularity(<channel, axis = 1>) : tensor<2x8xf32>
func.func @train_step(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
    %g: tensor<2x8xf32>, %loss: tensor<f32>, %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  %w1 = prune.sgd_update %w, %g, lr %lr : (tensor<2x8xf32>, tensor<2x8xf32>, f32) -> tensor<2x8xf32>
  return %w1, %loss : tensor<2x8xf32>, tensor<f32>
}

// What the update holds is held.
// HOLD-LABEL: func @holding(
// HOLD: %[[W1:.*]] = prune.sgd_update
// HOLD: %[[W2:.*]] = prune.proximal l1 %[[W1]]
// HOLD: %[[W3:.*]] = arith.select %{{.*}}, %[[W2]], %[[W1]] : tensor<2x8xi1>, tensor<2x8xf32>
// HOLD: return %[[W3]]
func.func @holding(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
    %m: tensor<2x8xi1> {prune.state = "mask:w"}, %g: tensor<2x8xf32>, %loss: tensor<f32>, %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  %w1 = prune.sgd_update %w, %g, lr %lr mask %m {freeze_masked} : (tensor<2x8xf32>, tensor<2x8xf32>, f32, tensor<2x8xi1>) -> tensor<2x8xf32>
  return %w1, %loss : tensor<2x8xf32>, tensor<f32>
}
