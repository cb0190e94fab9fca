// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{strength=2e-4})" | FileCheck %s
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{kind=l1 runtime-strength roles=weight,bias strengths=*.bias:0.5})" | FileCheck %s --check-prefix=RUNTIME
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{kind=l2 strength=1 strengths=fc2.*:3})" | FileCheck %s --check-prefix=EACH
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{parameters=fc* ignore=*2.weight})" | FileCheck %s --check-prefix=CHOICE
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{kind=hoyer},prune-insert-regularizers{kind=l1 roles=bias})" | FileCheck %s --check-prefix=TWICE
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{function=plain kind=hoyer strength=2e-4})" | FileCheck %s --check-prefix=PLAIN
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers)" --remark-policy=all --remarks-filter=prune-insert-regularizers 2>&1 >%t | FileCheck %s --check-prefix=REMARK

// REMARK: remark: [Passed] ParameterRegularized | Category:prune-insert-regularizers | Function=loss
// REMARK-SAME: Parameter=fc1.weight
// REMARK: Parameter=fc2.weight
// REMARK-NOT: Parameter=fc1.bias

// CHECK-LABEL: func @loss
// CHECK-SAME: %[[W1:[^:]*]]: tensor<3x4xf32>
// CHECK-SAME: %[[B1:[^:]*]]: tensor<3xf32>
// CHECK-SAME: %[[W2:[^:]*]]: tensor<2x3xf32>
// CHECK-SAME: -> (tensor<f32> {prune.output = "loss"}, tensor<3x4xf32> {prune.grad_of = "fc1.weight"}, tensor<3xf32> {prune.grad_of = "fc1.bias"}, tensor<2x3xf32> {prune.grad_of = "fc2.weight"}, tensor<f32> {prune.output = "penalty"})
// CHECK: %[[S:.*]] = arith.constant 2.000000e-04 : f32
// CHECK-NOT: arith.constant
// CHECK: %[[L:.*]] = "test.loss"
// CHECK: %[[G:.*]]:3 = "test.gradients"
// CHECK: %[[P1:.*]] = prune.regularize hoyer_square %[[W1]], %[[S]] : tensor<3x4xf32>
// CHECK: %[[R1:.*]] = prune.regularize_gradient hoyer_square %[[W1]], %[[S]] : tensor<3x4xf32>
// CHECK: %[[G1:.*]] = arith.addf %[[G]]#0, %[[R1]] : tensor<3x4xf32>
// CHECK: %[[P2:.*]] = prune.regularize hoyer_square %[[W2]], %[[S]] : tensor<2x3xf32>
// CHECK: %[[R2:.*]] = prune.regularize_gradient hoyer_square %[[W2]], %[[S]] : tensor<2x3xf32>
// CHECK: %[[G2:.*]] = arith.addf %[[G]]#2, %[[R2]] : tensor<2x3xf32>
// CHECK: %[[P:.*]] = arith.addf %[[P1]], %[[P2]] : tensor<f32>
// CHECK: %[[SUM:.*]] = arith.addf %[[L]], %[[P]] : tensor<f32>
// CHECK: return %[[SUM]], %[[G1]], %[[G]]#1, %[[G2]], %[[P]]

// RUNTIME-LABEL: func @loss
// RUNTIME-SAME: %[[B1:[^:]*]]: tensor<3xf32>
// RUNTIME-SAME: %[[S:[^:]*]]: f32 {prune.input = "strength"}
// RUNTIME: %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// RUNTIME: %[[SB:.*]] = arith.mulf %[[S]], %[[HALF]] : f32
// RUNTIME: prune.regularize l1 %{{.*}}, %[[S]] : tensor<3x4xf32>
// RUNTIME: prune.regularize l1 %[[B1]], %[[SB]] : tensor<3xf32>
// RUNTIME: prune.regularize l1 %{{.*}}, %[[S]] : tensor<2x3xf32>
// RUN: %if statistics %{ prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers)" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT-DAG: 2 num-parameters-regularized

// EACH-LABEL: func @loss
// EACH-DAG: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// EACH-DAG: %[[THREE:.*]] = arith.constant 3.000000e+00 : f32
// EACH: prune.regularize l2 %{{.*}}, %[[ONE]] : tensor<3x4xf32>
// EACH: prune.regularize l2 %{{.*}}, %[[THREE]] : tensor<2x3xf32>

// CHOICE-LABEL: func @loss
// CHOICE: prune.regularize hoyer_square %{{.*}} : tensor<3x4xf32>
// CHOICE-NOT: prune.regularize {{.*}} : tensor<2x3xf32>

// A second run adds to the penalty of the first.
// TWICE-LABEL: func @loss
// TWICE-SAME: tensor<2x3xf32> {prune.grad_of = "fc2.weight"}, tensor<f32> {prune.output = "penalty"})
// TWICE: prune.regularize hoyer
// TWICE: %[[FIRST:.*]] = arith.addf %{{.*}}, %{{.*}} : tensor<f32>
// TWICE: %[[SECOND:.*]] = prune.regularize l1
// TWICE: %[[BOTH:.*]] = arith.addf %[[FIRST]], %[[SECOND]] : tensor<f32>
// TWICE: return {{.*}}, %[[BOTH]] :
func.func @loss(%w1: tensor<3x4xf32> {prune.param = #prune.param<"fc1.weight", weight>},
                %b1: tensor<3xf32> {prune.param = #prune.param<"fc1.bias", bias>},
                %w2: tensor<2x3xf32> {prune.param = #prune.param<"fc2.weight", weight>},
                %mean: tensor<3xf32> {prune.param = #prune.param<"bn.mean", buffer>},
                %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"},
        tensor<3x4xf32> {prune.grad_of = "fc1.weight"},
        tensor<3xf32> {prune.grad_of = "fc1.bias"},
        tensor<2x3xf32> {prune.grad_of = "fc2.weight"}) {
  %l = "test.loss"(%w1, %b1, %w2, %mean, %x) : (tensor<3x4xf32>, tensor<3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<f32>) -> tensor<f32>
  %g:3 = "test.gradients"(%x) : (tensor<f32>) -> (tensor<3x4xf32>, tensor<3xf32>, tensor<2x3xf32>)
  return %l, %g#0, %g#1, %g#2 : tensor<f32>, tensor<3x4xf32>, tensor<3xf32>, tensor<2x3xf32>
}

// A loss that is not differentiated yet keeps its results.
// PLAIN-LABEL: func @plain
// PLAIN-SAME: %[[W:[^:]*]]: tensor<3x4xf32>
// PLAIN-SAME: %[[X:[^:]*]]: tensor<f32>
// PLAIN-SAME: -> (tensor<f32> {prune.output = "loss"})
// PLAIN: %[[P:.*]] = prune.regularize hoyer %[[W]], %{{.*}} : tensor<3x4xf32>
// PLAIN-NOT: regularize_gradient
// PLAIN: %[[SUM:.*]] = arith.addf %[[X]], %[[P]] : tensor<f32>
// PLAIN: return %[[SUM]] : tensor<f32>
func.func @plain(%w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}
