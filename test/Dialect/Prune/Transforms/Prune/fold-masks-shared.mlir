// A parameter is named once: what stays beside the folded weight keeps the name,
// and a mask that nobody reads goes.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-fold-masks)" | FileCheck %s

// CHECK-LABEL: func @both
// CHECK-DAG: %[[NAMED:.*]] = arith.constant {prune.param = #prune.param<"w", weight>} dense<[1.000000e+00, 2.000000e+00]>
// CHECK-DAG: %[[FOLDED:.*]] = arith.constant dense_resource<
// CHECK-NOT: prune.apply_mask
// CHECK: return %[[NAMED]], %[[FOLDED]]
func.func @both() -> (tensor<2xf32>, tensor<2xf32>) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[1.0, 2.0]> : tensor<2xf32>
  %m = arith.constant dense<[true, false]> : tensor<2xi1>
  %0 = prune.apply_mask %w, %m : tensor<2xf32>
  return %w, %0 : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func @unread
// CHECK: %[[W:.*]] = arith.constant {prune.param = #prune.param<"w", weight>} dense<[1.000000e+00, 2.000000e+00]>
// CHECK-NOT: prune.apply_mask
// CHECK: return %[[W]]
func.func @unread() -> tensor<2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[1.0, 2.0]> : tensor<2xf32>
  %m = arith.constant dense<[true, false]> : tensor<2xi1>
  %0 = prune.apply_mask %w, %m : tensor<2xf32>
  return %w : tensor<2xf32>
}
