// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-gradient)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-gradient{function=other})" | FileCheck %s

// Order and further arguments and results are free.
// CHECK-LABEL: func @loss
// CHECK: return
func.func @loss(%b: tensor<2xf32> {prune.param = #prune.param<"b", bias>}, %x: tensor<4x2xf32>,
                %w: tensor<2x2xf32> {prune.param = #prune.param<"w", weight>},
                %mean: tensor<2xf32> {prune.param = #prune.param<"mean", buffer>}, %l: tensor<f32>)
    -> (tensor<2x2xf32> {prune.grad_of = "w"}, tensor<4x2xf32> {prune.output = "logits"},
        tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "b"}) {
  return %w, %x, %l, %b : tensor<2x2xf32>, tensor<4x2xf32>, tensor<f32>, tensor<2xf32>
}

// CHECK-LABEL: func @other
func.func @other(%l: tensor<f64>) -> (tensor<f64> {prune.output = "loss"}) {
  return %l : tensor<f64>
}
