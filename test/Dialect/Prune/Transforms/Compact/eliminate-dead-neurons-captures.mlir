// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)" | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

// Arguments of the function in a body are no operands: their numbers are those
// of the operands, and beyond.
// CHECK-LABEL: func @argument
// CHECK: arith.mulf %{{.*}}, %arg0
// CHECK: arith.addf %{{.*}}, %arg2
func.func @argument(%s: f32, %x: tensor<1x2xf32>, %t: f32) -> tensor<1x1xf32> {
  %h = arith.constant dense<2.0> : tensor<1x2xf32>
  %v = arith.constant dense<1.0> : tensor<1x2xf32>
  %i = arith.constant dense<0.0> : tensor<1x1xf32>
  %e = tensor.empty() : tensor<1x2xf32>
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%h : tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = arith.mulf %in, %s : f32
    %q = arith.addf %p, %t : f32
    linalg.yield %q : f32
  } -> tensor<1x2xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%g, %v : tensor<1x2xf32>, tensor<1x2xf32>) outs(%i : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// A reduction whose body adds an argument of the function.
// CHECK-LABEL: func @reduction
// CHECK: arith.addf %{{.*}}, %arg0
func.func @reduction(%s: f32, %x: tensor<1x2xf32>) -> tensor<1xf32> {
  %h = arith.constant dense<2.0> : tensor<1x2xf32>
  %i = arith.constant dense<0.0> : tensor<1xf32>
  %g = linalg.generic {indexing_maps = [#id, affine_map<(m, n) -> (m)>], iterator_types = ["parallel", "reduction"]} ins(%h : tensor<1x2xf32>) outs(%i : tensor<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = arith.addf %out, %s : f32
    linalg.yield %p : f32
  } -> tensor<1xf32>
  return %g : tensor<1xf32>
}

// What a body reads by itself keeps all its channels; what is a constant there
// is known.
// CHECK-LABEL: func @captured_tensor
// CHECK: linalg.matmul {{.*}} -> tensor<2x2xf32>
// CHECK: tensor.extract %{{.*}} : tensor<2x2xf32>
func.func @captured_tensor(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [0.0, 0.0]]> : tensor<2x2xf32>
  %i = arith.constant dense<0.0> : tensor<2x2xf32>
  %c1 = arith.constant 1 : index
  %h = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %g = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<2x2xf32>) {
  ^bb0(%out: f32):
    %m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %r = arith.subi %c1, %n : index
    %p = tensor.extract %h[%m, %r] : tensor<2x2xf32>
    linalg.yield %p : f32
  } -> tensor<2x2xf32>
  return %g : tensor<2x2xf32>
}
