// The phases of shrinking, each a pipeline of its own: together they are
// prune-compress-pipeline.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=0.5})" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{threshold=0.5},prune-compact-pipeline)" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{threshold=0.5})" | FileCheck %s --check-prefix=MASKED
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{threshold=0.5},prune-compact-pipeline{record-kept})" | FileCheck %s --check-prefix=KEPT
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=0.5},prune-kernel-pipeline)" | FileCheck %s --check-prefix=KERNEL

// The middle neuron reads nothing after pruning.
// CHECK: dense_resource<{{.*}}> : tensor<2x2xf32>
// CHECK: dense_resource<{{.*}}> : tensor<1x2xf32>
// CHECK-NOT: prune.apply_mask

// MASKED-COUNT-2: prune.apply_mask

// KEPT: prune.kept

// KERNEL-COUNT-2: prune.kernel
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<4x2xf32> {prune.input = "input"}) -> (tensor<4x1xf32> {prune.output = "logits"}) {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 2.0], [0.25, 0.25], [3.0, 4.0]]> : tensor<3x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[1.0, 1.0, -1.0]]> : tensor<1x3xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x2xf32>, tensor<3x2xf32>)
      outs(%i1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e2 = tensor.empty() : tensor<4x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x3xf32>, tensor<1x3xf32>)
      outs(%i2 : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y2 : tensor<4x1xf32>
}
