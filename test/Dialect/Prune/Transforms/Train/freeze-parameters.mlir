// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-freeze-parameters{parameters=conv*})" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(prune-freeze-parameters{parameters=conv*})" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-freeze-parameters{parameters=conv*},prune-differentiate,prune-verify-gradient,prune-build-train-step{momentum=0.9},prune-verify-train-step)" | FileCheck %s --check-prefix=FC
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-freeze-parameters{parameters=fc*},prune-differentiate,prune-verify-gradient,prune-build-train-step,prune-verify-train-step)" | FileCheck %s --check-prefix=CONV
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-freeze-parameters{roles=bias invert},prune-differentiate)" | FileCheck %s --check-prefix=BIAS
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-freeze-parameters{parameters=conv*},canonicalize)" | FileCheck %s --check-prefix=LATE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-freeze-parameters{parameters=conv*})" --remark-policy=all --remarks-filter=prune-freeze-parameters 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-freeze-parameters{roles=weight})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT-DAG: 2 num-parameters-frozen

// REMARK: remark: [Passed] ParameterFrozen | Category:prune-freeze-parameters | Function=loss | {{.*}}Parameter=conv.weight
// REMARK: remark: [Passed] ParameterFrozen | Category:prune-freeze-parameters | Function=loss | {{.*}}Parameter=conv.bias

// CHECK-LABEL: func @loss(
// CHECK-SAME: {prune.frozen, prune.param = #prune.param<"conv.weight", weight>}
// CHECK-SAME: {prune.frozen, prune.param = #prune.param<"conv.bias", bias>}
// CHECK-SAME: {prune.param = #prune.param<"fc.weight", weight>}
// CHECK-SAME: {prune.param = #prune.param<"fc.bias", bias>}

// Layers before the first that is trained cost nothing: the sweep stops at the
// flattened activation, and no convolution runs backwards. What is frozen is state
// that is read and not returned.
// FC-LABEL: func @train_step(
// FC-SAME: %[[W:[^:]*]]: tensor<5x3x3x3xf32> {prune.frozen, prune.param = #prune.param<"conv.weight", weight>, prune.state = "conv.weight"}
// FC-SAME: -> (tensor<3x20xf32> {prune.state = "fc.weight"}, tensor<3xf32> {prune.state = "fc.bias"}, tensor<3x20xf32> {prune.state = "velocity:fc.weight"}, tensor<3xf32> {prune.state = "velocity:fc.bias"}, tensor<f32> {prune.output = "loss"})
// FC: linalg.conv_2d_nchw_fchw {{.*}}%[[W]]
// FC: tensor.collapse_shape
// FC: linalg.matmul
// FC: prune.softmax_cross_entropy
// FC-NOT: linalg.conv
// FC-NOT: tensor<2x5x2x2xf32>
// FC: linalg.matmul
// FC-NOT: linalg.matmul
// FC-NOT: tensor<5x3x3x3xf32>
// FC-COUNT-2: prune.sgd_update
// FC-NOT: prune.sgd_update

// Behind the last layer that is trained only the gradient of the data flows: one
// product for the frozen matrix instead of two.
// CONV-LABEL: func @train_step(
// CONV-SAME: {prune.frozen, prune.param = #prune.param<"fc.weight", weight>, prune.state = "fc.weight"}
// CONV-SAME: -> (tensor<5x3x3x3xf32> {prune.state = "conv.weight"}, tensor<5xf32> {prune.state = "conv.bias"}, tensor<f32> {prune.output = "loss"})
// CONV: prune.softmax_cross_entropy
// CONV-NOT: -> tensor<3x20xf32>
// CONV: -> tensor<2x20xf32>
// CONV-NOT: -> tensor<3x20xf32>
// CONV-COUNT-2: prune.sgd_update
// CONV-NOT: prune.sgd_update

// BIAS-LABEL: func @loss(
// BIAS-SAME: -> (tensor<f32> {prune.output = "loss"}, tensor<5xf32> {prune.grad_of = "conv.bias"}, tensor<3xf32> {prune.grad_of = "fc.bias"})

// Gradients that are there already go.
// LATE-LABEL: func @loss(
// LATE-SAME: -> (tensor<f32> {prune.output = "loss"}, tensor<3x20xf32> {prune.grad_of = "fc.weight"}, tensor<3xf32> {prune.grad_of = "fc.bias"})
// LATE: prune.softmax_cross_entropy
// LATE-NOT: tensor<2x5x2x2xf32>
// LATE: return

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @loss(%x: tensor<2x3x4x4xf32> {prune.input = "input"},
    %labels: tensor<2xi32> {prune.input = "labels"},
    %w: tensor<5x3x3x3xf32> {prune.param = #prune.param<"conv.weight", weight>},
    %b: tensor<5xf32> {prune.param = #prune.param<"conv.bias", bias>},
    %fw: tensor<3x20xf32> {prune.param = #prune.param<"fc.weight", weight>},
    %fb: tensor<3xf32> {prune.param = #prune.param<"fc.bias", bias>})
    -> (tensor<f32> {prune.output = "loss"}) {
  %e = tensor.empty() : tensor<2x5x2x2xf32>
  %i = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e : tensor<2x5x2x2xf32>) dimensions = [0, 2, 3]
  %z = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x4x4xf32>, tensor<5x3x3x3xf32>)
      outs(%i : tensor<2x5x2x2xf32>) -> tensor<2x5x2x2xf32>
  %f = tensor.collapse_shape %z [[0], [1, 2, 3]] : tensor<2x5x2x2xf32> into tensor<2x20xf32>
  %e2 = tensor.empty() : tensor<2x3xf32>
  %i2 = linalg.broadcast ins(%fb : tensor<3xf32>) outs(%e2 : tensor<2x3xf32>) dimensions = [0]
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%f, %fw : tensor<2x20xf32>, tensor<3x20xf32>)
      outs(%i2 : tensor<2x3xf32>) -> tensor<2x3xf32>
  %l = prune.softmax_cross_entropy %y, %labels : tensor<2x3xf32>, tensor<2xi32>
  return %l : tensor<f32>
}
