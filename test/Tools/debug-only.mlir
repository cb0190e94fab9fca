// Debug output by type, as in tools of an LLVM with assertions.
// REQUIRES: debug-output
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters)" --debug-only=prune-lift-parameters -o /dev/null 2>&1 | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters)" --debug -o /dev/null 2>&1 | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters)" --debug-only=prune-bind-parameters,other -o /dev/null 2>&1 | count 0
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters)" -o /dev/null 2>&1 | count 0
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters)" --debug-only=other,prune-lift-parameters -o /dev/null 2>&1 | FileCheck %s
// RUN: prune-run %s --debug-only=prune-results-to-destinations 2>&1 | FileCheck %s --check-prefix=RUN-TOOL

// CHECK: [prune-lift-parameters
// CHECK-SAME: forward: lifted 1 parameters
// RUN-TOOL: y
func.func @forward() -> (tensor<2xf32> {prune.output = "y"}) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  return %w : tensor<2xf32>
}
