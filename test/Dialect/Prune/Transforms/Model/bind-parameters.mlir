// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters,prune-bind-parameters)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters{functions=step})" | FileCheck %s --check-prefix=STEP
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-bind-parameters)" --prune-pass-statistics 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 3 num-parameters-bound

// CHECK-LABEL: func @dense
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32> {prune.input = "input"}) -> tensor<2xf32>
// CHECK: %[[W:.*]] = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2xf32>
// CHECK: %[[B:.*]] = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
// CHECK: %[[P:.*]] = arith.mulf %[[X]], %[[W]]
// CHECK: arith.addf %[[P]], %[[B]]
func.func @dense(%x: tensor<2xf32> {prune.input = "input"},
    %w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.value = dense_resource<w> : tensor<2xf32>},
    %b: tensor<2xf32> {prune.param = #prune.param<"b", bias>, prune.value = dense<[1.0, 2.0]> : tensor<2xf32>}) -> tensor<2xf32> {
  %0 = arith.mulf %x, %w : tensor<2xf32>
  %1 = arith.addf %0, %b : tensor<2xf32>
  return %1 : tensor<2xf32>
}

// A splat becomes a resource of full size.
// CHECK-LABEL: func @splat
// CHECK-SAME: () -> tensor<2xf32>
// CHECK: arith.constant {prune.param = #prune.param<"s", scale>} dense_resource<s> : tensor<2xf32>
func.func @splat(%s: tensor<2xf32> {prune.param = #prune.param<"s", scale>, prune.value = dense<3.0> : tensor<2xf32>}) -> tensor<2xf32> {
  return %s : tensor<2xf32>
}

// Training state stays where it is unless asked for.
// CHECK-LABEL: func @step
// CHECK-SAME: prune.state = "w"
// STEP-LABEL: func @dense(%{{.*}}: tensor<2xf32> {prune.input = "input"}, %
// STEP-LABEL: func @step
// STEP-SAME: () -> tensor<2xf32>
func.func @step(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w", prune.value = dense_resource<w> : tensor<2xf32>}) -> tensor<2xf32> {
  return %w : tensor<2xf32>
}

// CHECK-LABEL: func private @external
func.func private @external(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>})

// CHECK-DAG: w: "0x040000000000803F00000040"
// CHECK-DAG: b: "0x100000000000803F00000040"
// CHECK-DAG: s: "0x100000000000404000004040"
{-#
  dialect_resources: { builtin: { w: "0x040000000000803F00000040" } }
#-}
