// The phases of training, each a pipeline of its own: together they are
// prune-train-pipeline, and what stands between them finds its place.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{gates=element dropout=fc1.weight:0.5 regularizer=l1 runtime-gate-strength mask mask-parameters=fc1* momentum=0.9 clamp-auxiliary=1})" -o %t.mlir
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-network-pipeline{gates=element},prune-gradient-pipeline{dropout=fc1.weight:0.5},prune-step-pipeline{regularizer=l1 runtime-gate-strength mask mask-parameters=fc1* momentum=0.9 clamp-auxiliary=1})" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-network-pipeline{gates=element},prune-loss-pipeline{dropout=fc1.weight:0.5},prune-gradient-pipeline{forward=},prune-insert-regularizers{kind=l1},prune-step-pipeline{runtime-gate-strength mask mask-parameters=fc1* momentum=0.9 clamp-auxiliary=1})" | diff %t.mlir -

// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-loss-pipeline{soft-labels})" | FileCheck %s --check-prefix=SOFT
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-network-pipeline{straight-through straight-through-granularity=n_of_m:2:4:1 straight-through-decay=2e-4 straight-through-parameters=fc1*})" | FileCheck %s --check-prefix=SRSTE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{straight-through})" | FileCheck %s --check-prefix=SPARSITY
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{admm-rho=1e-3})" | FileCheck %s --check-prefix=ADMM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{gates=element freeze-auxiliary freeze-parameters=fc2*})" | FileCheck %s --check-prefix=FROZEN
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{gates=element separate-auxiliary auxiliary-momentum=0.5})" | FileCheck %s --check-prefix=JOINT
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{mask momentum=0.9},prune-mask-step-pipeline{scope=global})" | FileCheck %s --check-prefix=MAGNITUDE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{mask momentum=0.9},prune-mask-step-pipeline{rule=rigl function=grow})" | FileCheck %s --check-prefix=RIGL

// SOFT: func @loss
// SOFT-SAME: tensor<4x3xf32> {prune.input = "labels"}

// Only the network is rewritten, and only the first layer.
// SRSTE-COUNT-1: prune.select_mask
// SRSTE-NOT: prune.select_mask
// SRSTE-NOT: func @loss

// SPARSITY: func @train_step
// SPARSITY-SAME: f32 {prune.input = "sparsity"}

// ADMM: func @train_step
// ADMM-SAME: {prune.state = "admm_z:fc1.weight"}

// What is frozen is read and not returned.
// FROZEN: func @train_step
// FROZEN-SAME: {prune.frozen, prune.param = #prune.param<"fc2.weight", weight>, prune.state = "fc2.weight"}
// FROZEN-SAME: {prune.frozen, prune.param = #prune.param<"fc1.weight.gate", auxiliary>, prune.state = "fc1.weight.gate"}
// FROZEN-SAME: -> (tensor<6x8xf32> {prune.state = "fc1.weight"}, tensor<6xf32> {prune.state = "fc1.bias"}, tensor<f32>

// JOINT: func @train_step
// JOINT-SAME: f32 {prune.input = "auxiliary_learning_rate"}

// MAGNITUDE: func @mask_step
// MAGNITUDE-SAME: f32 {prune.input = "sparsity"}
// MAGNITUDE-NOT: prune.softmax_cross_entropy

// The function that grows has a gradient of its own.
// RIGL: func @mask_step
// RIGL-SAME: f32 {prune.input = "fraction"}
// RIGL: prune.softmax_cross_entropy
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward(%x: tensor<4x8xf32> {prune.input = "input"},
    %w1: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>},
    %b1: tensor<6xf32> {prune.param = #prune.param<"fc1.bias", bias>},
    %w2: tensor<3x6xf32> {prune.param = #prune.param<"fc2.weight", weight>})
    -> (tensor<4x3xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x6xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<6xf32>) outs(%e1 : tensor<4x6xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x8xf32>, tensor<6x8xf32>)
      outs(%i1 : tensor<4x6xf32>) -> tensor<4x6xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z1 : tensor<4x6xf32>) outs(%e1 : tensor<4x6xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.maximumf %v, %zero : f32
    linalg.yield %r : f32
  } -> tensor<4x6xf32>
  %e2 = tensor.empty() : tensor<4x3xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x6xf32>, tensor<3x6xf32>)
      outs(%i2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %z2 : tensor<4x3xf32>
}
