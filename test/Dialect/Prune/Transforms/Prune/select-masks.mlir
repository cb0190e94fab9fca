// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=2.0})" | FileCheck %s --check-prefixes=CHECK,THRESHOLD
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{std-factor=a:1.0,*:2.0})" | FileCheck %s --check-prefixes=CHECK,QUALITY
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5})" | FileCheck %s --check-prefixes=CHECK,SPARSITY
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5 scope=global})" | FileCheck %s --check-prefixes=CHECK,GLOBAL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=a:2.0})" | FileCheck %s --check-prefixes=CHECK,ONLYA
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-masks{sparsity=0.5})" | FileCheck %s --check-prefixes=CHECK,CHANNEL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=vector:0},prune-select-masks{sparsity=0.5})" | FileCheck %s --check-prefixes=CHECK,VECTOR
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=block:2x2},prune-select-masks{sparsity=0.5})" | FileCheck %s --check-prefixes=CHECK,BLOCK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=n_of_m:1:2:1},prune-select-masks)" | FileCheck %s --check-prefixes=CHECK,NOFM
// Selecting again with the same rule changes nothing: the mask is there already.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5},prune-score,prune-select-masks{sparsity=0.5},prune-verify-masked)" | FileCheck %s --check-prefixes=CHECK,AGAIN
// What is pruned stays pruned: a laxer rule takes nothing back.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5},prune-score,prune-select-masks{threshold=1.5})" | FileCheck %s --check-prefixes=CHECK,AGAIN
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=100})" --remarks-filter=prune-select-masks 2>&1 | FileCheck %s --check-prefix=ALIVE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=100 allow-empty=true})" | FileCheck %s --check-prefix=EMPTY
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5})" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 2 num-masks-selected
// STAT: (S) 6 num-weights-pruned
// STAT: (S) 6 num-weights-kept

// ALIVE: remark: [Missed] LayerKeptAlive{{.*}}Parameter=a{{.*}}Reason="the rule prunes every element"
// ALIVE: remark: [Passed] MaskSelected {{.*}} Kept=1, Parameter=a, Share=1.250000e-01, Threshold=1.000000e+02, Total=8
// The largest is kept; of two equal ones (4 and -4 in b) the last.
// ALIVE-DAG: mask_a: "0x100000000000000000000001"
// ALIVE-DAG: mask_b: "0x1000000000000001"
// EMPTY-DAG: mask_a: "0x100000000000000000000000"
// EMPTY-DAG: mask_b: "0x1000000000000000"

// CHECK-LABEL: func @forward
// CHECK: %[[A:.*]] = arith.constant {prune.param = #prune.param<"a", weight>}
// CHECK-NEXT: %[[MA:.*]] = arith.constant dense_resource<mask_a{{.*}}> : tensor<2x4xi1>
// CHECK-NEXT: %[[TA:.*]] = prune.apply_mask %[[A]], %[[MA]] : tensor<2x4xf32>
// CHECK-NEXT: %[[B:.*]] = arith.constant {prune.param = #prune.param<"b", weight>}
// CHECK-NEXT: %[[MB:.*]] = arith.constant dense_resource<mask_b{{.*}}> : tensor<2x2xi1>
// CHECK-NEXT: %[[TB:.*]] = prune.apply_mask %[[B]], %[[MB]] : tensor<2x2xf32>
// CHECK-NOT: prune.score
// CHECK: linalg.matmul {{.*}}ins(%{{.*}}, %[[TA]]
// CHECK: linalg.matmul {{.*}}ins(%{{.*}}, %[[TB]]

// a = [[1, -2, 3, 4], [-5, 6, -7, 8]], mean 1, standard deviation 4.949747
// b = [[4, 0], [1, -4]], mean 0.25, standard deviation 2.861381
// THRESHOLD-DAG: mask_a: "0x100000000000010101010101"
// THRESHOLD-DAG: mask_b: "0x1000000001000001"
// QUALITY-DAG: mask_a: "0x100000000000000001010101"
// QUALITY-DAG: mask_b: "0x1000000000000001"
// SPARSITY-DAG: mask_a: "0x100000000000000001010101"
// SPARSITY-DAG: mask_b: "0x1000000001000001"
// AGAIN-DAG: "0x100000000000000001010101"
// AGAIN-DAG: "0x1000000001000001"
// Together 0 1 1 2 3 4 go; of the three fours that of a, the earlier weight.
// GLOBAL-DAG: mask_a: "0x100000000000000001010101"
// GLOBAL-DAG: mask_b: "0x1000000001000001"
// ONLYA-DAG: mask_a: "0x100000000000010101010101"
// ONLYA-DAG: mask_b: "0x1000000001010101"
// CHANNEL-DAG: mask_a: "0x100000000000000001010101"
// CHANNEL-DAG: mask_b: "0x1000000000000101"
// VECTOR-DAG: mask_a: "0x100000000000010100000101"
// VECTOR-DAG: mask_b: "0x1000000001000100"
// BLOCK-DAG: mask_a: "0x100000000000010100000101"
// One block: half of it cannot be pruned, and none is as near as all.
// BLOCK-DAG: mask_b: "0x1000000001010101"
// NOFM-DAG: mask_a: "0x100000000001000100010001"
// NOFM-DAG: mask_b: "0x1000000001000001"
#t = affine_map<(m, n, k) -> (n, k)>
func.func @forward(%x: tensor<1x4xf32>, %i: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %a = arith.constant {prune.param = #prune.param<"a", weight>} dense<[[1.0, -2.0, 3.0, 4.0], [-5.0, 6.0, -7.0, 8.0]]> : tensor<2x4xf32>
  %b = arith.constant {prune.param = #prune.param<"b", weight>} dense<[[4.0, 0.0], [1.0, -4.0]]> : tensor<2x2xf32>
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, #t, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %a : tensor<1x4xf32>, tensor<2x4xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = linalg.matmul ins(%0, %b : tensor<1x2xf32>, tensor<2x2xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
