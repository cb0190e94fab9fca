// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-build-train-step)" | FileCheck %s
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-build-train-step{momentum=0.9 nesterov weight-decay=5e-4})" | FileCheck %s --check-prefix=MOMENTUM
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-build-train-step{name=step optimizer=adam beta1=0.8 weight-decay=1e-3 decay-roles=bias})" | FileCheck %s --check-prefix=ADAM
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-insert-regularizers{runtime-strength},prune-mask-gradients,prune-build-train-step{momentum=0.9},prune-verify-train-step,canonicalize)" | FileCheck %s --check-prefix=ALL
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-build-train-step{function=counted},prune-verify-train-step)" | FileCheck %s --check-prefix=COUNTED
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-build-train-step)" --remark-policy=all --remarks-filter=prune-build-train-step 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-mask-gradients,prune-build-train-step{momentum=0.9})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT-DAG: 2 num-state-added
// STAT-DAG: 1 num-updates-masked
// STAT-DAG: 2 num-updates-inserted

// REMARK: remark: [Passed] ParameterUpdated | Category:prune-build-train-step | Function=loss | Parameter=w
// REMARK: remark: [Passed] ParameterUpdated | Category:prune-build-train-step | Function=loss | Parameter=b

// Parameters come first, the learning rate last; gradients are gone, and other
// results stay.
// CHECK-LABEL: func @train_step
// CHECK-SAME: (%[[W:[^:]*]]: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
// CHECK-SAME: %[[MEAN:[^:]*]]: tensor<3xf32> {prune.param = #prune.param<"mean", buffer>, prune.state = "mean"},
// CHECK-SAME: %[[B:[^:]*]]: tensor<3xf32> {prune.param = #prune.param<"b", bias>, prune.state = "b"},
// CHECK-SAME: %[[X:[^:]*]]: tensor<5x4xf32> {prune.input = "input"},
// CHECK-SAME: %[[LR:[^:]*]]: f32 {prune.input = "learning_rate"})
// CHECK-SAME: -> (tensor<3x4xf32> {prune.state = "w"}, tensor<3xf32> {prune.state = "b"},
// CHECK-SAME: tensor<5x3xf32> {prune.output = "logits"}, tensor<f32> {prune.output = "loss"})
// CHECK-SAME: attributes {llvm.emit_c_interface}
// CHECK: %[[L:.*]]:4 = "test.loss"(%[[X]], %[[W]], %[[MEAN]], %[[B]])
// CHECK: %[[W1:.*]] = prune.sgd_update %[[W]], %[[L]]#1, lr %[[LR]] : (
// CHECK: %[[B1:.*]] = prune.sgd_update %[[B]], %[[L]]#2, lr %[[LR]] : (
// CHECK: return %[[W1]], %[[B1]], %[[L]]#3, %[[L]]#0

// MOMENTUM-LABEL: func @train_step
// MOMENTUM-SAME: %[[W:[^:]*]]: tensor<3x4xf32> {{{[^}]*}}prune.state = "w"}
// MOMENTUM-SAME: prune.state = "b"},
// MOMENTUM-SAME: %[[VW:[^:]*]]: tensor<3x4xf32> {prune.state = "velocity:w"},
// MOMENTUM-SAME: %[[VB:[^:]*]]: tensor<3xf32> {prune.state = "velocity:b"},
// MOMENTUM-SAME: %{{[^:]*}}: tensor<5x4xf32> {prune.input = "input"},
// MOMENTUM-SAME: -> (tensor<3x4xf32> {prune.state = "w"}, tensor<3xf32> {prune.state = "b"},
// MOMENTUM-SAME: tensor<3x4xf32> {prune.state = "velocity:w"}, tensor<3xf32> {prune.state = "velocity:b"},
// Weight decay reaches weights only.
// MOMENTUM: %[[W1:.*]], %[[VW1:.*]] = prune.sgd_update %[[W]], {{.*}} velocity %[[VW]] {momentum = 9.000000e-01 : f64, nesterov, weight_decay = 5.000000e-04 : f64}
// MOMENTUM: %[[B1:.*]], %[[VB1:.*]] = prune.sgd_update {{.*}} velocity %[[VB]] {momentum = 9.000000e-01 : f64, nesterov} :
// MOMENTUM: return %[[W1]], %[[B1]], %[[VW1]], %[[VB1]]

// ADAM-LABEL: func @step
// ADAM-SAME: %[[MW:[^:]*]]: tensor<3x4xf32> {prune.state = "moment1:w"},
// ADAM-SAME: {prune.state = "moment1:b"},
// ADAM-SAME: %[[UW:[^:]*]]: tensor<3x4xf32> {prune.state = "moment2:w"},
// ADAM-SAME: {prune.state = "moment2:b"},
// ADAM-SAME: %[[STEP:[^:]*]]: tensor<i64> {prune.state = "step"},
// ADAM-SAME: tensor<i64> {prune.state = "step"}, tensor<5x3xf32> {prune.output = "logits"}
// ADAM: %[[DONE:.*]] = tensor.extract %[[STEP]][] : tensor<i64>
// ADAM: %[[ONE:.*]] = arith.constant 1 : i64
// ADAM: %[[T:.*]] = arith.addi %[[DONE]], %[[ONE]] : i64
// ADAM: %[[NEXT:.*]] = tensor.insert %[[T]] into %[[STEP]][] : tensor<i64>
// ADAM: prune.adam_update {{.*}} step %[[T]] moments %[[MW]], %[[UW]] {beta1 = 8.000000e-01 : f64} :
// ADAM: prune.adam_update {{.*}} {beta1 = 8.000000e-01 : f64, weight_decay = 1.000000e-03 : f64} :
// ADAM: return {{.*}}, %[[NEXT]], %{{.*}}#3, %{{.*}}#0 :

// The update masks the gradient itself.
// ALL-LABEL: func @train_step
// ALL-SAME: %[[MASK:[^:]*]]: tensor<3x4xi1> {prune.state = "mask:w"}, %{{[^:]*}}: tensor<5x4xf32> {prune.input = "input"},
// ALL-SAME: %[[LR:[^:]*]]: f32 {prune.input = "learning_rate"}, %[[S:[^:]*]]: f32 {prune.input = "strength"})
// ALL-SAME: tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.output = "penalty"})
// ALL: %[[L:.*]]:4 = "test.loss"
// ALL: %[[P:.*]] = prune.regularize hoyer_square %[[W:.*]], %[[S]]
// ALL: %[[R:.*]] = prune.regularize_gradient hoyer_square %[[W]], %[[S]]
// ALL: %[[G:.*]] = arith.addf %[[L]]#1, %[[R]]
// ALL-NOT: prune.apply_mask
// ALL: prune.sgd_update %[[W]], %[[G]], lr %[[LR]] velocity %{{.*}} mask %[[MASK]] {momentum = 9.000000e-01 : f64}
// ALL: prune.sgd_update
func.func @loss(%x: tensor<5x4xf32> {prune.input = "input"},
                %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
                %mean: tensor<3xf32> {prune.param = #prune.param<"mean", buffer>},
                %b: tensor<3xf32> {prune.param = #prune.param<"b", bias>})
    -> (tensor<5x3xf32> {prune.output = "logits"}, tensor<f32> {prune.output = "loss"},
        tensor<3x4xf32> {prune.grad_of = "w"}, tensor<3xf32> {prune.grad_of = "b"})
    attributes {llvm.emit_c_interface} {
  %l:4 = "test.loss"(%x, %w, %mean, %b) : (tensor<5x4xf32>, tensor<3x4xf32>, tensor<3xf32>, tensor<3xf32>)
      -> (tensor<f32>, tensor<3x4xf32>, tensor<3xf32>, tensor<5x3xf32>)
  return %l#3, %l#0, %l#1, %l#2 : tensor<5x3xf32>, tensor<f32>, tensor<3x4xf32>, tensor<3xf32>
}

// State that the loss keeps already (running statistics, a step counter that
// dropout reads) is kept: what it returns is returned, the counter counts.
// COUNTED-LABEL: func @train_step
// COUNTED-SAME: (%{{[^:]*}}: tensor<3xf32> {prune.param = #prune.param<"b", bias>, prune.state = "b"},
// COUNTED-SAME: %{{[^:]*}}: tensor<3xf32> {prune.param = #prune.param<"mean", buffer>, prune.state = "mean"},
// COUNTED-SAME: %[[STEP:[^:]*]]: tensor<i64> {prune.state = "step"},
// COUNTED-SAME: -> (tensor<3xf32> {prune.state = "b"}, tensor<3xf32> {prune.state = "mean"}, tensor<i64> {prune.state = "step"},
// COUNTED: %[[NEXT:.*]] = tensor.insert %{{.*}} into %[[STEP]][] : tensor<i64>
// COUNTED: %[[B:.*]] = prune.sgd_update
// COUNTED: return %[[B]], %{{.*}}, %[[NEXT]], %{{.*}} :
func.func @counted(%step: tensor<i64> {prune.state = "step"}, %l: tensor<f32>,
                   %b: tensor<3xf32> {prune.param = #prune.param<"b", bias>},
                   %mean: tensor<3xf32> {prune.param = #prune.param<"mean", buffer>, prune.state = "mean"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<3xf32> {prune.grad_of = "b"}, tensor<3xf32> {prune.state = "mean"}) {
  return %l, %mean, %b : tensor<f32>, tensor<3xf32>, tensor<3xf32>
}
