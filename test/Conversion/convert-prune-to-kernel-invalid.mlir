// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-kernel)" --remarks-filter=".*" -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @accumulates
func.func @accumulates(%x: tensor<8x4xf32>, %c: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  // CHECK: linalg.matmul {prune.kernel = #prune.kernel<dense>}
  // expected-remark-re@below {{{{.*}}contraction runs dense: its initial value is neither zero nor a bias{{.*}}}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%c : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// -----

// CHECK-LABEL: func @argument
func.func @argument(%x: tensor<8x4xf32>, %w: tensor<4x2xf32> {prune.param = #prune.param<"w", weight>}, %c: tensor<8x2xf32>) -> tensor<8x2xf32> {
  // CHECK: linalg.matmul {prune.kernel = #prune.kernel<dense>}
  // expected-remark-re@below {{{{.*}}contraction runs dense: its weight is no constant{{.*}}}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%c : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}
