// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-insert-loss)" | FileCheck %s
// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-insert-loss{soft-labels})" | FileCheck %s --check-prefix=SOFT

// Inputs come first, then the class numbers, then the parameters; the function
// itself stays.

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: -> (tensor<8x3xf32> {prune.output = "logits"})
func.func @forward(%x: tensor<8x4xf32> {prune.input = "input"},
                   %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
                   %s: f32 {prune.input = "strength"})
    -> (tensor<8x3xf32> {prune.output = "logits"}) {
  %cst = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x3xf32>
  %i = linalg.fill ins(%cst : f32) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                      affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<8x4xf32>, tensor<3x4xf32>) outs(%i : tensor<8x3xf32>) -> tensor<8x3xf32>
  return %z : tensor<8x3xf32>
}

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[X:.*]]: tensor<8x4xf32> {prune.input = "input"},
// CHECK-SAME: %{{.*}}: f32 {prune.input = "strength"},
// CHECK-SAME: %[[LABELS:.*]]: tensor<8xi32> {prune.input = "labels"},
// CHECK-SAME: %[[W:.*]]: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>})
// CHECK-SAME: -> (tensor<f32> {prune.output = "loss"})
// CHECK: %[[Z:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W]] :
// CHECK: %[[LOSS:.*]] = prune.softmax_cross_entropy %[[Z]], %[[LABELS]] : tensor<8x3xf32>, tensor<8xi32>
// CHECK: return %[[LOSS]] : tensor<f32>

// SOFT-LABEL: func.func @loss(
// SOFT-SAME: {{.*}}%[[SHARES:[^:]*]]: tensor<8x3xf32> {prune.input = "labels"},
// SOFT: prune.softmax_cross_entropy %{{.*}}, %[[SHARES]] : tensor<8x3xf32>, tensor<8x3xf32>

// -----

// Of several results the one named logits counts; the element type is that of
// the logits; a parameter that is a constant is copied.

func.func @forward(%x: tensor<2x3xf64>) -> (tensor<2xf64>, tensor<2x3xf64> {prune.output = "logits"}) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<2.0> : tensor<2x3xf64>
  %v = arith.constant dense<0.0> : tensor<2xf64>
  %z = arith.mulf %x, %w : tensor<2x3xf64>
  return %v, %z : tensor<2xf64>, tensor<2x3xf64>
}

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: -> (tensor<f64> {prune.output = "loss"})
// CHECK: arith.constant {prune.param = #prune.param<"w", weight>}
// CHECK: %[[Z:.*]] = arith.mulf
// CHECK: prune.softmax_cross_entropy %[[Z]], %{{.*}} : tensor<2x3xf64>, tensor<2xi32>
// SOFT: prune.softmax_cross_entropy %{{.*}}, %{{.*}} : tensor<2x3xf64>, tensor<2x3xf64>
