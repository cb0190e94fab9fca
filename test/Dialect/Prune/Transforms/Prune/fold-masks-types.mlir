// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-fold-masks)" | FileCheck %s

// Nothing but floats has subnormals to flush: other parameters stay as they are.

// CHECK-LABEL: func.func @forward(
func.func @forward() -> (tensor<2xi1>, tensor<2xi4>, tensor<2xf128>) {
  // CHECK: arith.constant {{.*}} dense<[true, false]> : tensor<2xi1>
  %a = arith.constant {prune.param = #prune.param<"a", weight>} dense<[true, false]> : tensor<2xi1>
  // CHECK: arith.constant {{.*}} dense<[1, -1]> : tensor<2xi4>
  %b = arith.constant {prune.param = #prune.param<"b", weight>} dense<[1, -1]> : tensor<2xi4>
  // CHECK: arith.constant {{.*}} dense<1.500000e+00> : tensor<2xf128>
  %c = arith.constant {prune.param = #prune.param<"c", weight>} dense<1.5> : tensor<2xf128>
  return %a, %b, %c : tensor<2xi1>, tensor<2xi4>, tensor<2xf128>
}
