// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-train-batch-norms{momentum=0.25})" --prune-pass-statistics -o %t.mlir 2>&1 | FileCheck %s --check-prefix=STATS %}
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(prune-train-batch-norms{momentum=0.25})" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-batch-norms{function=fixed})" --remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-batch-norms{momentum=0.25},prune-differentiate,prune-verify-gradient,prune-build-train-step,prune-verify-train-step)" | FileCheck %s --check-prefix=STEP
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-batch-norms{function=done})" | FileCheck %s --check-prefix=DONE

// STATS: 1 num-batch-norms-trained

// The running variance takes the unbiased one: 6 elements, 0.25 * 6 / 5.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x4x3xf32> {{{.*}}}, %[[G:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[B:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[M:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[V:[^:]*]]: tensor<4xf32>
// CHECK-SAME: -> (tensor<f32> {prune.output = "loss"}, tensor<4xf32> {prune.state = "bn.mean"}, tensor<4xf32> {prune.state = "bn.var"})
// CHECK: %[[Y:.*]], %[[MEAN:.*]], %[[VAR:.*]] = prune.batch_norm_training %[[X]], %[[G]], %[[B]] epsilon
// CHECK: %[[L:.*]] = linalg.reduce {{.*}} ins(%[[Y]] :
// CHECK: arith.constant 2.500000e-01
// CHECK: %[[M1:.*]] = linalg.generic {{.*}} ins(%[[M]], %[[MEAN]] :
// CHECK: arith.constant 1.200000e+00
// CHECK: %[[V1:.*]] = linalg.generic {{.*}} ins(%[[V]], %[[VAR]] :
// CHECK: return %[[L]], %[[M1]], %[[V1]]

// STEP-LABEL: func.func @train_step(
// STEP-SAME: %{{.*}}: tensor<4xf32> {prune.param = #prune.param<"bn.mean", buffer>, prune.state = "bn.mean"}
// STEP-SAME: -> (tensor<4xf32> {prune.state = "bn.weight"}, tensor<4xf32> {prune.state = "bn.bias"}, tensor<4xf32> {prune.state = "bn.mean"}, tensor<4xf32> {prune.state = "bn.var"}, tensor<f32> {prune.output = "loss"})
// STEP: prune.batch_norm_gradient
func.func @loss(%x: tensor<2x4x3xf32> {prune.input = "input"}, %g: tensor<4xf32> {prune.param = #prune.param<"bn.weight", scale>},
                %b: tensor<4xf32> {prune.param = #prune.param<"bn.bias", bias>}, %m: tensor<4xf32> {prune.param = #prune.param<"bn.mean", buffer>},
                %v: tensor<4xf32> {prune.param = #prune.param<"bn.var", buffer>}) -> (tensor<f32> {prune.output = "loss"}) {
  %y = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5 : tensor<2x4x3xf32>, tensor<4xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %l = linalg.reduce { arith.addf } ins(%y : tensor<2x4x3xf32>) outs(%zero : tensor<f32>) dimensions = [0, 1, 2]
  return %l : tensor<f32>
}

// A mean that is trained is no running mean.

// CHECK-LABEL: func.func @fixed(
// CHECK: prune.batch_norm %
// REMARK: keeps the statistics that it is given: they are no arguments that are buffers
func.func @fixed(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %m: tensor<4xf32> {prune.param = #prune.param<"bn.mean", weight>},
                 %v: tensor<4xf32> {prune.param = #prune.param<"bn.var", buffer>}) -> tensor<2x4xf32> {
  %y = prune.batch_norm %x, %g, %g, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  return %y : tensor<2x4xf32>
}

// Gradients of the operations as they are must stay theirs.

// DONE-LABEL: func.func @done(
// DONE-SAME: -> (tensor<2x4xf32>, tensor<4xf32> {prune.grad_of = "g"})
// DONE: prune.batch_norm %
func.func @done(%x: tensor<2x4xf32>, %g: tensor<4xf32> {prune.param = #prune.param<"g", scale>}, %m: tensor<4xf32> {prune.param = #prune.param<"bn.mean", buffer>},
                %v: tensor<4xf32> {prune.param = #prune.param<"bn.var", buffer>}) -> (tensor<2x4xf32>, tensor<4xf32> {prune.grad_of = "g"}) {
  %y = prune.batch_norm %x, %g, %g, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  return %y, %m : tensor<2x4xf32>, tensor<4xf32>
}
