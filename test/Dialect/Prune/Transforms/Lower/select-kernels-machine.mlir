// The name `machine` is no file: without figures of this computer the built-in
// ones choose, without a word. Damaged figures are ignored with a remark.

// RUN: rm -rf %t && mkdir %t
// RUN: env XDG_CACHE_HOME=%t prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=builtin})" > %t/builtin.mlir
// RUN: env XDG_CACHE_HOME=%t prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=machine})" --remarks-filter="prune-cost-model" > %t/machine.mlir 2> %t/messages
// RUN: diff %t/builtin.mlir %t/machine.mlir
// RUN: count 0 < %t/messages
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{threads=0})" 2>&1 | FileCheck %s

// CHECK: error: expected threads to be at least 1, got 0

func.func @forward(%x: tensor<1x8xf32>) -> tensor<1x4xf32> {
  %w = arith.constant dense<0.0> : tensor<8x4xf32>
  %i = arith.constant dense<0.0> : tensor<1x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x8xf32>, tensor<8x4xf32>) outs(%i : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
