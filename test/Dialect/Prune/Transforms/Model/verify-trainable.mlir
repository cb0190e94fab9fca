// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-trainable)" | FileCheck %s

// CHECK-LABEL: func @arguments
func.func @arguments(%x: tensor<1x2xf32> {prune.input = "input"}, %w: tensor<2x2xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<1x2xf32> {
  %0 = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x2xf32>) outs(%x : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// CHECK-LABEL: func @constants
func.func @constants(%x: tensor<2xf32> {prune.input = "input"}) -> tensor<2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
  %c = arith.constant dense<1.0> : tensor<2xf32>
  %0 = arith.mulf %x, %w : tensor<2xf32>
  %1 = math.tanh %0 : tensor<2xf32>
  %2 = arith.addf %1, %c : tensor<2xf32>
  return %2 : tensor<2xf32>
}
{-#
  dialect_resources: { builtin: { w: "0x040000000000803F00000040" } }
#-}
