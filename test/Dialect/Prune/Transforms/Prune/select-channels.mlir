// Channels that leave together are chosen together: the first two layers add to
// each other, so that both lose the same rows. The last layer's rows are
// returned.

// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=0.5})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=0.5},prune-fold-masks,prune-eliminate-dead-neurons)" | FileCheck %s --check-prefix=SMALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=0.9 cap=0.5})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=fc2.weight:0.5 scope=global})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=0.5 round-to=4})" | FileCheck %s --check-prefix=ALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=other:0.5})" | FileCheck %s --check-prefix=ALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=0.25},prune-score{granularity=channel:0},prune-select-channels{sparsity=0.5})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-channels{sparsity=0.5})" --remarks-filter=".*" 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0 parameters=fc1.weight},prune-select-channels{sparsity=0.5})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=LONELY

// By itself the first layer would lose the rows 0 and 1, and the second one the
// rows 2 and 3; together those of the smallest sums are 1 and 3.
// CHECK: %[[W1:.*]] = arith.constant {{.*}}"fc1.weight"
// CHECK-NEXT: %[[M1:.*]] = arith.constant dense_resource<mask_fc1.weight{{.*}}> : tensor<4x2xi1>
// CHECK-NEXT: prune.apply_mask %[[W1]], %[[M1]]
// CHECK: %[[B1:.*]] = arith.constant {{.*}}"fc1.bias"
// CHECK-NEXT: %[[MB:.*]] = arith.constant dense_resource<mask_fc1.bias{{.*}}> : tensor<4xi1>
// CHECK-NEXT: prune.apply_mask %[[B1]], %[[MB]]
// CHECK: %[[W2:.*]] = arith.constant {{.*}}"fc2.weight"
// CHECK-NEXT: %[[M2:.*]] = arith.constant dense_resource<mask_fc2.weight{{.*}}> : tensor<4x4xi1>
// CHECK-NEXT: prune.apply_mask %[[W2]], %[[M2]]
// CHECK-NOT: prune.score
// CHECK-DAG: mask_fc1.weight{{.*}}: "0x100000000101000001010000"
// CHECK-DAG: mask_fc1.bias{{.*}}: "0x1000000001000100"
// CHECK-DAG: mask_fc2.weight{{.*}}: "0x1000000001010101000000000101010100000000"

// SMALL-DAG: arith.constant {{.*}}"fc1.weight"{{.*}} : tensor<2x2xf32>
// SMALL-DAG: arith.constant {{.*}}"fc1.bias"{{.*}} : tensor<2xf32>
// SMALL-DAG: arith.constant {{.*}}"fc2.weight"{{.*}} : tensor<2x2xf32>
// SMALL-DAG: arith.constant {{.*}}"fc3.weight"{{.*}} : tensor<1x2xf32>

// ALL-DAG: mask_fc1.weight{{.*}}: "0x100000000101010101010101"
// ALL-DAG: mask_fc2.weight{{.*}}: "0x1000000001010101010101010101010101010101"

// REMARK: ChannelsKept{{.*}}Channels=1, Parameters=fc3.weight, Reason="returned by the function"
// REMARK: ChannelsSelected{{.*}}Kept=2, Parameters="fc1.weight, fc2.weight", Total=4

// LONELY: ChannelsKept{{.*}}Parameters=fc1.weight{{.*}}'fc2.weight' makes the same channels and has no scores of them
// LONELY: mask_fc1.weight{{.*}}: "0x100000000101010101010101"

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @residual(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 0.0], [1.5, 0.0], [6.0, 0.0], [2.0, 0.0]]> : tensor<4x2xf32>
  %b1 = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[9.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
  %w3 = arith.constant {prune.param = #prune.param<"fc3.weight", weight>} dense<[[1.0, 1.0, -1.0, 5.0]]> : tensor<1x4xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x4xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<4xf32>) outs(%e1 : tensor<4x4xf32>) dimensions = [0]
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x2xf32>, tensor<4x2xf32>)
      outs(%i1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e2 = tensor.empty() : tensor<4x4xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%i2 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e3 = tensor.empty() : tensor<4x4xf32>
  %sum = linalg.add ins(%y1, %y2 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e3 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e4 = tensor.empty() : tensor<4x1xf32>
  %i4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y4 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%sum, %w3 : tensor<4x4xf32>, tensor<1x4xf32>)
      outs(%i4 : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y4 : tensor<4x1xf32>
}
