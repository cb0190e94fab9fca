// Erdos-Renyi-Kernel: ratios 6/8 of a and 4/4 of b. Of 12 elements 9 stay: densities 0.675 and 0.9.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.25 scope=erk})" | FileCheck %s --check-prefix=ERK
// What would be denser than 1 is dense, and the other has what is left: 0.85 of a.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.1 scope=erk})" | FileCheck %s --check-prefix=DENSE
// A cap of b leaves more to prune in a.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5 scope=erk cap=b:0.25})" | FileCheck %s --check-prefix=ERKCAP
// LAMP scores of a: 1/204 4/203 9/199 16/190 25/174 36/149 49/113 1, of b: 16/32 0 1/33 1.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.7 scope=lamp})" --remarks-filter=prune-select-masks 2>&1 | FileCheck %s --check-prefix=LAMP
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.6 scope=global})" | FileCheck %s --check-prefix=GLOBAL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.6 scope=global cap=b:0.25})" | FileCheck %s --check-prefix=CAP
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=100 cap=0.5})" | FileCheck %s --check-prefix=THRESHOLD
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:1},prune-select-masks{sparsity=0.5 round-to=3})" | FileCheck %s --check-prefix=ROUND
// Any number of threads gives the same.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.6 scope=global cap=b:0.25 threads=3})" | FileCheck %s --check-prefix=CAP

// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=1 scope=erk})" 2>&1 | FileCheck %s --check-prefix=NOSPARSITY
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5 cap=1.5})" 2>&1 | FileCheck %s --check-prefix=NOCAP
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5 round-to=4})" 2>&1 | FileCheck %s --check-prefix=NOCHANNEL
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{sparsity=0.5 round-to=0})" 2>&1 | FileCheck %s --check-prefix=NOMULTIPLE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=random},prune-select-masks{sparsity=0.5 scope=lamp})" 2>&1 | FileCheck %s --check-prefix=NOMAGNITUDE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=n_of_m:1:2:1},prune-select-masks{cap=0.5})" 2>&1 | FileCheck %s --check-prefix=NORULE

// NOSPARSITY: error: expected a sparsity with scope erk
// NOCAP: error: expected a cap in [0, 1], got 1.5
// NOCHANNEL: error: round-to counts channels: expected granularity channel, got #prune.granularity<unstructured>
// NOMULTIPLE: error: expected round-to of at least 1, got 0
// NOMAGNITUDE: error: scope lamp is about magnitudes, got criterion #prune.criterion<random>
// NORULE: error: expected one of threshold, std-factor and sparsity with cap

// ERK-DAG: mask_a: "0x100000000000000101010101"
// ERK-DAG: mask_b: "0x1000000001010101"
// DENSE-DAG: mask_a: "0x100000000001010101010101"
// DENSE-DAG: mask_b: "0x1000000001010101"
// Six are pruned: one of b, the cap, and five of a.
// ERKCAP-DAG: mask_a: "0x100000000000000000010101"
// ERKCAP-DAG: mask_b: "0x1000000001000101"
// LAMP: remark: [Passed] MaskSelected {{.*}}Parameter=a{{.*}}Threshold=2.416107e-01
// LAMP-DAG: mask_a: "0x100000000000000000000101"
// LAMP-DAG: mask_b: "0x1000000001000001"
// GLOBAL-DAG: mask_a: "0x100000000000000001010101"
// GLOBAL-DAG: mask_b: "0x1000000000000001"
// CAP-DAG: mask_a: "0x100000000000000000000101"
// CAP-DAG: mask_b: "0x1000000001000101"
// THRESHOLD-DAG: mask_a: "0x100000000000000001010101"
// THRESHOLD-DAG: mask_b: "0x1000000001000001"
// Columns of sums 6 8 10 12, and 5 4.
// ROUND-DAG: mask_a: "0x100000000001010100010101"
// ROUND-DAG: mask_b: "0x1000000001010101"
#t = affine_map<(m, n, k) -> (n, k)>
func.func @forward(%x: tensor<1x4xf32>, %i: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %a = arith.constant {prune.param = #prune.param<"a", weight>} dense<[[1.0, -2.0, 3.0, 4.0], [-5.0, 6.0, -7.0, 8.0]]> : tensor<2x4xf32>
  %b = arith.constant {prune.param = #prune.param<"b", weight>} dense<[[4.0, 0.0], [1.0, -4.0]]> : tensor<2x2xf32>
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, #t, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %a : tensor<1x4xf32>, tensor<2x4xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = linalg.matmul ins(%0, %b : tensor<1x2xf32>, tensor<2x2xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
