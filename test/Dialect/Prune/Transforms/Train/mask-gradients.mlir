// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-gradients)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-gradients,prune-mask-gradients)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-gradients{roles=weight,bias ignore=w})" | FileCheck %s --check-prefix=CHOICE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-gradients)" --remark-policy=all --remarks-filter=prune-mask-gradients 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-mask-gradients)" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT-DAG: 1 num-gradients-masked

// REMARK: remark: [Passed] GradientMasked | Category:prune-mask-gradients | Function=loss | Parameter=w
// REMARK-NOT: GradientMasked

// CHECK-LABEL: func @loss
// CHECK-SAME: %[[GW:[^:]*]]: tensor<3x4xf32>, %[[GB:[^:]*]]: tensor<3xf32>
// CHECK-SAME: %[[MASK:[^:]*]]: tensor<3x4xi1> {prune.state = "mask:w"}
// CHECK-SAME: -> (tensor<f32> {prune.output = "loss"}, tensor<3x4xf32> {prune.grad_of = "w"}, tensor<3xf32> {prune.grad_of = "b"})
// CHECK: %[[MASKED:.*]] = prune.apply_mask %[[GW]], %[[MASK]] : tensor<3x4xf32>
// CHECK-NOT: prune.apply_mask
// CHECK: return %{{.*}}, %[[MASKED]], %[[GB]]

// CHOICE-LABEL: func @loss
// CHOICE-NOT: mask:w
// CHOICE-SAME: tensor<3xi1> {prune.state = "mask:b"}
func.func @loss(%gw: tensor<3x4xf32>, %gb: tensor<3xf32>, %l: tensor<f32>,
                %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
                %b: tensor<3xf32> {prune.param = #prune.param<"b", bias>})
    -> (tensor<f32> {prune.output = "loss"}, tensor<3x4xf32> {prune.grad_of = "w"},
        tensor<3xf32> {prune.grad_of = "b"}) {
  return %l, %gw, %gb : tensor<f32>, tensor<3x4xf32>, tensor<3xf32>
}
