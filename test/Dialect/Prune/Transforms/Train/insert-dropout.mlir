// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-dropout{rates=fc1.*:0,*.weight:0.5 seed=7})" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(prune-insert-dropout{rates=fc1.*:0,*.weight:0.5 seed=7})" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-dropout{rates=fc2.*:0.25},prune-insert-regularizers,prune-differentiate,prune-build-train-step,prune-verify-train-step)" | FileCheck %s --check-prefix=TRAIN
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-insert-dropout{rates=*:0.5})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-dropout{rates=fc2.*:0.5})" --remark-policy=all --remarks-filter=prune-insert-dropout 2>&1 >%t | FileCheck %s --check-prefix=REMARK

// STAT-DAG: 3 num-dropouts-inserted
// REMARK: remark: [Passed] DropoutInserted | Category:prune-insert-dropout{{.*}} | Parameter=fc2.weight
// REMARK-NOT: DropoutInserted

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// The convolution drops what it pads; each layer has a seed of its own, and rate
// zero is no dropout.
// CHECK-LABEL: func @loss(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3x4x4xf32>
// CHECK-SAME: %[[STEP:[^:]*]]: tensor<i64> {prune.state = "step"})
// CHECK: %[[N:.*]] = tensor.extract %[[STEP]][]
// CHECK: %[[D:.*]] = prune.dropout %[[X]], %[[N]] rate 5.000000e-01 seed 7 : tensor<2x3x4x4xf32>
// CHECK: tensor.pad %[[D]]
// CHECK: linalg.matmul
// CHECK-SAME: ins(%{{[^,]*}}, %[[W1:[^ ]*]] : tensor<2x80xf32>
// CHECK: %[[E:.*]] = prune.dropout %{{.*}}, %[[N]] rate 5.000000e-01 seed 9 : tensor<2x6xf32>
// CHECK: linalg.matmul
// CHECK-SAME: ins(%[[E]],

// The step counts on, and the reverse sweep drops the same elements.
// TRAIN-LABEL: func @train_step(
// TRAIN-SAME: %[[STEP:[^:]*]]: tensor<i64> {prune.state = "step"}
// TRAIN-SAME: tensor<i64> {prune.state = "step"}, tensor<f32> {prune.output = "loss"}
// TRAIN: %[[N:.*]] = tensor.extract %[[STEP]][]
// TRAIN: prune.dropout %{{.*}}, %[[N]] rate 2.500000e-01 seed 0 : tensor<2x6xf32>
// TRAIN: prune.dropout %{{.*}}, %[[N]] rate 2.500000e-01 seed 0 : tensor<2x6xf32>
// TRAIN: arith.addi
// TRAIN: tensor.insert
func.func @loss(%x: tensor<2x3x4x4xf32> {prune.input = "input"},
    %labels: tensor<2xi32> {prune.input = "labels"},
    %w: tensor<5x3x3x3xf32> {prune.param = #prune.param<"conv.weight", weight>},
    %w1: tensor<6x80xf32> {prune.param = #prune.param<"fc1.weight", weight>},
    %w2: tensor<3x6xf32> {prune.param = #prune.param<"fc2.weight", weight>})
    -> (tensor<f32> {prune.output = "loss"}) {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<2x3x4x4xf32> to tensor<2x3x6x6xf32>
  %s = arith.constant dense<0.0> : tensor<2x5x4x4xf32>
  %z = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<2x3x6x6xf32>, tensor<5x3x3x3xf32>)
      outs(%s : tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  %f = tensor.collapse_shape %z [[0], [1, 2, 3]] : tensor<2x5x4x4xf32> into tensor<2x80xf32>
  %s1 = arith.constant dense<0.0> : tensor<2x6xf32>
  %h = linalg.matmul indexing_maps = [#a, #b, #c] ins(%f, %w1 : tensor<2x80xf32>, tensor<6x80xf32>)
      outs(%s1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %s2 = arith.constant dense<0.0> : tensor<2x3xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%h, %w2 : tensor<2x6xf32>, tensor<3x6xf32>)
      outs(%s2 : tensor<2x3xf32>) -> tensor<2x3xf32>
  %l = prune.softmax_cross_entropy %y, %labels : tensor<2x3xf32>, tensor<2xi32>
  return %l : tensor<f32>
}
