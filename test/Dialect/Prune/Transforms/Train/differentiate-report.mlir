// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-differentiate)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate)" --remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate)" -o %t.once
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-differentiate)" -o %t.twice
// RUN: diff %t.once %t.twice

// Differentiating a second time changes nothing.

// STAT-DAG: (S) 2 num-gradients
// STAT-DAG: (S) 1 num-zero-gradients
// STAT-DAG: (S) 2 num-ops-added

// REMARK: GradientZero
// REMARK-SAME: prune-differentiate
// REMARK-SAME: the loss does not depend on parameter 'b': its gradient is zero

func.func @loss(%a: f32 {prune.param = #prune.param<"a", weight>}, %b: tensor<2xf32> {prune.param = #prune.param<"b", bias>}) -> f32 {
  %0 = arith.mulf %a, %a : f32
  return %0 : f32
}
