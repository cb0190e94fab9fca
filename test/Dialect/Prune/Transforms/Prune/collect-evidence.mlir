// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=input_norm,zero_share,input_norm})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=activation parameters=fc*})" | FileCheck %s --check-prefix=FC
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=input_norm ignore=*})" | FileCheck %s --check-prefix=NONE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence)" 2>&1 | FileCheck %s --check-prefix=KINDS
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=gradient})" 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=input_norm},prune-collect-evidence{evidence=input_norm})" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=input_norm})" --remarks-filter=prune-collect-evidence 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-collect-evidence{evidence=input_norm})" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 4 num-functions-copied
// KINDS: error: expected evidence to collect
// KIND: error: expected evidence input_norm, input_gram, zero_share or activation, got 'gradient'
// TWICE: error: expected no function 'forward_evidence' yet
// REMARK: remark: [Missed] EvidenceMissed{{.*}}any.weight{{.*}}its shapes are not static
// NONE-NOT: _evidence

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// The window of a convolution: loops over positions are counted by a tensor of
// no values.
// CHECK-DAG: #[[$WINDOW:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d3, d1 + d4, d2 + d5)>
// CHECK-DAG: #[[$PLACES:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d2)>
// CHECK-DAG: #[[$TAPS:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (0, d3, d4, d5)>
// CHECK-DAG: #[[$X:map[0-9]*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$K:map[0-9]*]] = affine_map<(d0, d1) -> (0, d1)>

// CHECK-LABEL: func.func @forward(
// CHECK-LABEL: func.func @forward_evidence(
// CHECK-SAME: %[[X:.*]]: tensor<2x1x4x4xf32> {prune.input = "input"}
// CHECK-SAME: -> (tensor<1x1x2x2xf32> {prune.evidence = #prune.evidence<"conv.weight", input_norm>}, tensor<3x1x1x1xf32> {prune.evidence = #prune.evidence<"conv.weight", zero_share>},
// CHECK-SAME: tensor<1x27xf32> {prune.evidence = #prune.evidence<"fc.weight", input_norm>}, tensor<2x1xf32> {prune.evidence = #prune.evidence<"fc.weight", zero_share>}
// CHECK: %[[R:.*]] = linalg.generic {{.*}} {
// CHECK: arith.maximumf
// CHECK: %[[N:.*]] = tensor.empty() : tensor<3x3xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$WINDOW]], #[[$PLACES]], #[[$TAPS]]], iterator_types = ["reduction", "reduction", "reduction", "parallel", "parallel", "parallel"]} ins(%[[X]], %[[N]] : tensor<2x1x4x4xf32>, tensor<3x3xf32>)
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "reduction", "reduction"]} ins(%[[R]] : tensor<2x3x3x3xf32>) outs(%{{.*}} : tensor<3x1x1x1xf32>)
// CHECK: arith.cmpf oeq
// CHECK: linalg.generic {indexing_maps = [#[[$X]], #[[$K]]], iterator_types = ["reduction", "parallel"]}

// FC: func.func @forward_evidence
// FC-SAME: -> (tensor<2x1xf32> {prune.evidence = #prune.evidence<"fc.weight", activation>})
func.func @forward(%x: tensor<2x1x4x4xf32> {prune.input = "input"}) -> (tensor<2x2xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"conv.weight", weight>} dense<1.0> : tensor<3x1x2x2xf32>
  %v = arith.constant {prune.param = #prune.param<"fc.weight", weight>} dense<1.0> : tensor<2x27xf32>
  %e = tensor.empty() : tensor<2x3x3x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x1x4x4xf32>, tensor<3x1x2x2xf32>) outs(%i : tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%0 : tensor<2x3x3x3xf32>) outs(%e : tensor<2x3x3x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.maximumf %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<2x3x3x3xf32>
  %2 = tensor.collapse_shape %1 [[0], [1, 2, 3]] : tensor<2x3x3x3xf32> into tensor<2x27xf32>
  %f = tensor.empty() : tensor<2x2xf32>
  %j = linalg.fill ins(%zero : f32) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%2, %v : tensor<2x27xf32>, tensor<2x27xf32>) outs(%j : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}

func.func @any(%x: tensor<?x4xf32> {prune.input = "input"}, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"any.weight", weight>} dense<1.0> : tensor<2x4xf32>
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<?x4xf32>, tensor<2x4xf32>) outs(%i : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// Filters in groups: the evidence comes back through the split, repeated for the
// filters of a group.
// CHECK-LABEL: func.func @groups_evidence
// CHECK-SAME: -> (tensor<4x1x1x1xf32> {prune.evidence = #prune.evidence<"group.weight", input_norm>}, tensor<4x1x1x1xf32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<2x1x1x1x1xf32>)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<2x2x1x1x1xf32>)
// CHECK: tensor.collapse_shape {{.*}} {{\[}}[0, 1], [2], [3], [4]] : tensor<2x2x1x1x1xf32> into tensor<4x1x1x1xf32>
func.func @groups(%x: tensor<1x2x1x3x3xf32> {prune.input = "input"}, %i: tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32> {
  %w = arith.constant {prune.param = #prune.param<"group.weight", weight>} dense<1.0> : tensor<4x1x1x1xf32>
  %g = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %0 = linalg.conv_2d_ngchw_gfchw ins(%x, %g : tensor<1x2x1x3x3xf32>, tensor<2x2x1x1x1xf32>) outs(%i : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  return %0 : tensor<1x2x2x3x3xf32>
}

// One weight of two layers, once as it is and once turned around.
// CHECK-LABEL: func.func @tied_evidence
// CHECK-SAME: -> (tensor<5x4xf32> {prune.evidence = #prune.evidence<"tied.weight", input_norm>}, tensor<5x4xf32>
// CHECK: ins(%{{.*}}, %{{.*}} : tensor<1x4xf32>, tensor<5x1xf32>) outs(%{{.*}} : tensor<5x4xf32>)
func.func @tied(%x: tensor<2x4xf32> {prune.input = "input"}, %i: tensor<2x5xf32>, %j: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = arith.constant {prune.param = #prune.param<"tied.weight", weight>} dense<1.0> : tensor<5x4xf32>
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<2x4xf32>, tensor<5x4xf32>) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
  %1 = linalg.matmul ins(%0, %w : tensor<2x5xf32>, tensor<5x4xf32>) outs(%j : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
