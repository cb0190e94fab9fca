// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-score)" --remarks-filter=prune-score -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=IR < %t.mlir

// A network without a weight is not left unpruned without a word.

// CHECK: remark: [Missed] NothingToScore{{.*}}no operation has a weight of the chosen roles and names; nothing will be pruned
// IR-LABEL: func.func @nothing
// IR-NOT: prune.score
func.func @nothing(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// A weight of unknown extent has no scores.

// CHECK: remark: [Missed] WeightNotScored{{.*}}Reason="its shape is not static"
// IR-LABEL: func.func @dynamic
// IR-NOT: prune.score
func.func @dynamic(%x: tensor<2x4xf32>, %w: tensor<4x?xf32> {prune.param = #prune.param<"w", weight>}, %i: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x?xf32>) outs(%i : tensor<2x?xf32>) -> tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}
