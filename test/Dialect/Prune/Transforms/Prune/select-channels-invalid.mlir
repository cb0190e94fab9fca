// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-select-channels{sparsity=0.5})"
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-channels)" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-channels{sparsity=1.5})" 2>&1 | FileCheck %s --check-prefix=SPARSITY
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-channels{sparsity=nan})" 2>&1 | FileCheck %s --check-prefix=NAN
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-channels{sparsity=0.5 scope=tensor})" 2>&1 | FileCheck %s --check-prefix=SCOPE
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-channels{sparsity=0.5 cap=2})" 2>&1 | FileCheck %s --check-prefix=CAP
// RUN: not prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-select-channels{sparsity=0.5 round-to=0})" 2>&1 | FileCheck %s --check-prefix=ROUND

// NONE: error: expected a sparsity
// SPARSITY: error: expected a sparsity in [0, 1], got 1.5
// NAN: error: expected
// SCOPE: error: expected scope group or global, got 'tensor'
// CAP: error: expected a cap in [0, 1], got 2
// ROUND: error: expected a positive round-to, got 0

func.func @elements() {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2x2xf32>
  // expected-error@below {{expected scores of channels, got #prune.granularity<unstructured>}}
  %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2x2xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @twice() {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2x2xf32>
  %s = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
  // expected-error@below {{expected one score of a weight, got a second one}}
  %t = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @argument(%w: tensor<2x2xf32> {prune.param = #prune.param<"w", weight>}) {
  // expected-error@below {{expected a constant weight to select a mask for, got 'w' without value}}
  %s = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
  return
}

// -----

// expected-error@below {{expected a function of one block}}
func.func @blocks(%c: i1, %x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2x2xf32>
  %s = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
  return %x : tensor<2xf32>
^b:
  return %y : tensor<2xf32>
}
