// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn)" --remarks-filter=".*" -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @batched
func.func @batched(%a: tensor<2x4x5xf32>, %b: tensor<2x5x6xf32>, %c: tensor<2x4x6xf32>) -> tensor<2x4x6xf32> {
  // CHECK: linalg.batch_matmul
  // expected-remark-re@below {{{{.*}}contraction stays in linalg: an operand is no matrix{{.*}}}}
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x4x5xf32>, tensor<2x5x6xf32>) outs(%c : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  return %0 : tensor<2x4x6xf32>
}

// -----

// CHECK-LABEL: func @double
func.func @double(%a: tensor<4x5xf64>, %b: tensor<5x6xf64>, %c: tensor<4x6xf64>) -> tensor<4x6xf64> {
  // CHECK: linalg.matmul
  // expected-remark-re@below {{{{.*}}contraction stays in linalg: an operand is no tensor of f32{{.*}}}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x5xf64>, tensor<5x6xf64>) outs(%c : tensor<4x6xf64>) -> tensor<4x6xf64>
  return %0 : tensor<4x6xf64>
}

// -----

// CHECK-LABEL: func @sparse
func.func @sparse(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %c: tensor<4x6xf32>) -> tensor<4x6xf32> {
  // CHECK: linalg.matmul
  // expected-remark-re@below {{{{.*}}contraction stays in linalg: another kernel was chosen{{.*}}}}
  %0 = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%a, %b : tensor<4x5xf32>, tensor<5x6xf32>) outs(%c : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}
