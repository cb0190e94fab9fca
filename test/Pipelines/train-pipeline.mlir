// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{stop-after=loss})" | FileCheck %s --check-prefix=LOSS
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{stop-after=gradient})" | FileCheck %s --check-prefix=GRADIENT
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{stop-after=rewritten regularizer=hoyer_square mask})" | FileCheck %s --check-prefix=REWRITTEN
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{regularizer=hoyer_square runtime-strength mask momentum=0.9 nesterov weight-decay=1e-4 regularize-ignore=fc2* mask-parameters=fc1*})" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{optimizer=adam name=step})" | FileCheck %s --check-prefix=ADAM

// The steps one by one give the same.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-loss,prune-differentiate,prune-insert-regularizers{runtime-strength ignore=fc2*},prune-mask-gradients{parameters=fc1*},prune-build-train-step{momentum=0.9 nesterov weight-decay=1e-4},canonicalize,cse)" | diff %t.mlir -

// LOSS: func @forward
// LOSS: func @loss
// LOSS-SAME: -> (tensor<f32> {prune.output = "loss"})

// GRADIENT: func @loss
// GRADIENT-SAME: tensor<6xf32> {prune.grad_of = "fc1.bias"}
// GRADIENT-NOT: prune.output = "penalty"

// REWRITTEN: func @loss
// REWRITTEN-SAME: {prune.state = "mask:fc1.weight"}
// REWRITTEN-SAME: {prune.output = "penalty"}
// REWRITTEN-NOT: _update

// The network itself stays, for inference.
// CHECK: func @forward
// CHECK: func @train_step(
// CHECK-SAME: %[[W1:[^:]*]]: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>, prune.state = "fc1.weight"}
// CHECK-SAME: %[[MASK:[^:]*]]: tensor<6x8xi1> {prune.state = "mask:fc1.weight"}, %[[X:[^:]*]]: tensor<4x8xf32> {prune.input = "input"}, %[[Y:[^:]*]]: tensor<4xi32> {prune.input = "labels"}, %[[LR:[^:]*]]: f32 {prune.input = "learning_rate"}, %[[S:[^:]*]]: f32 {prune.input = "strength"})
// CHECK-SAME: -> (tensor<6x8xf32> {prune.state = "fc1.weight"}, tensor<6xf32> {prune.state = "fc1.bias"}, tensor<3x6xf32> {prune.state = "fc2.weight"}, tensor<3xf32> {prune.state = "fc2.bias"},
// CHECK-SAME: tensor<6x8xf32> {prune.state = "velocity:fc1.weight"}
// CHECK-SAME: tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.output = "penalty"})
// Two products forward, three backward: the input needs no gradient.
// CHECK-COUNT-5: linalg.matmul
// CHECK-NOT: linalg.matmul
// CHECK: prune.regularize hoyer_square %[[W1]], %[[S]]
// CHECK: prune.regularize_gradient hoyer_square %[[W1]], %[[S]]
// CHECK-NOT: prune.apply_mask
// CHECK: prune.sgd_update %[[W1]], {{.*}} mask %[[MASK]] {momentum = 9.000000e-01 : f64, nesterov, weight_decay = 1.000000e-04 : f64}
// CHECK-COUNT-3: prune.sgd_update

// ADAM: func @step(
// ADAM-SAME: tensor<i64> {prune.state = "step"}
// ADAM-COUNT-4: prune.adam_update
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward(%x: tensor<4x8xf32> {prune.input = "input"},
    %w1: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>},
    %b1: tensor<6xf32> {prune.param = #prune.param<"fc1.bias", bias>},
    %w2: tensor<3x6xf32> {prune.param = #prune.param<"fc2.weight", weight>},
    %b2: tensor<3xf32> {prune.param = #prune.param<"fc2.bias", bias>})
    -> (tensor<4x3xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x6xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<6xf32>) outs(%e1 : tensor<4x6xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x8xf32>, tensor<6x8xf32>)
      outs(%i1 : tensor<4x6xf32>) -> tensor<4x6xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z1 : tensor<4x6xf32>) outs(%e1 : tensor<4x6xf32>) {
  ^bb0(%in: f32, %out: f32):
    %max = arith.maximumf %in, %zero : f32
    linalg.yield %max : f32
  } -> tensor<4x6xf32>
  %e2 = tensor.empty() : tensor<4x3xf32>
  %i2 = linalg.broadcast ins(%b2 : tensor<3xf32>) outs(%e2 : tensor<4x3xf32>) dimensions = [0]
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x6xf32>, tensor<3x6xf32>)
      outs(%i2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %z2 : tensor<4x3xf32>
}
