// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-adjust-dropout{remaining=fc1.*:6,fc2.*:9})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-adjust-dropout)" | FileCheck %s --check-prefix=MASK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-adjust-dropout{remaining=fc9.*:1})" | FileCheck %s --check-prefix=DENSE
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-adjust-dropout{remaining=fc1.*:6})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-adjust-dropout{remaining=fc1.*:6})" --remark-policy=all --remarks-filter=prune-adjust-dropout 2>&1 >%t | FileCheck %s --check-prefix=REMARK

// STAT-DAG: 2 num-dropouts-adjusted
// REMARK: remark: [Passed] DropoutAdjusted | Category:prune-adjust-dropout{{.*}} | Rate=2.500000e-01, Seed=0

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Six of 24 connections: half the rate, in the reverse sweep as well. Nine of
// twelve: the root of three quarters.
// CHECK-LABEL: func @loss(
// CHECK: prune.dropout {{.*}} rate 2.500000e-01 seed 0 : tensor<2x4xf32>
// CHECK: prune.dropout {{.*}} rate 0.34641016151377546 seed 1 : tensor<2x6xf32>
// CHECK: prune.dropout {{.*}} rate 2.500000e-01 seed 0 : tensor<2x4xf32>

// Three of twelve elements are in the mask of the second layer.
// MASK-LABEL: func @loss(
// MASK: prune.dropout {{.*}} rate 5.000000e-01 seed 0
// MASK: prune.dropout {{.*}} rate 2.000000e-01 seed 1

// DENSE-LABEL: func @loss(
// DENSE: prune.dropout {{.*}} rate 5.000000e-01 seed 0
// DENSE: prune.dropout {{.*}} rate 4.000000e-01 seed 1
func.func @loss(%x: tensor<2x4xf32>, %n: i64, %d: tensor<2x4xf32>,
    %w1: tensor<6x4xf32> {prune.param = #prune.param<"fc1.weight", weight>},
    %w2: tensor<2x6xf32> {prune.param = #prune.param<"fc2.weight", weight>})
    -> (tensor<2x2xf32>, tensor<2x4xf32>) {
  %x1 = prune.dropout %x, %n rate 0.5 seed 0 : tensor<2x4xf32>
  %s1 = arith.constant dense<0.0> : tensor<2x6xf32>
  %h = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x1, %w1 : tensor<2x4xf32>, tensor<6x4xf32>)
      outs(%s1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %h1 = prune.dropout %h, %n rate 0.4 seed 1 : tensor<2x6xf32>
  %m = arith.constant dense<[[true, false, false, false, true, false], [false, true, false, false, false, false]]> : tensor<2x6xi1>
  %t = prune.apply_mask %w2, %m : tensor<2x6xf32>
  %s2 = arith.constant dense<0.0> : tensor<2x2xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%h1, %t : tensor<2x6xf32>, tensor<2x6xf32>)
      outs(%s2 : tensor<2x2xf32>) -> tensor<2x2xf32>
  %d1 = prune.dropout %d, %n rate 0.5 seed 0 : tensor<2x4xf32>
  return %y, %d1 : tensor<2x2xf32>, tensor<2x4xf32>
}
