// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-fold-masks)" --remarks-filter=prune-fold-masks 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-fold-masks,prune-fold-masks)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-fold-masks)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 4 num-masks-folded
// STAT: (S) 4 num-weights-zeroed
// STAT: (S) 2 num-subnormals-flushed

// REMARK: remark: [Passed] MaskFolded{{.*}}prune-fold-masks{{.*}}Parameter=w, SubnormalsFlushed=0, Zeroed=2
// REMARK: remark: [Missed] MaskNotFolded{{.*}}prune-fold-masks{{.*}}Reason="the mask is not constant"

// CHECK-LABEL: func @masked
// CHECK-NEXT: %[[W:.*]] = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w_1> : tensor<4xf32>
// CHECK-NEXT: return %[[W]]
func.func @masked() -> tensor<4xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<4xf32>
  %m = arith.constant dense<[false, true, false, true]> : tensor<4xi1>
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// A mask of a mask folds too; masks may be resources, one byte per element.
// CHECK-LABEL: func @twice
// CHECK-NEXT: %[[W:.*]] = arith.constant dense_resource<weight{{.*}}> : tensor<4xf32>
// CHECK-NEXT: return %[[W]]
func.func @twice() -> tensor<4xf32> {
  %w = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %m1 = arith.constant dense_resource<m> : tensor<4xi1>
  %m2 = arith.constant dense<[true, false, true, true]> : tensor<4xi1>
  %0 = prune.apply_mask %w, %m1 : tensor<4xf32>
  %1 = prune.apply_mask %0, %m2 : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Subnormal values go, under a mask and without one; the smallest normal stays.
// CHECK-LABEL: func @subnormal
func.func @subnormal() -> (tensor<2xf32>, tensor<2xf32>) {
  %w = arith.constant {prune.param = #prune.param<"s", weight>} dense<[1.0e-40, 1.17549435e-38]> : tensor<2xf32>
  %v = arith.constant {prune.param = #prune.param<"v", weight>} dense<[1.0e-40, 1.0]> : tensor<2xf32>
  %m = arith.constant dense<true> : tensor<2xi1>
  %0 = prune.apply_mask %w, %m : tensor<2xf32>
  return %0, %v : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func @dynamic
// CHECK: prune.apply_mask
func.func @dynamic(%m: tensor<4xi1>) -> tensor<4xf32> {
  %w = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = prune.apply_mask %w, %m : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-DAG: w_1: "0x10000000000000000000004000000000000000C1"
// CHECK-DAG: weight_1: "0x1000000000000000000000000000404000008040"
// CHECK-DAG: s: "0x100000000000000000008000"
// CHECK-DAG: v: "0x10000000000000000000803F"
{-#
  dialect_resources: { builtin: {
    w: "0x040000000000803F0000004000004040000000C1",
    m: "0x0100000000010101" } }
#-}
