// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-select-masks{sparsity=0.5})"
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-masks{sparsity=1.5})" 2>&1 | FileCheck %s --check-prefix=SPARSITY
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-masks{threshold=-1})" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-masks{threshold=1 sparsity=0.5})" 2>&1 | FileCheck %s --check-prefix=TWO
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-masks{sparsity=a:half})" 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-masks{sparsity=0.5 scope=layer})" 2>&1 | FileCheck %s --check-prefix=SCOPE
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-masks)" 2>&1 | FileCheck %s --check-prefix=NONE

// SPARSITY: error: expected a sparsity in [0, 1], got 1.5
// NEGATIVE: error: expected a number that is not negative, got -1
// TWO: error: expected one of threshold, std-factor and sparsity
// NUMBER: error: expected 'number' or 'pattern:number', got 'a:half'
// SCOPE: error: expected scope tensor, global, row, erk or lamp, got 'layer'
// NONE: error: expected one of threshold, std-factor and sparsity to select by

func.func @argument(%w: tensor<2x2xf32> {prune.param = #prune.param<"w", weight>}) {
  // expected-error@below {{expected a constant weight to select a mask for, got 'w' without value}}
  %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2x2xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @unsupported_type() {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2x2xf128>
  // expected-error@below {{expected a weight of floating-point numbers of at most 64 bits, got 'w' of 'f128'}}
  %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2x2xf128> -> tensor<2x2xf128>
  return
}

// -----

func.func @mask(%m: tensor<2xi1>) -> tensor<2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  // expected-error@below {{expected a constant mask on 'w'}}
  %0 = prune.apply_mask %w, %m : tensor<2xf32>
  %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2xf32> -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @twice() {
  %w = arith.constant dense<1.0> : tensor<2xf32>
  %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2xf32> -> tensor<2xf32>
  // expected-error@below {{expected one score of a weight, got a second one}}
  %t = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2xf32> -> tensor<2xf32>
  return
}
