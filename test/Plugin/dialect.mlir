// Stock mlir-opt parses, verifies and prints our dialects once the plugin is
// loaded, and refuses them without it.

// UNSUPPORTED: sanitizer

// RUN: not mlir-opt %s 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: mlir-opt --load-dialect-plugin=%prune_plugin %s | FileCheck %s
// RUN: mlir-opt --load-dialect-plugin=%prune_plugin %s -canonicalize \
// RUN:   | FileCheck %s --check-prefix=CANON

// ALONE: error: {{.*}}prune

// CHECK-LABEL: func @masked
// CHECK-SAME: {prune.param = #prune.param<"fc1.weight", weight>}
// CHECK: prune.apply_mask
// CANON-LABEL: func @masked
// CANON-NOT: prune.apply_mask
func.func @masked(%w: tensor<4x8xf32> {prune.param = #prune.param<"fc1.weight", weight>}) -> tensor<4x8xf32> {
  %mask = arith.constant dense<true> : tensor<4x8xi1>
  %0 = prune.apply_mask %w, %mask : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
