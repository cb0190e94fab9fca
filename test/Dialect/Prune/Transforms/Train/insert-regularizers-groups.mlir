// Penalties of groups, of gates, and of what gates leave.

// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-insert-regularizers{kind=group_hoyer_square granularity=channel:0,channel:1 roles=weight,bias})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-insert-regularizers{kind=open_gates runtime-strength strength-input=strength})" | FileCheck %s --check-prefix=GATES
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-insert-regularizers{masked-weights})" | FileCheck %s --check-prefix=MASKED
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-regularizers{kind=group_lasso granularity=channel:1 roles=weight,bias})" --remark-policy=all --remarks-filter=prune-insert-regularizers 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-regularizers{kind=l1 granularity=channel:0})" 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-regularizers{kind=group_lasso granularity=rows})" 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-regularizers{kind=group_lasso granularity=n_of_m:2:4:1})" 2>&1 | FileCheck %s --check-prefix=PATTERN
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-regularizers{kind=open_gates roles=bias})" 2>&1 | FileCheck %s --check-prefix=NONE

// KIND: error: expected no granularity with kind l1
// ROWS: error: malformed granularity 'rows'
// PATTERN: error: expected groups of elements, got 'n_of_m:2:4:1'
// NONE: error: expected 'b' to open gates, it opens none

// REMARK: remark: [Passed] ParameterRegularized | {{.*}}Kind=group_lasso, Parameter=w
// REMARK: remark: [Missed] ParameterNotRegularized | {{.*}}Parameter=b

// Both axes of the matrix, the only axis of the bias.
// CHECK-LABEL: func @loss(
// CHECK-SAME: %[[W:[^:]*]]: tensor<3x4xf32>
// CHECK: prune.regularize group_hoyer_square %[[W]], %{{.*}} granularity(<channel, axis = 0>)
// CHECK: prune.regularize_gradient group_hoyer_square %[[W]], %{{.*}} granularity(<channel, axis = 0>)
// CHECK: prune.regularize group_hoyer_square %[[W]], %{{.*}} granularity(<channel, axis = 1>)
// CHECK: prune.regularize_gradient group_hoyer_square %[[W]], %{{.*}} granularity(<channel, axis = 1>)
// CHECK: prune.regularize group_hoyer_square %{{.*}} granularity(<channel, axis = 0>) : tensor<3xf32>
// CHECK-NOT: axis = 1

// GATES-LABEL: func @loss(
// GATES-SAME: %[[M:[^:]*]]: tensor<3x4xf32> {prune.param = #prune.param<"w.gate", auxiliary>}
// GATES-SAME: %[[STRENGTH:[^:]*]]: f32 {prune.input = "strength"}
// GATES: prune.regularize open_gates %[[M]], %[[STRENGTH]] ste(<leaky_relu, slope = 1.000000e-01>) : tensor<3x4xf32>
// GATES: prune.regularize_gradient open_gates %[[M]], %[[STRENGTH]] ste(<leaky_relu, slope = 1.000000e-01>) : tensor<3x4xf32>
// GATES-NOT: prune.regularize

// MASKED-LABEL: func @loss(
// MASKED: %[[T:.*]] = prune.gate
// MASKED: prune.regularize hoyer_square %[[T]],
// MASKED: prune.regularize_gradient hoyer_square %[[T]],
func.func @loss(%w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
                %m: tensor<3x4xf32> {prune.param = #prune.param<"w.gate", auxiliary>},
                %b: tensor<3xf32> {prune.param = #prune.param<"b", bias>})
    -> (tensor<f32> {prune.output = "loss"}) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %t = prune.gate %w, %m ste(<leaky_relu, slope = 0.1>) : tensor<3x4xf32>, tensor<3x4xf32>
  %l = linalg.reduce { arith.addf } ins(%t : tensor<3x4xf32>) outs(%zero : tensor<f32>) dimensions = [0, 1]
  %k = linalg.reduce { arith.addf } ins(%b : tensor<3xf32>) outs(%l : tensor<f32>) dimensions = [0]
  return %k : tensor<f32>
}
