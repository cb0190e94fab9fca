// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates)" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates,prune-insert-gates)" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates{granularity=channel ste=leaky_relu slope=0.1 rule=chain ignore=fc*})" | FileCheck %s --check-prefix=CHANNEL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates{function=normalized granularity=channel})" | FileCheck %s --check-prefix=NORM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates{roles=bias parameters=fc*})" | FileCheck %s --check-prefix=CHOICE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates)" --remark-policy=all --remarks-filter=prune-insert-gates 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-insert-gates{granularity=channel})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT-DAG: 4 num-gates-inserted
// STAT-DAG: 2 num-auxiliary-added

// REMARK: remark: [Passed] GateInserted | Category:prune-insert-gates{{.*}} | Gates=conv.weight.gate, Parameter=conv.weight
// REMARK: remark: [Passed] GateInserted | Category:prune-insert-gates{{.*}} | Gates=fc.weight.gate, Parameter=fc.weight

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// One auxiliary parameter per weight; biases have none.
// CHECK-LABEL: func @forward(
// CHECK-SAME: %{{[^:]*}}: tensor<2x3x4x4xf32> {prune.input = "input"}, %[[W:[^:]*]]: tensor<5x3x3x3xf32> {{[^%]*}}%[[B:[^:]*]]: tensor<5xf32> {{[^%]*}}%[[FW:[^:]*]]: tensor<3x20xf32> {{[^%]*}}%[[FB:[^:]*]]: tensor<3xf32>
// CHECK-SAME: %[[M:[^:]*]]: tensor<5x3x3x3xf32> {prune.param = #prune.param<"conv.weight.gate", auxiliary>},
// CHECK-SAME: %[[FM:[^:]*]]: tensor<3x20xf32> {prune.param = #prune.param<"fc.weight.gate", auxiliary>})
// CHECK-DAG: %[[T:.*]] = prune.gate %[[W]], %[[M]] ste(<softplus>) : tensor<5x3x3x3xf32>, tensor<5x3x3x3xf32>
// CHECK-DAG: %[[FT:.*]] = prune.gate %[[FW]], %[[FM]] ste(<softplus>) : tensor<3x20xf32>, tensor<3x20xf32>
// CHECK: linalg.broadcast ins(%[[B]] :
// CHECK: linalg.conv_2d_nchw_fchw ins(%{{.*}}, %[[T]] :
// CHECK: linalg.broadcast ins(%[[FB]] :
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[FT]] :

// One per filter, which also opens and closes the bias.
// CHANNEL-LABEL: func @forward(
// CHANNEL-SAME: %[[M:[^:]*]]: tensor<5xf32> {prune.param = #prune.param<"conv.weight.gate", auxiliary>})
// CHANNEL-NEXT: %[[T:.*]] = prune.gate %[[W:.*]], %[[M]] ste(<leaky_relu, slope = 1.000000e-01>) rule chain granularity(<channel, axis = 0>) : tensor<5x3x3x3xf32>, tensor<5xf32>
// CHANNEL-NEXT: %[[U:.*]] = prune.gate %[[B:.*]], %[[M]] ste(<leaky_relu, slope = 1.000000e-01>) rule chain : tensor<5xf32>, tensor<5xf32>
// CHANNEL-NOT: prune.gate
// CHANNEL: linalg.broadcast ins(%[[U]] :
// CHANNEL: linalg.conv_2d_nchw_fchw ins(%{{.*}}, %[[T]] :

// CHOICE-LABEL: func @forward(
// CHOICE-COUNT-1: prune.gate
// CHOICE-NOT: prune.gate
func.func @forward(%x: tensor<2x3x4x4xf32> {prune.input = "input"},
    %w: tensor<5x3x3x3xf32> {prune.param = #prune.param<"conv.weight", weight>},
    %b: tensor<5xf32> {prune.param = #prune.param<"conv.bias", bias>},
    %fw: tensor<3x20xf32> {prune.param = #prune.param<"fc.weight", weight>},
    %fb: tensor<3xf32> {prune.param = #prune.param<"fc.bias", bias>})
    -> (tensor<2x3xf32> {prune.output = "logits"}) {
  %e = tensor.empty() : tensor<2x5x2x2xf32>
  %i = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e : tensor<2x5x2x2xf32>) dimensions = [0, 2, 3]
  %z = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x4x4xf32>, tensor<5x3x3x3xf32>)
      outs(%i : tensor<2x5x2x2xf32>) -> tensor<2x5x2x2xf32>
  %f = tensor.collapse_shape %z [[0], [1, 2, 3]] : tensor<2x5x2x2xf32> into tensor<2x20xf32>
  %e2 = tensor.empty() : tensor<2x3xf32>
  %i2 = linalg.broadcast ins(%fb : tensor<3xf32>) outs(%e2 : tensor<2x3xf32>) dimensions = [0]
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%f, %fw : tensor<2x20xf32>, tensor<3x20xf32>)
      outs(%i2 : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// A closed filter is zero behind its normalization, too.
// NORM-LABEL: func @normalized(
// NORM-SAME: %[[S:[^:]*]]: tensor<5xf32> {prune.param = #prune.param<"bn.scale", scale>}, %[[B:[^:]*]]: tensor<5xf32> {prune.param = #prune.param<"bn.bias", bias>}
// NORM: %[[T:.*]] = prune.gate {{.*}} granularity(<channel, axis = 0>) : tensor<5x3x3x3xf32>, tensor<5xf32>
// NORM: %[[GS:.*]] = prune.gate %[[S]], %
// NORM: %[[GB:.*]] = prune.gate %[[B]], %
// NORM: prune.batch_norm %{{.*}}, %[[GS]], %[[GB]], %
func.func @normalized(%x: tensor<2x3x4x4xf32>,
    %w: tensor<5x3x3x3xf32> {prune.param = #prune.param<"conv.weight", weight>},
    %s: tensor<5xf32> {prune.param = #prune.param<"bn.scale", scale>},
    %b: tensor<5xf32> {prune.param = #prune.param<"bn.bias", bias>},
    %mean: tensor<5xf32> {prune.param = #prune.param<"bn.mean", buffer>},
    %variance: tensor<5xf32> {prune.param = #prune.param<"bn.variance", buffer>}) -> tensor<2x5x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5x2x2xf32>) -> tensor<2x5x2x2xf32>
  %z = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x4x4xf32>, tensor<5x3x3x3xf32>)
      outs(%i : tensor<2x5x2x2xf32>) -> tensor<2x5x2x2xf32>
  %y = prune.batch_norm %z, %s, %b, %mean, %variance epsilon 1.0e-5 : tensor<2x5x2x2xf32>, tensor<5xf32>
  return %y : tensor<2x5x2x2xf32>
}
