// Stock mlir-opt runs our passes and pipelines beside its own.

// UNSUPPORTED: sanitizer

// RUN: mlir-opt --load-dialect-plugin=%prune_plugin %s \
// RUN:   --pass-pipeline="builtin.module(canonicalize,prune-lift-parameters)" | FileCheck %s
// RUN: mlir-opt --load-dialect-plugin=%prune_plugin %S/../Integration/Inputs/mlp-torch.mlir \
// RUN:   --pass-pipeline="builtin.module(prune-import-pipeline,prune-lift-parameters{keep-values=false},cse)" \
// RUN:   | FileCheck %s --check-prefix=PIPELINE

// The plugin given both ways registers everything once.
// RUN: mlir-opt --load-dialect-plugin=%prune_plugin --load-pass-plugin=%prune_plugin %s \
// RUN:   --pass-pipeline="builtin.module(canonicalize,prune-lift-parameters)" | FileCheck %s

// CHECK-LABEL: func @scale
// CHECK-SAME: %[[W:.*]]: tensor<2xf32> {prune.param = #prune.param<"w", weight>
// CHECK: return %[[W]]
func.func @scale() -> tensor<2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
  return %w : tensor<2xf32>
}

// PIPELINE-LABEL: func.func @forward(
// PIPELINE-SAME: {prune.input = "input"}
// PIPELINE-SAME: {prune.param = #prune.param<"fc0.weight", weight>}
// PIPELINE-SAME: {prune.param = #prune.param<"fc2.bias", bias>}
// PIPELINE-NOT: linalg.transpose

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F00000040"
    }
  }
#-}
