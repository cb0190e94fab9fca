// A gradient function from elsewhere, in the same shape, enters where it fits:
// it is not differentiated again, and its body stays as it is.

// RUN: prune-opt %s --allow-unregistered-dialect -o %t.before.mlir
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-train-pipeline{forward= function=backward stop-after=gradient})" | diff %t.before.mlir -
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-train-pipeline{forward= function=backward regularizer=l1 strength=0.5 mask})" | FileCheck %s

// CHECK: func @train_step(%[[W:[^:]*]]: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"}, %[[M:[^:]*]]: tensor<3x4xi1> {prune.state = "mask:w"}, %[[X:[^:]*]]: tensor<5x4xf32> {prune.input = "input"}, %[[LR:[^:]*]]: f32 {prune.input = "learning_rate"})
// CHECK: %[[S:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[FW:.*]]:2 = "framework.forward_backward"(%[[W]], %[[X]])
// CHECK: %[[P:.*]] = prune.regularize l1 %[[W]], %[[S]]
// CHECK: %[[R:.*]] = prune.regularize_gradient l1 %[[W]], %[[S]]
// CHECK: %[[G:.*]] = arith.addf %[[FW]]#1, %[[R]]
// CHECK: %[[L:.*]] = arith.addf %[[FW]]#0, %[[P]]
// CHECK: %[[NEW:.*]] = prune.sgd_update %[[W]], %[[G]], lr %[[LR]] mask %[[M]]
// CHECK: return %[[NEW]], %[[L]], %[[P]]
func.func @backward(%w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
                    %x: tensor<5x4xf32> {prune.input = "input"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<3x4xf32> {prune.grad_of = "w"}) {
  %0:2 = "framework.forward_backward"(%w, %x) : (tensor<3x4xf32>, tensor<5x4xf32>) -> (tensor<f32>, tensor<3x4xf32>)
  return %0#0, %0#1 : tensor<f32>, tensor<3x4xf32>
}
