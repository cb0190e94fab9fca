// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{exclude-ends=true granularity=channel:0})" --remarks-filter=prune-score 2>&1 | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0})" | FileCheck %s --check-prefix=ALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{exclude-ends=true sparsity=0.5})" | FileCheck %s --check-prefix=MASK

// ALL-COUNT-4: prune.score
// MASK-COUNT-1: prune.apply_mask
// MASK-NOT: prune.apply_mask

// Two layers read inputs, two make what the function returns; one is in between.
// CHECK: remark: [Missed] LayerExcluded{{.*}}Parameter=first{{.*}}Reason="it is a first or a last layer of the network"
// CHECK: remark: [Missed] LayerExcluded{{.*}}Parameter=last
// CHECK: remark: [Missed] LayerExcluded{{.*}}Parameter=side
// CHECK: prune.score
// CHECK-NOT: prune.score
func.func @forward(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>, %i: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %a = arith.constant {prune.param = #prune.param<"first", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant {prune.param = #prune.param<"middle", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = arith.constant {prune.param = #prune.param<"last", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %d = arith.constant {prune.param = #prune.param<"side", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %a : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = linalg.matmul ins(%0, %b : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = linalg.matmul ins(%1, %c : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = linalg.matmul ins(%y, %d : tensor<2x2xf32>, tensor<2x2xf32>) outs(%2 : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}
