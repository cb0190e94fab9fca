// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{sparsities=w:0.75})' | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{sparsities=w:0.75})' --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{runtime-sparsity=true})' | FileCheck %s --check-prefix=RUNTIME
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-build-admm-step{granularity=n_of_m:1:4:1})' | FileCheck %s --check-prefix=PATTERN

// CHECK-LABEL: func @admm_step(
// CHECK-SAME: %[[W:[^:]*]]: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
// CHECK-SAME: %{{[^:]*}}: tensor<2x8xf32> {prune.state = "admm_z:w"}, %[[U:[^:]*]]: tensor<2x8xf32> {prune.state = "admm_u:w"})
// CHECK-SAME: -> (tensor<2x8xf32> {prune.state = "admm_z:w"}, tensor<2x8xf32> {prune.state = "admm_u:w"})
// CHECK: %[[SUM:.*]] = arith.addf %[[W]], %[[U]]
// CHECK: %[[S:.*]] = prune.score %[[SUM]]
// CHECK: %[[R:.*]] = arith.constant 7.500000e-01 : f32
// CHECK: %[[M:.*]] = prune.select_mask %[[S]] selection(<sparsity>) value %[[R]]
// CHECK: %[[Z1:.*]] = prune.apply_mask %[[SUM]], %[[M]]
// CHECK: %[[U1:.*]] = arith.subf %[[SUM]], %[[Z1]]
// CHECK: return %[[Z1]], %[[U1]]
// STAT: 1 num-weights-projected

// RUNTIME: func @admm_step({{.*}} %[[R:[^:]*]]: f32 {prune.input = "sparsity"})
// RUNTIME: prune.select_mask {{.*}} value %[[R]]
// PATTERN: prune.select_mask {{.*}} selection(<keep_all>) granularity(<n_of_m, shape = [1, 4], axis = 1>)
func.func @train_step(
    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
    %v: tensor<2x8xf32> {prune.param = #prune.param<"v", weight>, prune.state = "v"},
    %z: tensor<2x8xf32> {prune.state = "admm_z:w"}, %u: tensor<2x8xf32> {prune.state = "admm_u:w"}, %loss: tensor<f32>)
    -> (tensor<2x8xf32> {prune.state = "w"}, tensor<2x8xf32> {prune.state = "v"}, tensor<f32> {prune.output = "loss"}) {
  return %w, %v, %loss : tensor<2x8xf32>, tensor<2x8xf32>, tensor<f32>
}
