// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compact-pipeline{finite=false})" | FileCheck %s --check-prefix=ALL

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#image = affine_map<(n, c, h, w) -> (n, c, h, w)>
#pooled = affine_map<(n, c, h, w) -> (n, c)>

// x * silu(g): the second neuron of x is zero, the third one of g. Both take
// the other side along.
// CHECK-LABEL: func @gated_linear_unit
// CHECK-COUNT-2: linalg.matmul {{.*}} -> tensor<4x1xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<4x1xf32>, tensor<1x1xf32>)
// ALL-LABEL: func @gated_linear_unit
// ALL-COUNT-2: linalg.matmul {{.*}} -> tensor<4x3xf32>
func.func @gated_linear_unit(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %one = arith.constant 1.0 : f32
  %i3 = arith.constant dense<0.0> : tensor<4x3xf32>
  %i1 = arith.constant dense<0.0> : tensor<4x1xf32>
  %wa = arith.constant dense<[[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]> : tensor<3x2xf32>
  %wg = arith.constant dense<[[1.0, 5.0], [2.0, 6.0], [0.0, 0.0]]> : tensor<3x2xf32>
  %w2 = arith.constant dense<[[1.0, 5.0, -1.0]]> : tensor<1x3xf32>
  %l = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %wa : tensor<4x2xf32>, tensor<3x2xf32>) outs(%i3 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %g = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %wg : tensor<4x2xf32>, tensor<3x2xf32>) outs(%i3 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e = tensor.empty() : tensor<4x3xf32>
  %h = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%l, %g : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %n = arith.negf %v : f32
    %p = math.exp %n : f32
    %q = arith.addf %p, %one : f32
    %s = arith.divf %v, %q : f32
    %r = arith.mulf %u, %s : f32
    linalg.yield %r : f32
  } -> tensor<4x3xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%h, %w2 : tensor<4x3xf32>, tensor<1x3xf32>) outs(%i1 : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// Squeeze and excitation: the gate of the first channel is closed for good
// (relu6(-9 + 3) = 0), the second channel is zero. Both leave, and the
// excitation shrinks with them.
// CHECK-LABEL: func @squeeze_excitation
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} -> tensor<1x1x2x2xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x1xf32>, tensor<1x1xf32>)
// CHECK: linalg.conv_2d_nchw_fchw ins(%{{.*}}, %{{.*}} : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>)
// ALL-LABEL: func @squeeze_excitation
// ALL: linalg.conv_2d_nchw_fchw {{.*}} -> tensor<1x3x2x2xf32>
func.func @squeeze_excitation(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %three = arith.constant 3.0 : f32
  %i = arith.constant dense<0.0> : tensor<1x3x2x2xf32>
  %w = arith.constant dense<[[[[1.0]]], [[[0.0]]], [[[2.0]]]]> : tensor<3x1x1x1xf32>
  %h = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x2x2xf32>, tensor<3x1x1x1xf32>) outs(%i : tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %k = arith.constant dense<0.0> : tensor<1x3xf32>
  %s = linalg.reduce { arith.addf } ins(%h : tensor<1x3x2x2xf32>) outs(%k : tensor<1x3xf32>) dimensions = [2, 3]
  %v = arith.constant dense<[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [0.0, 5.0, 6.0]]> : tensor<3x3xf32>
  %b = arith.constant dense<[[-9.0, 0.0, 0.0]]> : tensor<1x3xf32>
  %g = linalg.matmul indexing_maps = [#a, #b, #c] ins(%s, %v : tensor<1x3xf32>, tensor<3x3xf32>) outs(%b : tensor<1x3xf32>) -> tensor<1x3xf32>
  %e = tensor.empty() : tensor<1x3x2x2xf32>
  %m = linalg.generic {indexing_maps = [#image, #pooled, #image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%h, %g : tensor<1x3x2x2xf32>, tensor<1x3xf32>) outs(%e : tensor<1x3x2x2xf32>) {
  ^bb0(%u: f32, %p: f32, %o: f32):
    %q = arith.addf %p, %three : f32
    %r = arith.maximumf %q, %zero : f32
    %t = arith.mulf %r, %u : f32
    linalg.yield %t : f32
  } -> tensor<1x3x2x2xf32>
  %j = arith.constant dense<0.0> : tensor<1x1x2x2xf32>
  %w2 = arith.constant dense<[[[[1.0]], [[2.0]], [[3.0]]]]> : tensor<1x3x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%m, %w2 : tensor<1x3x2x2xf32>, tensor<1x3x1x1xf32>) outs(%j : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// Scores of queries and keys: what one side has as zero leaves the other.
// CHECK-LABEL: func @scores
// CHECK-COUNT-2: linalg.matmul {{.*}} -> tensor<4x1xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<4x1xf32>, tensor<4x1xf32>)
func.func @scores(%x: tensor<4x2xf32>) -> tensor<4x4xf32> {
  %i = arith.constant dense<0.0> : tensor<4x2xf32>
  %j = arith.constant dense<0.0> : tensor<4x4xf32>
  %wq = arith.constant dense<[[1.0, 2.0], [0.0, 0.0]]> : tensor<2x2xf32>
  %wk = arith.constant dense<[[1.0, 5.0], [2.0, 6.0]]> : tensor<2x2xf32>
  %q = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %wq : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %k = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %wk : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%q, %k : tensor<4x2xf32>, tensor<4x2xf32>) outs(%j : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// A mask that is read at run time, over a neuron that is zero.
// CHECK-LABEL: func @mask
// CHECK: linalg.matmul {{.*}} -> tensor<4x1xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<4x1xf32>, tensor<1x1xf32>)
func.func @mask(%x: tensor<4x2xf32>, %m: tensor<4xf32>, %on: tensor<4xi1>) -> tensor<4x1xf32> {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant dense<0.0> : tensor<4x2xf32>
  %j = arith.constant dense<0.0> : tensor<4x1xf32>
  %w = arith.constant dense<[[1.0, 2.0], [0.0, 0.0]]> : tensor<2x2xf32>
  %v = arith.constant dense<[[1.0, 5.0]]> : tensor<1x2xf32>
  %h = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %g = linalg.generic {indexing_maps = [#id, affine_map<(m, n) -> (m)>, affine_map<(m, n) -> (m)>, #id], iterator_types = ["parallel", "parallel"]} ins(%h, %m, %on : tensor<4x2xf32>, tensor<4xf32>, tensor<4xi1>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%u: f32, %p: f32, %q: i1, %o: f32):
    %s = arith.mulf %u, %p : f32
    %r = arith.select %q, %s, %zero : f32
    linalg.yield %r : f32
  } -> tensor<4x2xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%g, %v : tensor<4x2xf32>, tensor<1x2xf32>) outs(%j : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// Zero times infinity is no zero, where both are known.
// CHECK-LABEL: func @known
// CHECK: linalg.matmul {{.*}} -> tensor<4x1xf32>
func.func @known(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %infinity = arith.constant 0x7F800000 : f32
  %i = arith.constant dense<0.0> : tensor<4x1xf32>
  %w = arith.constant dense<0.0> : tensor<1x1xf32>
  %v = arith.constant dense<2.0> : tensor<1x1xf32>
  %h = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x1xf32>, tensor<1x1xf32>) outs(%i : tensor<4x1xf32>) -> tensor<4x1xf32>
  %e = tensor.empty() : tensor<4x1xf32>
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%h : tensor<4x1xf32>) outs(%e : tensor<4x1xf32>) {
  ^bb0(%u: f32, %o: f32):
    %s = arith.mulf %u, %infinity : f32
    linalg.yield %s : f32
  } -> tensor<4x1xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%g, %v : tensor<4x1xf32>, tensor<1x1xf32>) outs(%i : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}
