// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters,prune-lift-parameters)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-lift-parameters{keep-values=false})" | FileCheck %s --check-prefix=DROP
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(cse,prune-lift-parameters)" --prune-pass-statistics 2>&1 | FileCheck %s --check-prefix=STAT %}
// Lifting and then binding gives back the same module.
// RUN: prune-opt %s --pass-pipeline="builtin.module(cse)" -o %t.before
// RUN: prune-opt %s --pass-pipeline="builtin.module(cse,prune-lift-parameters,prune-bind-parameters)" -o %t.after
// RUN: diff %t.before %t.after

// STAT: (S) 3 num-parameters-lifted

// CHECK-LABEL: func @f
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<2xf32> {prune.input = "input"}
// CHECK-SAME: %[[W:[a-z0-9]*]]: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.value = dense_resource<w> : tensor<2xf32>}
// CHECK-SAME: %[[B:[a-z0-9]*]]: tensor<2xf32> {prune.param = #prune.param<"b", bias>, prune.value = dense_resource<b> : tensor<2xf32>}
// CHECK-NEXT: arith.constant dense<1.000000e+00>
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[X]], %[[W]]
// CHECK-NEXT: arith.addf %[[P]], %[[B]]
// DROP-LABEL: func @f
// DROP-SAME: tensor<2xf32> {prune.param = #prune.param<"w", weight>}
// DROP-NOT: prune.value
func.func @f(%x: tensor<2xf32> {prune.input = "input"}) -> tensor<2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
  %b = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
  %c = arith.constant dense<1.0> : tensor<2xf32>
  %0 = arith.mulf %x, %w : tensor<2xf32>
  %1 = arith.addf %0, %b : tensor<2xf32>
  %2 = arith.addf %1, %c : tensor<2xf32>
  return %2 : tensor<2xf32>
}

// Copies of one constant become one argument.
// CHECK-LABEL: func @copies
// CHECK-SAME: %[[W:[a-z0-9]*]]: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.value = dense_resource<w> : tensor<2xf32>}) ->
// CHECK-NEXT: arith.addf %[[W]], %[[W]]
func.func @copies() -> tensor<2xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
  %v = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
  %0 = arith.addf %w, %v : tensor<2xf32>
  return %0 : tensor<2xf32>
}

{-#
  dialect_resources: { builtin: { w: "0x040000000000803F00000040", b: "0x04000000000080BF00000041" } }
#-}
