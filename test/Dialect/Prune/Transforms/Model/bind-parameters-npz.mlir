// RUN: %python %S/../../../../Tools/prune-run/Inputs/make-npz.py %t.npz w "<f4" "2" 3,4 unused "<i8" "" 7
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters{values=%t.npz})" | FileCheck %s
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters{values=%t.missing})" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: %python %S/../../../../Tools/prune-run/Inputs/make-npz.py %t.bad.npz w "<f4" "3" 3,4,5
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters{values=%t.bad.npz})" 2>&1 | FileCheck %s --check-prefix=BAD

// A value in the file comes before the one that the argument remembers; what no
// parameter is called is ignored.
// CHECK-LABEL: func @f
// CHECK-SAME: () -> (tensor<2xf32>, tensor<2xf32>)
// CHECK: arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
// CHECK: arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
// CHECK-DAG: w: "0x100000000000404000008040"
// CHECK-DAG: b: "0x100000000000803F0000803F"
// MISSING: error: {{.*}}.missing
// BAD: error: expected a value of type 'tensor<2xf32>' for parameter 'w', got 'tensor<3xf32>'
func.func @f(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.value = dense<9.0> : tensor<2xf32>},
    %b: tensor<2xf32> {prune.param = #prune.param<"b", bias>, prune.value = dense<1.0> : tensor<2xf32>}) -> (tensor<2xf32>, tensor<2xf32>) {
  return %w, %b : tensor<2xf32>, tensor<2xf32>
}
