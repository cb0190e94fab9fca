// RUN: prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step)' | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step)' --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{scope=global ignore=b})' | FileCheck %s --check-prefix=GLOBAL
// RUN: prune-opt %s --split-input-file --pass-pipeline='builtin.module(prune-build-mask-step{keep-values=true sparsities=a*:0.5})' | FileCheck %s --check-prefix=KEEP

func.func @train_step(
    %a: tensor<4x8xf32> {prune.param = #prune.param<"a", weight>, prune.state = "a"},
    %b: tensor<4xf32> {prune.param = #prune.param<"b", bias>, prune.state = "b"},
    %c: tensor<2x4xf32> {prune.param = #prune.param<"c", weight>, prune.state = "c"},
    %va: tensor<4x8xf32> {prune.state = "velocity:a"},
    %ma: tensor<4x8xi1> {prune.state = "mask:a"}, %mc: tensor<2x4xi1> {prune.state = "mask:c"}, %loss: tensor<f32>)
    -> (tensor<4x8xf32> {prune.state = "a"}, tensor<f32> {prune.output = "loss"}) {
  return %a, %loss : tensor<4x8xf32>, tensor<f32>
}

// The state of the step under the same names; what has no mask is not there.
// CHECK-LABEL: func @mask_step(
// CHECK-SAME: %[[A:[^:]*]]: tensor<4x8xf32> {prune.param = #prune.param<"a", weight>, prune.state = "a"},
// CHECK-SAME: %[[C:[^:]*]]: tensor<2x4xf32> {prune.param = #prune.param<"c", weight>, prune.state = "c"},
// CHECK-SAME: %[[VA:[^:]*]]: tensor<4x8xf32> {prune.state = "velocity:a"},
// CHECK-SAME: %[[MA:[^:]*]]: tensor<4x8xi1> {prune.state = "mask:a"}, %[[MC:[^:]*]]: tensor<2x4xi1> {prune.state = "mask:c"},
// CHECK-SAME: %[[R:[^:]*]]: f32 {prune.input = "sparsity"})
// CHECK-SAME: -> (tensor<4x8xf32> {prune.state = "a"}, tensor<2x4xf32> {prune.state = "c"}, tensor<4x8xf32> {prune.state = "velocity:a"}, tensor<4x8xi1> {prune.state = "mask:a"}, tensor<2x4xi1> {prune.state = "mask:c"})
// CHECK: %[[S:.*]] = prune.score %[[A]] criterion(<magnitude>) granularity(<unstructured>)
// CHECK: %[[RANKED:.*]] = arith.select %[[MA]], %[[S]], %{{.*}} : tensor<4x8xi1>, tensor<4x8xf32>
// CHECK: %[[M:.*]] = prune.select_mask %[[RANKED]] selection(<sparsity>) value %[[R]] : f32 granularity(<unstructured>)
// CHECK: %[[NEW:.*]] = arith.andi %[[M]], %[[MA]]
// CHECK: %[[A1:.*]] = prune.apply_mask %[[A]], %[[NEW]]
// CHECK: %[[VA1:.*]] = prune.apply_mask %[[VA]], %[[NEW]]
// CHECK: return %[[A1]], %{{.*}}, %[[VA1]], %[[NEW]], %{{.*}}
// STAT: 2 num-masks-moved

// GLOBAL-LABEL: func @mask_step(
// GLOBAL: prune.select_mask %{{.*}}, %{{.*}} selection(<sparsity>) value %{{.*}} (tensor<4x8xf32>, tensor<2x4xf32>)

// KEEP-LABEL: func @mask_step(
// KEEP-SAME: %[[R:[^:]*]]: f32 {prune.input = "sparsity"}) -> (tensor<4x8xi1> {prune.state = "mask:a"}, tensor<2x4xi1> {prune.state = "mask:c"})
// KEEP: %[[OWN:.*]] = arith.mulf %[[R]], %{{.*}} : f32
// KEEP: %[[MA:.*]] = prune.select_mask %{{.*}} value %[[OWN]] : f32
// KEEP: %[[MC:.*]] = prune.select_mask %{{.*}} value %[[R]] : f32
// KEEP: return %[[MA]], %[[MC]]
