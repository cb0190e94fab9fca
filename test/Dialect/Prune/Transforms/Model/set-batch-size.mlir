// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=1})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=1},prune-set-batch-size{batch=1})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=5},prune-set-batch-size{batch=8})" -o %t.back
// RUN: prune-opt %s -o %t.before
// RUN: diff %t.before %t.back
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=2 functions=bias_map})" | FileCheck %s --check-prefix=ONE
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=1})" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 2 num-functions-changed

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// The batch is 8 and so is a hidden layer: only what is tied changes.
// CHECK-LABEL: func @forward
// CHECK-SAME: %{{.*}}: tensor<1x2x2xf32> {prune.input = "input"}, %{{.*}}: tensor<8x4xf32> {prune.param
// CHECK-SAME: -> (tensor<1x3xf32> {prune.output = "logits"})
// CHECK: tensor.collapse_shape {{.*}} : tensor<1x2x2xf32> into tensor<1x4xf32>
// CHECK: tensor.empty() : tensor<1x8xf32>
// CHECK: linalg.broadcast ins(%{{.*}} : tensor<8xf32>) outs(%{{.*}} : tensor<1x8xf32>)
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x4xf32>, tensor<8x4xf32>) outs(%{{.*}} : tensor<1x8xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x8xf32>)
// CHECK: linalg.fill {{.*}} -> tensor<1x3xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<1x3xf32>
// CHECK: tensor.expand_shape {{.*}} output_shape [1, 1, 3] : tensor<1x3xf32> into tensor<1x1x3xf32>
// ONE-LABEL: func @forward
// ONE-SAME: tensor<8x2x2xf32>
func.func @forward(%x: tensor<8x2x2xf32> {prune.input = "input"}, %w1: tensor<8x4xf32> {prune.param = #prune.param<"fc1.weight", weight>},
    %b1: tensor<8xf32> {prune.param = #prune.param<"fc1.bias", bias>}, %w2: tensor<3x8xf32> {prune.param = #prune.param<"fc2.weight", weight>})
    -> (tensor<8x3xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %flat = tensor.collapse_shape %x [[0], [1, 2]] : tensor<8x2x2xf32> into tensor<8x4xf32>
  %e1 = tensor.empty() : tensor<8x8xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<8xf32>) outs(%e1 : tensor<8x8xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%flat, %w1 : tensor<8x4xf32>, tensor<8x4xf32>) outs(%i1 : tensor<8x8xf32>) -> tensor<8x8xf32>
  %f1 = tensor.empty() : tensor<8x8xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x8xf32>) outs(%f1 : tensor<8x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
  } -> tensor<8x8xf32>
  %e2 = tensor.empty() : tensor<8x3xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x8xf32>, tensor<3x8xf32>) outs(%i2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %x2 = tensor.expand_shape %z2 [[0], [1, 2]] output_shape [8, 1, 3] : tensor<8x3xf32> into tensor<8x1x3xf32>
  %r2 = tensor.collapse_shape %x2 [[0], [1, 2]] : tensor<8x1x3xf32> into tensor<8x3xf32>
  return %r2 : tensor<8x3xf32>
}

// A constant may follow when it is a splat.
// CHECK-LABEL: func @bias_map
// CHECK: arith.constant dense<1.000000e+00> : tensor<1x2xf32>
// ONE-LABEL: func @bias_map
// ONE-SAME: tensor<2x2xf32>
func.func @bias_map(%x: tensor<8x2xf32> {prune.input = "input"}, %step: f32 {prune.input = "strength"}) -> tensor<8x2xf32> {
  %b = arith.constant dense<1.0> : tensor<8x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %0 = linalg.add ins(%x, %b : tensor<8x2xf32>, tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %0 : tensor<8x2xf32>
}

// CHECK-LABEL: func @no_input
// CHECK-SAME: tensor<8x2xf32>
func.func @no_input(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  return %x : tensor<8x2xf32>
}
