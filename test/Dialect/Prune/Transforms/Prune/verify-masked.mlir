// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-verify-masked)" | FileCheck %s
// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-verify-masked{parameters=fc* ignore=fc9.*})" | FileCheck %s

// CHECK-LABEL: func @forward
func.func @forward(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %m = arith.constant dense<[[true, false], [true, true]]> : tensor<2x2xi1>
  %t = prune.apply_mask %w, %m : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%x : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
