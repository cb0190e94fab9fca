// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-annotate-model{parameters=fc.weight,gain,form})" \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark -verify-diagnostics | FileCheck %s

// Weights that are read as such, but not in a way that other passes find.

#all = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>
#first = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: {prune.param = #prune.param<"fc.weight", weight>}
// CHECK-SAME: {prune.param = #prune.param<"gain", scale>}
// CHECK-SAME: {prune.param = #prune.param<"form", scale>}
func.func @net(%x: tensor<2x3x4xf32>, %a: tensor<2x5xf32>, %b: tensor<2x5xf32>,
               // expected-remark@below {{weight 'fc.weight' is copied in a way that hides it from its layer: it is trained but not pruned}}
               %w: tensor<4x4xf32>, %g: tensor<5xf32>, %f: tensor<5xf32>)
    -> (tensor<2x3x4xf32>, tensor<2xf32>, tensor<2x5xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4x4xf32>
  %i = tensor.empty() : tensor<2x3x4xf32>
  %k = tensor.empty() : tensor<2x5xf32>
  %s = tensor.empty() : tensor<2xf32>
  %c = linalg.broadcast ins(%w : tensor<4x4xf32>) outs(%e : tensor<2x4x4xf32>) dimensions = [0]
  %j = linalg.fill ins(%zero : f32) outs(%i : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %y = linalg.batch_matmul ins(%x, %c : tensor<2x3x4xf32>, tensor<2x4x4xf32>) outs(%j : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %p = linalg.generic {indexing_maps = [#all, #last, #all], iterator_types = ["parallel", "parallel"]}
      ins(%a, %f : tensor<2x5xf32>, tensor<5xf32>) outs(%k : tensor<2x5xf32>) {
  ^bb0(%l: f32, %r: f32, %out: f32):
    %m = arith.mulf %l, %r : f32
    linalg.yield %m : f32
  } -> tensor<2x5xf32>
  %q = linalg.mul ins(%p, %b : tensor<2x5xf32>, tensor<2x5xf32>) outs(%k : tensor<2x5xf32>) -> tensor<2x5xf32>
  %t = linalg.fill ins(%zero : f32) outs(%s : tensor<2xf32>) -> tensor<2xf32>
  // expected-remark@below {{parameter 'form' is read by 'linalg.generic' like a weight or a bias but is not recognized as one: it is trained as a scale and not pruned}}
  %u = linalg.generic {indexing_maps = [#all, #first], iterator_types = ["parallel", "reduction"]}
      ins(%q : tensor<2x5xf32>) outs(%t : tensor<2xf32>) {
  ^bb0(%l: f32, %out: f32):
    %m = arith.addf %l, %out : f32
    linalg.yield %m : f32
  } -> tensor<2xf32>
  // A scale that is one needs no words.
  %v = linalg.generic {indexing_maps = [#all, #last, #all], iterator_types = ["parallel", "parallel"]}
      ins(%a, %g : tensor<2x5xf32>, tensor<5xf32>) outs(%k : tensor<2x5xf32>) {
  ^bb0(%l: f32, %r: f32, %out: f32):
    %m = arith.mulf %l, %r : f32
    linalg.yield %m : f32
  } -> tensor<2x5xf32>
  return %y, %u, %v : tensor<2x3x4xf32>, tensor<2xf32>, tensor<2x5xf32>
}
