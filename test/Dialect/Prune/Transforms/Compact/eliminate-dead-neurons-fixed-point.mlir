// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons,canonicalize,prune-verify-compact)" --remarks-filter=none | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" | FileCheck %s --check-prefix=ONCE

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A loop that only the input has: 5 * 1 * 2 is folded.
// CHECK-LABEL: func @input_only_loop
// CHECK-NEXT: %[[Y:.*]] = arith.constant dense_resource<{{.*}}> : tensor<1xf32>
// CHECK-NEXT: return %[[Y]]
func.func @input_only_loop(%x: tensor<1x5xf32>) -> tensor<1xf32> {
  %w1 = arith.constant dense<0.0> : tensor<1x1xf32>
  %w2 = arith.constant dense<2.0> : tensor<1x1xf32>
  %i = arith.constant dense<1.0> : tensor<1x5xf32>
  %h = linalg.matmul ins(%w1, %x : tensor<1x1xf32>, tensor<1x5xf32>) outs(%i : tensor<1x5xf32>) -> tensor<1x5xf32>
  %j = arith.constant dense<0.0> : tensor<1xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, k, s) -> (k, s)>, affine_map<(n, k, s) -> (n, k)>, affine_map<(n, k, s) -> (n)>],
      iterator_types = ["parallel", "reduction", "reduction"]} ins(%h, %w2 : tensor<1x5xf32>, tensor<1x1xf32>) outs(%j : tensor<1xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %p = arith.mulf %u, %v : f32
    %q = arith.addf %o, %p : f32
    linalg.yield %q : f32
  } -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// A constant of rank zero behind a reshape stays one element.
// CHECK-LABEL: func @rank_zero
// ONCE-LABEL: func @rank_zero
// ONCE: tensor.collapse_shape %{{.*}} [] : tensor<1xf32> into tensor<f32>
func.func @rank_zero(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %s = arith.constant dense<2.0> : tensor<1xf32>
  %r = tensor.collapse_shape %s [] : tensor<1xf32> into tensor<f32>
  %e = tensor.empty() : tensor<2x6xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> ()>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<2x6xf32>, tensor<f32>) outs(%e : tensor<2x6xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %m = arith.mulf %u, %v : f32
    linalg.yield %m : f32
  } -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// A slice that reads nothing but the padding of what is gone.
// CHECK-LABEL: func @slice_of_padding
// CHECK-NOT: linalg.matmul
// CHECK: linalg.fill {{.*}} -> tensor<8x1xf32>
func.func @slice_of_padding(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  %f = arith.constant dense<0.0> : tensor<8x2xf32>
  %z = linalg.matmul ins(%x, %w : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %p = tensor.pad %z low[0, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x2xf32> to tensor<8x4xf32>
  %s = tensor.extract_slice %p[0, 3] [8, 1] [1, 1] : tensor<8x4xf32> to tensor<8x1xf32>
  return %s : tensor<8x1xf32>
}

// What is written over altogether is free once it is simplified away.
// CHECK-LABEL: func @insert_over_all
// CHECK-COUNT-3: linalg.matmul
// CHECK-NOT: linalg.matmul
// CHECK: return
func.func @insert_over_all(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w0 = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w1 = arith.constant dense<[[0.0, 0.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %w2 = arith.constant dense<[[1.0, 5.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %f = arith.constant dense<0.0> : tensor<8x2xf32>
  %z0 = linalg.matmul ins(%x, %w0 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z1 = linalg.matmul ins(%z0, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %s = tensor.insert_slice %z1 into %z0[0, 0] [8, 2] [1, 1] : tensor<8x2xf32> into tensor<8x2xf32>
  %z2 = linalg.matmul ins(%s, %w2 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z2 : tensor<8x2xf32>
}

// Operations that nothing uses keep nothing, however many follow each other.
// ONCE-LABEL: func @unused
// ONCE: linalg.matmul {{.*}} -> tensor<8x1xf32>
// ONCE-NOT: linalg.softmax
func.func @unused(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %v = arith.constant dense<[[1.0], [0.0]]> : tensor<2x1xf32>
  %i = arith.constant dense<0.0> : tensor<8x2xf32>
  %j = arith.constant dense<0.0> : tensor<8x1xf32>
  %h = linalg.matmul ins(%x, %w : tensor<8x2xf32>, tensor<2x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  %s = linalg.softmax dimension(1) ins(%h : tensor<8x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  %u = linalg.matmul ins(%s, %w : tensor<8x2xf32>, tensor<2x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  %t = linalg.softmax dimension(1) ins(%u : tensor<8x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = linalg.matmul ins(%h, %v : tensor<8x2xf32>, tensor<2x1xf32>) outs(%j : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %y : tensor<8x1xf32>
}
