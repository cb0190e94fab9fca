// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)" | FileCheck %s

// The batch is unknown; the neurons leave all the same, the constant one into a
// bias whose extent is read at run time.
// CHECK-LABEL: func @batch
// CHECK: tensor.dim %{{.*}}, %{{.*}} : tensor<?x4xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<?x1xf32>
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x1xf32>, tensor<1x2xf32>)
func.func @batch(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 0.0, 2.0], [0.5, 0.0, 1.0], [1.0, 0.0, 1.0], [0.1, 0.0, 0.2]]> : tensor<4x3xf32>
  %b = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %v = arith.constant dense<[[1.0, 3.0], [5.0, 6.0], [0.0, 0.0]]> : tensor<3x2xf32>
  %c0 = arith.constant 0 : index
  %d = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%d) : tensor<?x3xf32>
  %i = linalg.broadcast ins(%b : tensor<3xf32>) outs(%e : tensor<?x3xf32>) dimensions = [0]
  %h = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x3xf32>) outs(%i : tensor<?x3xf32>) -> tensor<?x3xf32>
  %d1 = tensor.dim %h, %c0 : tensor<?x3xf32>
  %e1 = tensor.empty(%d1) : tensor<?x2xf32>
  %j = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.matmul ins(%h, %v : tensor<?x3xf32>, tensor<3x2xf32>) outs(%j : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Padding, a slice, a concatenation and a reshape keep an unknown batch. Padding
// that nothing reads leaves, too.
// CHECK-LABEL: func @shapes
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} -> tensor<?x1x2x2xf32>
// CHECK: tensor.pad %{{.*}} low[0, 0, 0, 1] high[0, 0, 0, 0]
// CHECK: tensor<?x1x2x2xf32> to tensor<?x1x2x3xf32>
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 0] [%{{.*}}, 1, 2, 2] [1, 1, 1, 1] : tensor<?x1x2x3xf32> to tensor<?x1x2x2xf32>
// CHECK: tensor.concat dim(1) %{{.*}} : (tensor<?x1x2x2xf32>, tensor<?x1x2x2xf32>) -> tensor<?x2x2x2xf32>
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3]] : tensor<?x2x2x2xf32> into tensor<?x8xf32>
func.func @shapes(%x: tensor<?x1x2x2xf32>, %n: index) -> tensor<?x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf32>
  %v = arith.constant dense<2.0> : tensor<16x1xf32>
  %e = tensor.empty(%n) : tensor<?x2x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32>
  %h = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<?x1x2x2xf32>, tensor<2x1x1x1xf32>) outs(%i : tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32>
  %p = tensor.pad %h low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a0: index, %a1: index, %a2: index, %a3: index):
    tensor.yield %zero : f32
  } : tensor<?x2x2x2xf32> to tensor<?x2x4x4xf32>
  %s = tensor.extract_slice %p[0, 0, 1, 0] [%n, 2, 2, 2] [1, 1, 1, 1] : tensor<?x2x4x4xf32> to tensor<?x2x2x2xf32>
  %t = tensor.concat dim(1) %s, %h : (tensor<?x2x2x2xf32>, tensor<?x2x2x2xf32>) -> tensor<?x4x2x2xf32>
  %f = tensor.collapse_shape %t [[0], [1, 2, 3]] : tensor<?x4x2x2xf32> into tensor<?x16xf32>
  %e1 = tensor.empty(%n) : tensor<?x1xf32>
  %j = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = linalg.matmul ins(%f, %v : tensor<?x16xf32>, tensor<16x1xf32>) outs(%j : tensor<?x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// An unknown number of steps: a maximum of zeros from zero is zero, a sum of
// ones is unknown.
// CHECK-LABEL: func @steps
// CHECK: linalg.matmul {{.*}} -> tensor<?x1xf32>
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<1x1xf32>, tensor<1x1xf32>)
func.func @steps(%x: tensor<?x2xf32>, %n: index) -> tensor<1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %b = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %w = arith.constant dense<0.0> : tensor<2x2xf32>
  %v = arith.constant dense<2.0> : tensor<2x1xf32>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<?x2xf32>) dimensions = [0]
  %h = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%i : tensor<?x2xf32>) -> tensor<?x2xf32>
  %k = arith.constant dense<0.0> : tensor<2xf32>
  %m = linalg.reduce { arith.addf } ins(%h : tensor<?x2xf32>) outs(%k : tensor<2xf32>) dimensions = [0]
  %r = tensor.expand_shape %m [[0, 1]] output_shape [1, 2] : tensor<2xf32> into tensor<1x2xf32>
  %j = arith.constant dense<0.0> : tensor<1x1xf32>
  %y = linalg.matmul ins(%r, %v : tensor<1x2xf32>, tensor<2x1xf32>) outs(%j : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Extents that a reshape mixes with an unknown one stay.
// CHECK-LABEL: func @mixed
// CHECK: linalg.matmul {{.*}} -> tensor<?x2xf32>
func.func @mixed(%x: tensor<?x2xf32>, %n: index) -> tensor<?xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 0.0], [2.0, 0.0]]> : tensor<2x2xf32>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2xf32>) -> tensor<?x2xf32>
  %h = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%i : tensor<?x2xf32>) -> tensor<?x2xf32>
  %f = tensor.collapse_shape %h [[0, 1]] : tensor<?x2xf32> into tensor<?xf32>
  return %f : tensor<?xf32>
}
