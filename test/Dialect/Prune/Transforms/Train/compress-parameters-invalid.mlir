// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-compress-parameters)"
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=1.5})" 2>&1 | FileCheck %s --check-prefix=SHARE
// RUN: not prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-compress-parameters{parameters=[})" 2>&1 | FileCheck %s --check-prefix=PATTERN
// RUN: prune-opt %s --split-input-file --pass-pipeline="builtin.module(prune-compress-parameters{parameters=v})" 2>&1 | FileCheck %s --check-prefix=UNUSED

// SHARE: expected min-zeros from 0 to 1, got 1.5
// PATTERN: '[' is no glob pattern
// UNUSED: pattern 'v' matches no trainable parameter

// expected-error @below {{expected a mask of type 'tensor<2x3xi1>' for parameter 'w', got 'tensor<3x2xi1>'}}
func.func @f(%w: tensor<2x3xf32> {prune.param = #prune.param<"w", weight>, prune.mask = dense<false> : tensor<3x2xi1>}) {
  return
}
