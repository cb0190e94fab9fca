// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-train-step)" | FileCheck %s

// CHECK-LABEL: func @train_step
func.func @train_step(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
                      %v: tensor<2xf32> {prune.state = "velocity:w"}, %m: tensor<2xi1> {prune.state = "mask:w"},
                      %ema: tensor<7xf32> {prune.state = "average"}, %l: tensor<f32>, %lr: f32 {prune.input = "learning_rate"})
    -> (tensor<2xf32> {prune.state = "w"}, tensor<2xf32> {prune.state = "velocity:w"},
        tensor<7xf32> {prune.state = "average"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %v, %ema, %l : tensor<2xf32>, tensor<2xf32>, tensor<7xf32>, tensor<f32>
}

// Parameters may have the names of what belongs to others.
// CHECK-LABEL: func @names
func.func @names(%w: tensor<2xf32> {prune.param = #prune.param<"mask", weight>, prune.state = "mask"},
                 %v: tensor<2xf32> {prune.state = "velocity:mask"})
    -> (tensor<2xf32> {prune.state = "mask"}, tensor<2xf32> {prune.state = "velocity:mask"}, tensor<f32> {prune.output = "loss"}) {
  %loss = arith.constant dense<0.0> : tensor<f32>
  return %w, %v, %loss : tensor<2xf32>, tensor<2xf32>, tensor<f32>
}
