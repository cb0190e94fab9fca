// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-fold-gates)" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-fold-gates)" | diff %t.mlir -
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-fold-gates,prune-fold-masks)" | FileCheck %s --check-prefix=PLAIN
// RUN: %if statistics %{ prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-fold-gates)" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(prune-fold-gates)" --remark-policy=all --remarks-filter=prune-fold-gates 2>&1 >%t | FileCheck %s --check-prefix=REMARK

// STAT-DAG: 3 num-gates-folded
// STAT-DAG: 5 num-weights-closed
// REMARK: remark: [Passed] GateFolded | Category:prune-fold-gates{{.*}} | Closed=2, Parameter=v
// REMARK: remark: [Missed] GateNotFolded | Category:prune-fold-gates{{.*}} | {{.*}}Parameter=w, Reason={{"?}}the auxiliary parameters are not constant

// A gate is open above zero only, and a subnormal number counts as zero; bytes of the masks are in the resources below.
// CHECK-LABEL: func @forward(
// CHECK-NOT: arith.constant {{.*}}auxiliary
// CHECK: %[[M:.*]] = arith.constant dense_resource<mask_v> : tensor<2x2xi1>
// CHECK: prune.apply_mask %{{.*}}, %[[M]] : tensor<2x2xf32>
// CHECK: %[[B:.*]] = arith.constant dense_resource<mask_b> : tensor<2xi1>
// CHECK: prune.apply_mask %{{.*}}, %[[B]] : tensor<2xf32>
// CHECK: %[[E:.*]] = arith.constant dense_resource<mask_u> : tensor<1x4xi1>
// CHECK: prune.apply_mask %{{.*}}, %[[E]] : tensor<1x4xf32>
// CHECK: prune.gate %{{.*}}, %{{.*}} ste(<softplus>) : tensor<2xf32>, tensor<2xf32>
// CHECK-DAG: mask_v: "0x{{[0-9A-F]+}}00000101"
// CHECK-DAG: mask_b: "0x{{[0-9A-F]+}}0001"
// CHECK-DAG: mask_u: "0x{{[0-9A-F]+}}01000100"

// PLAIN-LABEL: func @forward(
// PLAIN-NOT: apply_mask
// PLAIN: "use"
func.func @forward(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>},
                   %n: tensor<2xf32> {prune.param = #prune.param<"w.gate", auxiliary>}) {
  %v = arith.constant {prune.param = #prune.param<"v", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant {prune.param = #prune.param<"b", bias>} dense<[5.0, 6.0]> : tensor<2xf32>
  %m = arith.constant {prune.param = #prune.param<"v.gate", auxiliary>} dense<[-0.5, 0.5]> : tensor<2xf32>
  %u = arith.constant {prune.param = #prune.param<"u", weight>} dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %k = arith.constant {prune.param = #prune.param<"u.gate", auxiliary>} dense<[[0.1, 1.0e-40, 1.0, -1.0]]> : tensor<1x4xf32>
  %t = prune.gate %v, %m ste(<softplus>) granularity(<channel, axis = 0>) : tensor<2x2xf32>, tensor<2xf32>
  %c = prune.gate %b, %m ste(<softplus>) : tensor<2xf32>, tensor<2xf32>
  %s = prune.gate %u, %k ste(<softplus>) : tensor<1x4xf32>, tensor<1x4xf32>
  %r = prune.gate %w, %n ste(<softplus>) : tensor<2xf32>, tensor<2xf32>
  "use"(%t, %c, %s, %r) : (tensor<2x2xf32>, tensor<2xf32>, tensor<1x4xf32>, tensor<2xf32>) -> ()
  return
}
