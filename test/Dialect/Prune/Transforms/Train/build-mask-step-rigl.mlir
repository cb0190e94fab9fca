// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-build-mask-step{rule=rigl function=dense_loss})' | FileCheck %s

func.func @dense_loss(
    %x: tensor<2x8xf32> {prune.input = "input"},
    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>},
    %b: tensor<2xf32> {prune.param = #prune.param<"b", bias>}, %loss: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}, tensor<2xf32> {prune.grad_of = "b"}) {
  return %loss, %x, %b : tensor<f32>, tensor<2x8xf32>, tensor<2xf32>
}

func.func @train_step(
    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
    %u: tensor<2x8xf32> {prune.state = "moment1:w"}, %m: tensor<2x8xi1> {prune.state = "mask:w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %loss : tensor<2x8xf32>, tensor<f32>
}

// The gradient function has become the mask step: no gradient is returned, the bias is only read.
// CHECK-NOT: func @dense_loss
// CHECK-LABEL: func @mask_step(
// CHECK-SAME: %[[W:[^:]*]]: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
// CHECK-SAME: %[[U:[^:]*]]: tensor<2x8xf32> {prune.state = "moment1:w"}, %[[M:[^:]*]]: tensor<2x8xi1> {prune.state = "mask:w"},
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x8xf32> {prune.input = "input"},
// CHECK-SAME: %[[F:[^:]*]]: f32 {prune.input = "fraction"})
// CHECK-SAME: -> (tensor<2x8xf32> {prune.state = "w"}, tensor<2x8xf32> {prune.state = "moment1:w"}, tensor<2x8xi1> {prune.state = "mask:w"}, tensor<f32> {prune.output = "loss"})
// CHECK: %[[SHARE:.*]] = arith.mulf %[[F]], %[[KEPT:.*]] : f32
// CHECK: %[[DROPPED:.*]] = math.floor %[[SHARE]]
// CHECK: %[[INACTIVE:.*]] = arith.subf %[[TOTAL:.*]], %[[KEPT]]
// CHECK: %[[ABSENT:.*]] = arith.addf %[[INACTIVE]], %[[DROPPED]]
// CHECK: %[[DROP:.*]] = arith.divf %[[ABSENT]], %[[TOTAL]]
// CHECK: %[[GROW:.*]] = arith.divf %[[INACTIVE]], %[[TOTAL]]
// CHECK: prune.score %[[W]]
// CHECK: %[[LEFT:.*]] = prune.select_mask %{{.*}} value %[[DROP]]
// CHECK: %[[G:.*]] = prune.score %[[X]]
// CHECK: %[[CANDIDATES:.*]] = arith.select %[[LEFT]], %{{.*}}, %[[G]]
// CHECK: %[[NEW:.*]] = prune.select_mask %[[CANDIDATES]] {{.*}} value %[[GROW]]
// CHECK: %[[BOTH:.*]] = arith.andi %[[NEW]], %[[M]]
// CHECK: %[[W1:.*]] = prune.apply_mask %[[W]], %[[BOTH]]
// CHECK: %[[U1:.*]] = prune.apply_mask %[[U]], %[[BOTH]]
// CHECK: return %[[W1]], %[[U1]], %[[NEW]], %{{.*}}
