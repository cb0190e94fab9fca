// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{granularity=n_of_m:2:4:1 decay=2e-4})' | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{granularity=n_of_m:2:4:1 decay=2e-4})' --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{runtime-sparsity=true ignore=fc2.*})' | FileCheck %s --check-prefix=SPARSITY
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{sparsity=0.5})' | FileCheck %s --check-prefix=CONSTANT
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{state=true mask-gradient=true},prune-train-pipeline{momentum=0.9})' | FileCheck %s --check-prefix=HOLD
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{state=true},prune-train-pipeline)' | FileCheck %s --check-prefix=STATE
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{granularity=filter_plane sparsity=0.5})' | FileCheck %s --check-prefix=PLANES

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// The second weight has rows of six: two of four, and two of the last two.
// CHECK-LABEL: func @forward(
// CHECK-SAME: %[[W:[^:]*]]: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>},
// CHECK-SAME: %[[V:[^:]*]]: tensor<3x6xf32>
// CHECK: %[[S2:.*]] = prune.score %[[V]] criterion(<magnitude>) granularity(<n_of_m, shape = [2, 4], axis = 1>)
// CHECK: %[[M2:.*]] = prune.select_mask %[[S2]] selection(<keep_all>)
// CHECK: %[[T2:.*]] = prune.apply_mask %[[V]], %[[M2]] {decay = 2.000000e-04 : f64, straight_through}
// CHECK: %[[S:.*]] = prune.score %[[W]] criterion(<magnitude>) granularity(<n_of_m, shape = [2, 4], axis = 1>)
// CHECK: %[[M:.*]] = prune.select_mask %[[S]] selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 1>)
// CHECK: %[[T:.*]] = prune.apply_mask %[[W]], %[[M]] {decay = 2.000000e-04 : f64, straight_through}
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[T]] :
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[T2]] :
// STAT: 2 num-weights-masked

// Matrices have no planes of filters: both are left.
// PLANES-NOT: prune.apply_mask

// SPARSITY-LABEL: func @forward(
// SPARSITY-SAME: %[[R:[^:]*]]: f32 {prune.input = "sparsity"})
// SPARSITY: prune.select_mask %{{.*}} selection(<sparsity>) value %[[R]] : f32
// SPARSITY-NOT: prune.select_mask

// CONSTANT-COUNT-2: prune.select_mask %{{.*}} selection(<sparsity>) value %{{.*}} : f32

// The step computes with the masked weight, and its update holds what the mask does not set.
// HOLD-LABEL: func @train_step(
// HOLD-SAME: %[[W:[^:]*]]: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>
// HOLD-SAME: %[[M:[^:]*]]: tensor<6x8xi1> {prune.state = "mask:fc1.weight"}
// HOLD: prune.apply_mask %[[W]], %[[M]] : tensor<6x8xf32>
// HOLD: prune.sgd_update %[[W]], {{.*}} mask %[[M]] {freeze_masked,

// The gradient passes, so the update has no mask.
// STATE-LABEL: func @train_step(
// STATE-SAME: %[[M:[^:]*]]: tensor<6x8xi1> {prune.state = "mask:fc1.weight"}
// STATE: prune.apply_mask %{{.*}}, %[[M]] {straight_through}
// STATE: prune.sgd_update
// STATE-NOT: mask
// STATE: return
func.func @forward(%x: tensor<2x8xf32> {prune.input = "input"},
                   %w: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>},
                   %v: tensor<3x6xf32> {prune.param = #prune.param<"fc2.weight", weight>})
    -> (tensor<2x3xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x6xf32>) -> tensor<2x6xf32>
  %h = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w : tensor<2x8xf32>, tensor<6x8xf32>) outs(%i : tensor<2x6xf32>) -> tensor<2x6xf32>
  %f = tensor.empty() : tensor<2x3xf32>
  %j = linalg.fill ins(%zero : f32) outs(%f : tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%h, %v : tensor<2x6xf32>, tensor<3x6xf32>) outs(%j : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}
