// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-differentiate)" | FileCheck %s

// One contribution is passed on as it is, several are added up; no zeros to
// start from. The seed folds away.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[X:.*]]: f32, %[[W:.*]]: f32
// CHECK-SAME: -> (f32 {prune.output = "loss"}, f32 {prune.grad_of = "w"})
func.func @loss(%x: f32, %w: f32 {prune.param = #prune.param<"w", scale>}) -> f32 {
  // CHECK: %[[P:.*]] = arith.mulf %[[X]], %[[W]]
  %p = arith.mulf %x, %w : f32
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[P]], %[[W]]
  %s = arith.addf %p, %w : f32
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[DW:.*]] = arith.addf %[[X]], %[[ONE]] : f32
  // CHECK-NEXT: return %[[S]], %[[DW]] : f32, f32
  return %s : f32
}

// -----

// Only parameters that are trained get a gradient, in the order of the
// arguments; other results stay in front.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: -> (f64, f64 {prune.output = "loss"}, f64 {prune.grad_of = "a"}, f64 {prune.grad_of = "b"})
func.func @loss(%b0: f64 {prune.param = #prune.param<"statistic", buffer>},
                %a: f64 {prune.param = #prune.param<"a", weight>}, %x: f64,
                %b: f64 {prune.param = #prune.param<"b", bias>}) -> (f64, f64 {prune.output = "loss"}) {
  %0 = arith.mulf %a, %b : f64
  %1 = arith.mulf %0, %b0 : f64
  return %x, %1 : f64, f64
}

// -----

// What does not influence the loss is not differentiated, whether it has a rule
// or not; neither is what does not depend on a parameter.

// CHECK-LABEL: func.func @loss(
func.func @loss(%x: tensor<4xf32>, %w: tensor<f32> {prune.param = #prune.param<"w", scale>})
    -> (tensor<f32> {prune.output = "loss"}, tensor<4xf32>) {
  // CHECK: tensor.extract
  %e = tensor.extract %w[] : tensor<f32>
  // CHECK-NEXT: tensor.generate
  %g = tensor.generate {
  ^bb0(%i: index):
    tensor.yield %e : f32
  } : tensor<4xf32>
  // CHECK: linalg.generic
  // CHECK: return
  // CHECK-SAME: %{{.*}}, %{{.*}}, %{{.*}} :
  %h = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<4xf32>) outs(%w : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %two = arith.constant 2 : i32
      %s = math.fpowi %in, %two : f32, i32
      %a = arith.addf %s, %out : f32
      linalg.yield %a : f32
  } -> tensor<f32>
  return %h, %g : tensor<f32>, tensor<4xf32>
}

// -----

// The loss does not depend on the parameter: a constant.

// CHECK-LABEL: func.func @loss(
func.func @loss(%x: tensor<f32>, %w: tensor<3xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<f32> {
  // CHECK-NEXT: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<3xf32>
  // CHECK-NEXT: return %{{.*}}, %[[ZERO]] : tensor<f32>, tensor<3xf32>
  return %x : tensor<f32>
}

// -----

// Gradients that are there already are accepted, in any order.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: -> (f32 {prune.grad_of = "b"}, f32 {prune.output = "loss"}, f32 {prune.grad_of = "a"}) {
func.func @loss(%a: f32 {prune.param = #prune.param<"a", weight>}, %b: f32 {prune.param = #prune.param<"b", bias>})
    -> (f32 {prune.grad_of = "b"}, f32 {prune.output = "loss"}, f32 {prune.grad_of = "a"}) {
  // CHECK-NEXT: %[[P:.*]] = arith.mulf
  // CHECK-NEXT: return %{{.*}}, %[[P]], %{{.*}} : f32, f32, f32
  %p = arith.mulf %a, %b : f32
  return %a, %p, %b : f32, f32, f32
}
