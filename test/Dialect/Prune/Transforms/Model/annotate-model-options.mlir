// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=net rename=model parameters=fc.weight,fc.bias,gain,spare buffers=spare constants=out.weight})" \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @model(
// CHECK-SAME: tensor<2x3xf32> {prune.input = "input"}
// CHECK-SAME: tensor<3x4xf32> {prune.param = #prune.param<"fc.weight", weight>}
// CHECK-SAME: tensor<4x1xf32> {prune.param = #prune.param<"fc.bias", bias>}
// CHECK-SAME: tensor<4xf32> {prune.param = #prune.param<"gain", scale>}
// CHECK-SAME: tensor<4xf32> {prune.param = #prune.param<"spare", buffer>}
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"out.weight", weight>} dense_resource<out.weight> : tensor<2x4xf32>
func.func @net(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>, %b: tensor<4x1xf32>, %g: tensor<4xf32>, %s: tensor<4xf32>) -> tensor<2x2xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %f = tensor.empty() : tensor<2x2xf32>
  %c = tensor.collapse_shape %b [[0, 1]] : tensor<4x1xf32> into tensor<4xf32>
  %i = linalg.broadcast ins(%c : tensor<4xf32>) outs(%e : tensor<2x4xf32>) dimensions = [0]
  // expected-remark@below {{weight is an argument stored as [in, out] and stays so: its caller holds the values}}
  %y = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x4xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  %v = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %z = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%y, %v : tensor<2x4xf32>, tensor<2x4xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}

// CHECK: func.func @other(
func.func @other() {
  return
}

// A network that is marked: a scale is what its use says, where that is asked for.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=marked})" | FileCheck %s --check-prefix=KEPT
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=marked refine-scales})" | FileCheck %s --check-prefix=REFINED
// KEPT: #prune.param<"fc.weight", weight>
// KEPT: #prune.param<"fc.bias", scale>
// KEPT: #prune.param<"gain", scale>
// REFINED: #prune.param<"fc.weight", weight>
// REFINED: #prune.param<"fc.bias", bias>
// REFINED: #prune.param<"gain", scale>
func.func @marked(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %w = arith.constant {prune.param = #prune.param<"fc.weight", weight>} dense<1.0> : tensor<4x3xf32>
  %b = arith.constant {prune.param = #prune.param<"fc.bias", scale>} dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %g = arith.constant {prune.param = #prune.param<"gain", scale>} dense<2.0> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<2x4xf32>
  %i = linalg.broadcast ins(%b : tensor<4xf32>) outs(%e : tensor<2x4xf32>) dimensions = [0]
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<2x3xf32>, tensor<4x3xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  %z = linalg.mul ins(%y, %g : tensor<2x4xf32>, tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}

// Inputs by name. Another number of names is an error.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=two inputs=image,mask})" | FileCheck %s --check-prefix=INPUTS
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=two inputs=image})" 2>&1 | FileCheck %s --check-prefix=NUMBER
// INPUTS: func.func @forward(%{{.*}}: tensor<2xf32> {prune.input = "image"}, %{{.*}}: tensor<2xf32> {prune.input = "mask"}
// NUMBER: :[[@LINE+1]]:1: error: expected names of 2 arguments that are no parameters, got 1
func.func @two(%x: tensor<2xf32>, %m: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.mul ins(%x, %m : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// What is added to the result of a layer later is its bias, too, where the product or
// the addend is multiplied by a number first; what is multiplied with it is a scale.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{function=added parameters=w,b,g})" | FileCheck %s --check-prefix=ADDED
// ADDED: func.func @forward(
// ADDED-SAME: #prune.param<"w", weight>
// ADDED-SAME: #prune.param<"b", bias>
// ADDED-SAME: #prune.param<"g", scale>
func.func @added(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>, %b: tensor<4xf32>, %g: tensor<4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %two = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %d = tensor.empty() : tensor<4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<2x3xf32>, tensor<4x3xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.mulf %v, %half : f32
    linalg.yield %r : f32
  } -> tensor<2x4xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]}
      ins(%b : tensor<4xf32>) outs(%d : tensor<4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.mulf %v, %two : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%h, %c : tensor<2x4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%v: f32, %a: f32, %o: f32):
    %r = arith.addf %v, %a : f32
    linalg.yield %r : f32
  } -> tensor<2x4xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%s, %g : tensor<2x4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%v: f32, %a: f32, %o: f32):
    %r = arith.mulf %v, %a : f32
    linalg.yield %r : f32
  } -> tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}
