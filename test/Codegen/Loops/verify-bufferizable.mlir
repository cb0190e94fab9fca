// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-bufferizable)" | FileCheck %s

// CHECK-LABEL: func.func @known
// CHECK: linalg.exp
func.func @known(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
