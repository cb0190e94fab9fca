// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-score)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0 p=2 parameters=fc*.weight ignore=fc2.*})" | FileCheck %s --check-prefix=CHANNEL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=block:2x1})" | FileCheck %s --check-prefix=BLOCK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=n_of_m:1:2:1})" | FileCheck %s --check-prefix=NOFM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=vector:1 roles=weight,bias})" | FileCheck %s --check-prefix=ROLES
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=filter_plane})" --remarks-filter=prune-score 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-score)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 3 num-weights-scored

// A granularity that does not fit leaves the weight alone.
// REMARK-COUNT-3: remark: [Missed] WeightNotScored{{.*}}prune-score{{.*}}Reason="the granularity does not fit the shape"
// REMARK-NOT: prune.score %

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @forward
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<1x4xf32>, %[[W3:.*]]: tensor<2x2xf32> {prune.param
// CHECK: prune.score %[[W3]] criterion(<magnitude>) granularity(<unstructured>) : tensor<2x2xf32> -> tensor<2x2xf32>
// CHECK-NOT: prune.score %[[W3]]
// CHECK: %[[W1:.*]] = arith.constant {prune.param = #prune.param<"fc1.weight", weight>}
// CHECK-NEXT: prune.score %[[W1]] criterion(<magnitude>) granularity(<unstructured>) : tensor<2x4xf32> -> tensor<2x4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc1.bias", bias>}
// CHECK-NEXT: %[[W2:.*]] = arith.constant {prune.param = #prune.param<"fc2.weight", weight>}
// CHECK-NEXT: prune.score %[[W2]]
// CHECK-NOT: prune.score

// CHANNEL-LABEL: func @forward
// CHANNEL-NEXT: prune.score %{{.*}} criterion(<magnitude, p = 2.000000e+00>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
// CHANNEL: prune.score %{{.*}} criterion(<magnitude, p = 2.000000e+00>) granularity(<channel, axis = 0>) : tensor<2x4xf32> -> tensor<2xf32>
// CHANNEL-NOT: prune.score

// BLOCK: granularity(<block, shape = [2, 1]>) : tensor<2x4xf32> -> tensor<1x4xf32>
// NOFM: granularity(<n_of_m, shape = [1, 2], axis = 1>) : tensor<2x4xf32> -> tensor<2x4xf32>
// ROLES: granularity(<vector, axis = 1>) : tensor<2x4xf32> -> tensor<2xf32>
func.func @forward(%x: tensor<1x4xf32>, %w3: tensor<2x2xf32> {prune.param = #prune.param<"fc3.weight", weight>}) -> tensor<1x2xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<1.0> : tensor<2x4xf32>
  %b1 = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense<1.0> : tensor<2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %m2 = arith.constant dense<[[true, false], [true, true]]> : tensor<2x2xi1>
  %e = tensor.empty() : tensor<1x2xf32>
  %i = linalg.broadcast ins(%b1 : tensor<2xf32>) outs(%e : tensor<1x2xf32>) dimensions = [0]
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<1x4xf32>, tensor<2x4xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  // Found behind a mask and a transposition.
  %t2 = prune.apply_mask %w2, %m2 : tensor<2x2xf32>
  %te = tensor.empty() : tensor<2x2xf32>
  %tt = linalg.transpose ins(%t2 : tensor<2x2xf32>) outs(%te : tensor<2x2xf32>) permutation = [1, 0]
  %1 = linalg.matmul ins(%0, %tt : tensor<1x2xf32>, tensor<2x2xf32>) outs(%0 : tensor<1x2xf32>) -> tensor<1x2xf32>
  // Used twice, scored once.
  %2 = linalg.matmul ins(%1, %w3 : tensor<1x2xf32>, tensor<2x2xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = linalg.matmul ins(%2, %w3 : tensor<1x2xf32>, tensor<2x2xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}
