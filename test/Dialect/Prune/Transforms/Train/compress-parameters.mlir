// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.5})" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.5})" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.5 ignore=fc1*})" | FileCheck %s --check-prefix=CHOICE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.9})" | FileCheck %s --check-prefix=DENSE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.5},prune-differentiate,prune-insert-regularizers{kind=l1 strength=0.1},prune-mask-gradients,prune-build-train-step{momentum=0.9},prune-verify-train-step)" | FileCheck %s --check-prefix=STEP
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.5})" --remark-policy=all --remarks-filter=prune-compress-parameters 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-compress-parameters{min-zeros=0.5})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT-DAG: 3 num-parameters-compressed

// REMARK: [Passed] WeightCompressed | Category:prune-compress-parameters | Kept=2, Of=6, Parameter=fc1.weight
// REMARK: [Passed] WeightCompressed | Category:prune-compress-parameters | Kept=1, Of=4, Parameter=fc2.weight
// REMARK: [Passed] WeightCompressed | Category:prune-compress-parameters | Kept=2, Of=8, Parameter=conv.weight
// REMARK: [Missed] WeightNotCompressed | Category:prune-compress-parameters | {{.*}}Parameter=groups.weight, Reason="it is read by something else than one product of matrices or convolution"
// REMARK: [Missed] WeightNotCompressed | Category:prune-compress-parameters | {{.*}}Parameter=half.weight, Reason="too few of its elements are masked"
// REMARK: [Missed] WeightNotCompressed | Category:prune-compress-parameters | {{.*}}Parameter=added.weight, Reason="it is read by something else than one product of matrices or convolution"
// REMARK: [Missed] WeightNotCompressed | Category:prune-compress-parameters | {{.*}}Parameter=empty.weight, Reason="its mask keeps nothing"
// REMARK-NOT: WeightNotCompressed

// One state in all functions; a mask in one is that of the others. Values move along.
// CHECK-LABEL: func @forward
// CHECK-SAME: %[[V1:[^:]*]]: tensor<2xf32> {prune.param = #prune.param<"fc1.weight", weight>, prune.value = dense_resource<fc1.weight> : tensor<2xf32>}
// CHECK-SAME: %[[V2:[^:]*]]: tensor<1xf32> {prune.param = #prune.param<"fc2.weight", weight>}
// CHECK-DAG: %[[W1:.*]] = prune.decompress %[[V1]] pattern(dense_resource<fc1.weight.pattern> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x3xf32>
// CHECK-DAG: %[[W2:.*]] = prune.decompress %[[V2]] pattern(dense_resource<fc2.weight.pattern> : tensor<1xi32>) : tensor<1xf32> -> tensor<2x2xf32>
// CHECK-NOT: prune.apply_mask
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[W1]]
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[W2]]
// CHECK-LABEL: func @loss
// CHECK-SAME: %{{[^:]*}}: tensor<2xf32> {prune.param = #prune.param<"fc1.weight", weight>}

// CHOICE-LABEL: func @forward
// CHOICE-SAME: tensor<2x3xf32> {prune.mask
// CHOICE-SAME: tensor<1xf32> {prune.param = #prune.param<"fc2.weight", weight>}

// DENSE-NOT: prune.decompress

// The whole step is of the values: no mask, and no dense gradient but for one
// that is compressed at once.
// STEP-LABEL: func @train_step
// STEP-SAME: tensor<2xf32> {prune.param = #prune.param<"fc1.weight", weight>, prune.state = "fc1.weight"}
// STEP-SAME: tensor<2xf32> {prune.state = "velocity:fc1.weight"}
// STEP-NOT: mask:
// STEP: prune.decompress
// STEP: %[[G:.*]] = prune.compress %{{.*}} pattern(dense_resource<fc1.weight.pattern> : tensor<2xi32>) : tensor<2x3xf32> -> tensor<2xf32>
// STEP: prune.regularize_gradient l1 %{{.*}}, %{{.*}} : tensor<2xf32>
// STEP: prune.sgd_update {{.*}} : (tensor<2xf32>, tensor<2xf32>, f32, tensor<2xf32>)
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<4x3xf32> {prune.input = "input"},
    %w1: tensor<2x3xf32> {prune.param = #prune.param<"fc1.weight", weight>, prune.mask = dense<[[true, false, false], [false, false, true]]> : tensor<2x3xi1>,
                          prune.value = dense<[[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]> : tensor<2x3xf32>},
    %w2: tensor<2x2xf32> {prune.param = #prune.param<"fc2.weight", weight>}) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %m2 = arith.constant dense<[[false, true], [false, false]]> : tensor<2x2xi1>
  %t2 = prune.apply_mask %w2, %m2 : tensor<2x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y1 = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w1 : tensor<4x3xf32>, tensor<2x3xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y2 = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%y1, %t2 : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y2 : tensor<4x2xf32>
}

func.func @loss(%x: tensor<4x3xf32> {prune.input = "input"}, %labels: tensor<4xi32> {prune.input = "labels"},
    %w1: tensor<2x3xf32> {prune.param = #prune.param<"fc1.weight", weight>}) -> (tensor<f32> {prune.output = "loss"}) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y1 = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w1 : tensor<4x3xf32>, tensor<2x3xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %l = prune.softmax_cross_entropy %y1, %labels : tensor<4x2xf32>, tensor<4xi32>
  return %l : tensor<f32>
}

// Weights of convolutions in one group.
// CHECK-LABEL: func @convolutions
// CHECK-SAME: %[[V:[^:]*]]: tensor<2xf32> {prune.param = #prune.param<"conv.weight", weight>}
// CHECK: prune.decompress %[[V]] pattern(dense_resource<conv.weight.pattern> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x1x2x2xf32>
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: linalg.conv_2d_ngchw_gfchw ins(%{{.*}}, %{{.*}} : tensor<4x2x1x2x2xf32>, tensor<2x1x1x2x2xf32>)
func.func @convolutions(%x: tensor<4x1x3x3xf32>, %y: tensor<4x2x1x2x2xf32>,
    %w: tensor<2x1x2x2xf32> {prune.param = #prune.param<"conv.weight", weight>, prune.mask = dense<[[[[true, false], [false, false]]], [[[false, false], [false, true]]]]> : tensor<2x1x2x2xi1>},
    %g: tensor<2x1x1x2x2xf32> {prune.param = #prune.param<"groups.weight", weight>, prune.mask = dense<[[[[[true, false], [false, false]]]], [[[[false, false], [false, true]]]]]> : tensor<2x1x1x2x2xi1>}) -> (tensor<4x2x2x2xf32>, tensor<4x2x1x1x1xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x2x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2x2x2xf32>) -> tensor<4x2x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<4x1x3x3xf32>, tensor<2x1x2x2xf32>) outs(%i : tensor<4x2x2x2xf32>) -> tensor<4x2x2x2xf32>
  %eg = tensor.empty() : tensor<4x2x1x1x1xf32>
  %ig = linalg.fill ins(%zero : f32) outs(%eg : tensor<4x2x1x1x1xf32>) -> tensor<4x2x1x1x1xf32>
  %d = linalg.conv_2d_ngchw_gfchw ins(%y, %g : tensor<4x2x1x2x2xf32>, tensor<2x1x1x2x2xf32>) outs(%ig : tensor<4x2x1x1x1xf32>) -> tensor<4x2x1x1x1xf32>
  return %c, %d : tensor<4x2x2x2xf32>, tensor<4x2x1x1x1xf32>
}

// CHECK-LABEL: func @others
// CHECK-SAME: tensor<2x2xf32> {prune.mask = {{.*}}, prune.param = #prune.param<"half.weight", weight>}
func.func @others(%x: tensor<4x2xf32>,
    %half: tensor<2x2xf32> {prune.param = #prune.param<"half.weight", weight>, prune.mask = dense<[[true, false], [true, true]]> : tensor<2x2xi1>},
    %added: tensor<2x2xf32> {prune.param = #prune.param<"added.weight", weight>, prune.mask = dense<[[true, false], [false, false]]> : tensor<2x2xi1>},
    %empty: tensor<2x2xf32> {prune.param = #prune.param<"empty.weight", weight>, prune.mask = dense<false> : tensor<2x2xi1>},
    %none: tensor<2x2xf32> {prune.param = #prune.param<"none.weight", weight>}) -> (tensor<4x2xf32>, tensor<2x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %half : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%y, %empty : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %s = arith.addf %added, %none : tensor<2x2xf32>
  return %z, %s : tensor<4x2xf32>, tensor<2x2xf32>
}
