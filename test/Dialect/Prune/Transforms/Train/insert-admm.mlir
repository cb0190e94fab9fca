// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-admm{rho=0.5})' | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline='builtin.module(prune-insert-admm{rho=0.5})' --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-admm{rho=0.5},prune-insert-admm{rho=0.5})' | FileCheck %s
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-admm{runtime-rho=true})' | FileCheck %s --check-prefix=RUNTIME

// STAT: 1 num-gradients-pulled

// CHECK-LABEL: func @loss(
// CHECK-SAME: %[[G:[^:]*]]: tensor<2x8xf32> {prune.input = "gradient"}
// CHECK-SAME: %[[W:[^:]*]]: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>}
// CHECK-SAME: %[[Z:[^:]*]]: tensor<2x8xf32> {prune.state = "admm_z:w"}, %[[U:[^:]*]]: tensor<2x8xf32> {prune.state = "admm_u:w"})
// CHECK: %[[RHO:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[PULLED:.*]] = linalg.generic {{.*}} ins(%[[G]], %[[W]], %[[Z]], %[[U]] :
// CHECK: ^bb0(%[[G0:.*]]: f32, %[[W0:.*]]: f32, %[[Z0:.*]]: f32, %[[U0:.*]]: f32,
// CHECK: %[[D:.*]] = arith.subf %[[W0]], %[[Z0]]
// CHECK: %[[R:.*]] = arith.addf %[[D]], %[[U0]]
// CHECK: %[[P:.*]] = arith.mulf %[[RHO]], %[[R]]
// CHECK: arith.addf %[[G0]], %[[P]]
// CHECK-NOT: linalg.generic
// CHECK: return %{{.*}}, %[[PULLED]], %{{.*}}

// RUNTIME: %[[RHO:[^:]*]]: f32 {prune.input = "rho"}
// RUNTIME: arith.mulf %[[RHO]]
func.func @loss(%g: tensor<2x8xf32> {prune.input = "gradient"},
                %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>},
                %b: tensor<2xf32> {prune.param = #prune.param<"b", bias>}, %loss: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}, tensor<2xf32> {prune.grad_of = "b"}) {
  return %loss, %g, %b : tensor<f32>, tensor<2x8xf32>, tensor<2xf32>
}
