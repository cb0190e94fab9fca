// The built-in figures: mostly zeros at many columns are worth a sparse kernel.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels)" | FileCheck %s --check-prefix=MANY
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{batch=1})" | FileCheck %s --check-prefix=ONE

// MANY: linalg.matmul {prune.kernel = #prune.kernel<csr>}
// ONE: linalg.matmul {prune.kernel = #prune.kernel<csr>}
func.func @zeros(%x: tensor<256x512xf32>, %i: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %w = arith.constant dense<0.0> : tensor<512x512xf32>
  %z = linalg.matmul ins(%x, %w : tensor<256x512xf32>, tensor<512x512xf32>) outs(%i : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %z : tensor<256x512xf32>
}

// MANY: linalg.matmul {prune.kernel = #prune.kernel<dense>}
// ONE: linalg.matmul {prune.kernel = #prune.kernel<dense>}
func.func @ones(%x: tensor<256x512xf32>, %i: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %w = arith.constant dense<1.0> : tensor<512x512xf32>
  %z = linalg.matmul ins(%x, %w : tensor<256x512xf32>, tensor<512x512xf32>) outs(%i : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %z : tensor<256x512xf32>
}
