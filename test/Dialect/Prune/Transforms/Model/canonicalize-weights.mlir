// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(prune-canonicalize-weights))" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(prune-canonicalize-weights,prune-canonicalize-weights))" | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#swap = affine_map<(d0, d1) -> (d1, d0)>

// CHECK-DAG: #[[$A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$BT:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$C:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$AT:.*]] = affine_map<(d0, d1, d2) -> (d2, d0)>

// CHECK-LABEL: func @linear
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[W:.*]]: tensor<4x3xf32>, %[[I:.*]]: tensor<2x4xf32>)
func.func @linear(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>, %i: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NOT: linalg.transpose
  // CHECK: linalg.matmul indexing_maps = [#[[$A]], #[[$BT]], #[[$C]]]
  // CHECK-SAME: ins(%[[X]], %[[W]] : tensor<2x3xf32>, tensor<4x3xf32>) outs(%[[I]] : tensor<2x4xf32>)
  %e = tensor.empty() : tensor<3x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x3xf32>) outs(%e : tensor<3x4xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<2x3xf32>, tensor<3x4xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// Two transposes in a row, one of them generic, leave the plain product.

// CHECK-LABEL: func @twice
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[W:.*]]: tensor<3x4xf32>, %[[I:.*]]: tensor<2x4xf32>)
func.func @twice(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>, %i: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: linalg.matmul ins(%[[X]], %[[W]] :
  %e = tensor.empty() : tensor<3x4xf32>
  %f = tensor.empty() : tensor<4x3xf32>
  %s = linalg.generic {indexing_maps = [#swap, #id], iterator_types = ["parallel", "parallel"]}
      ins(%w : tensor<3x4xf32>) outs(%f : tensor<4x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<4x3xf32>
  %t = linalg.transpose ins(%s : tensor<4x3xf32>) outs(%e : tensor<3x4xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<2x3xf32>, tensor<3x4xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// A transposed input is folded as well, and keeps its other user.

// CHECK-LABEL: func @input
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[X:.*]] : tensor<3x2xf32>)
// CHECK: %[[Y:.*]] = linalg.matmul indexing_maps = [#[[$AT]], #[[$BT]], #[[$C]]] ins(%[[X]], %{{.*}} :
// CHECK: return %[[Y]], %[[T]]
func.func @input(%x: tensor<3x2xf32>, %w: tensor<4x3xf32>, %i: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x3xf32>) {
  %e = tensor.empty() : tensor<2x3xf32>
  %f = tensor.empty() : tensor<3x4xf32>
  %s = linalg.transpose ins(%x : tensor<3x2xf32>) outs(%e : tensor<2x3xf32>) permutation = [1, 0]
  %t = linalg.transpose ins(%w : tensor<4x3xf32>) outs(%f : tensor<3x4xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%s, %t : tensor<2x3xf32>, tensor<3x4xf32>) outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y, %s : tensor<2x4xf32>, tensor<2x3xf32>
}

// Constants [in, out] are stored the other way; their mark stays.

// CHECK-LABEL: func @constants
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[I:.*]]: tensor<2x2xf32>)
func.func @constants(%x: tensor<2x3xf32>, %i: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  // CHECK-DAG: %[[D:.*]] = arith.constant {prune.param = #prune.param<"d", weight>} dense_resource<[[$DK:.*]]> : tensor<2x3xf32>
  %d = arith.constant {prune.param = #prune.param<"d", weight>} dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  // CHECK-DAG: %[[R:.*]] = arith.constant dense_resource<[[$RK:.*]]> : tensor<2x3xf32>
  %r = arith.constant dense_resource<values> : tensor<3x2xf32>
  // CHECK-DAG: %[[S:.*]] = arith.constant dense<1.0{{.*}}> : tensor<2x3xf32>
  %s = arith.constant dense<1.0> : tensor<3x2xf32>
  // CHECK: linalg.matmul indexing_maps = [#[[$A]], #[[$BT]], #[[$C]]] ins(%[[X]], %[[D]] :
  %0 = linalg.matmul ins(%x, %d : tensor<2x3xf32>, tensor<3x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  // CHECK: linalg.matmul indexing_maps = [#[[$A]], #[[$BT]], #[[$C]]] ins(%[[X]], %[[R]] :
  %1 = linalg.matmul ins(%x, %r : tensor<2x3xf32>, tensor<3x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  // CHECK: linalg.matmul indexing_maps = [#[[$A]], #[[$BT]], #[[$C]]] ins(%[[X]], %[[S]] :
  %2 = linalg.matmul ins(%x, %s : tensor<2x3xf32>, tensor<3x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// A weight on the left is [out, in] as it is; arguments and shared constants
// keep their order.

// CHECK-LABEL: func @kept
// CHECK: linalg.matmul ins
// CHECK: linalg.matmul ins
// CHECK: linalg.matmul ins
// CHECK: linalg.matmul ins
// CHECK: return
func.func @kept(%x: tensor<3x2xf32>, %w: tensor<2x4xf32>, %i: tensor<4x2xf32>, %j: tensor<3x4xf32>) -> (tensor<4x2xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) {
  %l = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]> : tensor<4x3xf32>
  %s = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %0 = linalg.matmul ins(%l, %x : tensor<4x3xf32>, tensor<3x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = linalg.matmul ins(%x, %w : tensor<3x2xf32>, tensor<2x4xf32>) outs(%j : tensor<3x4xf32>) -> tensor<3x4xf32>
  %2 = linalg.matmul ins(%x, %s : tensor<3x2xf32>, tensor<2x4xf32>) outs(%j : tensor<3x4xf32>) -> tensor<3x4xf32>
  %3 = linalg.matmul ins(%x, %s : tensor<3x2xf32>, tensor<2x4xf32>) outs(%1 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0, %1, %2, %3 : tensor<4x2xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}

// A transposition that moves the batch stays in front of a batch_matmul when an
// activation is transposed. When a weight is, the product becomes a contraction,
// which takes any.

// CHECK-LABEL: func @batch
// CHECK-SAME: (%[[X:.*]]: tensor<4x2x3xf32>, %[[W:.*]]: tensor<3x2x5xf32>
// CHECK: %[[E:.*]] = linalg.exp
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[E]] : tensor<4x2x3xf32>)
// CHECK: %[[Y:.*]] = linalg.contract indexing_maps = [#[[$MBK:.*]], #[[$KBN:.*]], #[[$BMN:.*]]] ins(%[[E]], %[[W]] :
// CHECK: linalg.batch_matmul indexing_maps = [#[[$BMK:.*]], #[[$BNK:.*]], #[[$BMN]]] ins(%[[T]], %{{.*}} : tensor<2x4x3xf32>, tensor<2x6x3xf32>)
func.func @batch(%x: tensor<4x2x3xf32>, %w: tensor<3x2x5xf32>, %v: tensor<2x6x3xf32>, %i: tensor<2x4x5xf32>, %j: tensor<2x4x6xf32>) -> (tensor<2x4x5xf32>, tensor<2x4x6xf32>) {
  %f = tensor.empty() : tensor<4x2x3xf32>
  %e = tensor.empty() : tensor<2x4x3xf32>
  %g = tensor.empty() : tensor<2x3x5xf32>
  %h = tensor.empty() : tensor<2x3x6xf32>
  %a = linalg.exp ins(%x : tensor<4x2x3xf32>) outs(%f : tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %t = linalg.transpose ins(%a : tensor<4x2x3xf32>) outs(%e : tensor<2x4x3xf32>) permutation = [1, 0, 2]
  %u = linalg.transpose ins(%w : tensor<3x2x5xf32>) outs(%g : tensor<2x3x5xf32>) permutation = [1, 0, 2]
  %y = linalg.batch_matmul ins(%t, %u : tensor<2x4x3xf32>, tensor<2x3x5xf32>) outs(%i : tensor<2x4x5xf32>) -> tensor<2x4x5xf32>
  %s = linalg.transpose ins(%v : tensor<2x6x3xf32>) outs(%h : tensor<2x3x6xf32>) permutation = [0, 2, 1]
  %z = linalg.batch_matmul ins(%t, %s : tensor<2x4x3xf32>, tensor<2x3x6xf32>) outs(%j : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  return %y, %z : tensor<2x4x5xf32>, tensor<2x4x6xf32>
}

// A matrix that is broadcast over a batch, or has a batch of one, is a matrix.

// CHECK-LABEL: func @tokens
// CHECK-SAME: (%[[X:.*]]: tensor<2x7x3xf32>, %[[W:.*]]: tensor<3x4xf32>, %[[V:.*]]: tensor<1x4x3xf32>)
// CHECK: %[[XF:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]]
// CHECK: %[[I:.*]] = linalg.fill {{.*}} -> tensor<14x4xf32>
// CHECK: %[[Y:.*]] = linalg.matmul ins(%[[XF]], %[[W]] : tensor<14x3xf32>, tensor<3x4xf32>) outs(%[[I]] :
// CHECK: %[[E:.*]] = tensor.expand_shape %[[Y]] {{\[}}[0, 1], [2]] output_shape [2, 7, 4]
// CHECK: %[[S:.*]] = tensor.extract_slice %[[E]]
// CHECK: %[[U:.*]] = tensor.collapse_shape %[[V]] {{\[}}[0, 1], [2]] : tensor<1x4x3xf32> into tensor<4x3xf32>
// CHECK: linalg.matmul ins(%{{.*}}, %[[U]] : tensor<7x4xf32>, tensor<4x3xf32>)
func.func @tokens(%x: tensor<2x7x3xf32>, %w: tensor<3x4xf32>, %v: tensor<1x4x3xf32>) -> tensor<1x7x3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x4xf32>
  %f = tensor.empty() : tensor<2x7x4xf32>
  %g = tensor.empty() : tensor<1x7x3xf32>
  %b = linalg.broadcast ins(%w : tensor<3x4xf32>) outs(%e : tensor<2x3x4xf32>) dimensions = [0]
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<2x7x4xf32>) -> tensor<2x7x4xf32>
  %y = linalg.batch_matmul ins(%x, %b : tensor<2x7x3xf32>, tensor<2x3x4xf32>) outs(%i : tensor<2x7x4xf32>) -> tensor<2x7x4xf32>
  %s = tensor.extract_slice %y[0, 0, 0] [1, 7, 4] [1, 1, 1] : tensor<2x7x4xf32> to tensor<1x7x4xf32>
  %j = linalg.fill ins(%zero : f32) outs(%g : tensor<1x7x3xf32>) -> tensor<1x7x3xf32>
  %z = linalg.batch_matmul ins(%s, %v : tensor<1x7x4xf32>, tensor<1x4x3xf32>) outs(%j : tensor<1x7x3xf32>) -> tensor<1x7x3xf32>
  return %z : tensor<1x7x3xf32>
}

// What is erased behind both operands is erased once: one transpose in two
// operands, one in front of the other.

// CHECK-LABEL: func @square
// CHECK-SAME: (%[[W:.*]]: tensor<4x4xf32>)
// CHECK-NOT: linalg.transpose
// CHECK: linalg.matmul indexing_maps = [#[[$AT]], #[[$BT]], #[[$C]]] ins(%[[W]], %[[W]] :
func.func @square(%w: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%t, %t : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[W:.*]]: tensor<4x4xf32>)
// CHECK-NOT: linalg.transpose
// CHECK: linalg.matmul indexing_maps = [#[[$A]], #[[$BT]], #[[$C]]] ins(%[[W]], %[[W]] :
func.func @chain(%w: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) permutation = [1, 0]
  %u = linalg.transpose ins(%t : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%u, %t : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// The values of both resources: 1 3 5 2 4 6 after the alignment word.

{-#
  dialect_resources: {
    builtin: {
      values: "0x040000000000803F0000004000004040000080400000A0400000C040"
    }
  }
#-}

// A reshape merges what the weight is repeated along: the product is one of two
// matrices.

// CHECK-LABEL: func @merged_batches
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x7x5xf32>, %[[W:.*]]: tensor<5x8xf32>)
func.func @merged_batches(%x: tensor<2x3x7x5xf32>, %w: tensor<5x8xf32>) -> tensor<6x7x8xf32> {
  // CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1, 2], [3]] : tensor<2x3x7x5xf32> into tensor<42x5xf32>
  // CHECK: linalg.matmul ins(%[[ROWS]], %[[W]] : tensor<42x5xf32>, tensor<5x8xf32>)
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x5x8xf32>
  %f = tensor.empty() : tensor<6x7x8xf32>
  %b = linalg.broadcast ins(%w : tensor<5x8xf32>) outs(%e : tensor<2x3x5x8xf32>) dimensions = [0, 1]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<2x3x5x8xf32> into tensor<6x5x8xf32>
  %m = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<2x3x7x5xf32> into tensor<6x7x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<6x7x8xf32>) -> tensor<6x7x8xf32>
  %y = linalg.batch_matmul ins(%m, %c : tensor<6x7x5xf32>, tensor<6x5x8xf32>) outs(%i : tensor<6x7x8xf32>) -> tensor<6x7x8xf32>
  return %y : tensor<6x7x8xf32>
}

// One of the merged dimensions is the weight's own.

// CHECK-LABEL: func @merged_heads
// CHECK-SAME: (%[[X:.*]]: tensor<6x7x5xf32>, %[[W:.*]]: tensor<3x5x8xf32>, %[[I:.*]]: tensor<6x7x8xf32>)
func.func @merged_heads(%x: tensor<6x7x5xf32>, %w: tensor<3x5x8xf32>, %i: tensor<6x7x8xf32>) -> tensor<6x7x8xf32> {
  // CHECK: %[[SPLIT:.*]] = tensor.expand_shape %[[X]] {{\[}}[0, 1], [2], [3]] output_shape [2, 3, 7, 5]
  // CHECK: %[[INIT:.*]] = tensor.expand_shape %[[I]] {{\[}}[0, 1], [2], [3]] output_shape [2, 3, 7, 8]
  // CHECK: %[[Y:.*]] = linalg.contract
  // CHECK-SAME: ins(%[[SPLIT]], %[[W]] : tensor<2x3x7x5xf32>, tensor<3x5x8xf32>) outs(%[[INIT]]
  // CHECK: tensor.collapse_shape %[[Y]]
  %e = tensor.empty() : tensor<2x3x5x8xf32>
  %b = linalg.broadcast ins(%w : tensor<3x5x8xf32>) outs(%e : tensor<2x3x5x8xf32>) dimensions = [0]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<2x3x5x8xf32> into tensor<6x5x8xf32>
  %y = linalg.batch_matmul ins(%x, %c : tensor<6x7x5xf32>, tensor<6x5x8xf32>) outs(%i : tensor<6x7x8xf32>) -> tensor<6x7x8xf32>
  return %y : tensor<6x7x8xf32>
}

// A product with a weight and a sum over its columns.

#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d0, 0, d2)>
#weight = affine_map<(d0, d1, d2) -> (d1, d2)>
#kept = affine_map<(d0, d1, d2) -> (d0, d1)>

// CHECK-LABEL: func @product_and_sum
// CHECK-SAME: (%[[X:.*]]: tensor<2x1x3xf32>, %[[W:.*]]: tensor<5x3xf32>, %[[I:.*]]: tensor<2x5xf32>)
func.func @product_and_sum(%x: tensor<2x1x3xf32>, %w: tensor<5x3xf32>, %i: tensor<2x5xf32>) -> tensor<2x5xf32> {
  // CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0], [1, 2]] : tensor<2x1x3xf32> into tensor<2x3xf32>
  // CHECK: linalg.contract indexing_maps = [#[[$A]], #[[$BT]], #[[$C]]]
  // CHECK-SAME: ins(%[[ROWS]], %[[W]] : tensor<2x3xf32>, tensor<5x3xf32>) outs(%[[I]] :
  // CHECK-NOT: arith.mulf
  %e = tensor.empty() : tensor<2x5x3xf32>
  %p = linalg.generic {indexing_maps = [#rows, #weight, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %w : tensor<2x1x3xf32>, tensor<5x3xf32>) outs(%e : tensor<2x5x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<2x5x3xf32>
  %y = linalg.generic {indexing_maps = [#all, #kept], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%p : tensor<2x5x3xf32>) outs(%i : tensor<2x5xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %out : f32
    linalg.yield %s : f32
  } -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// A factor that the sum does not run over is a scale.

#scale = affine_map<(d0, d1) -> (d0)>
#both = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func @scale_and_sum
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @scale_and_sum(%x: tensor<2x3xf32>, %i: tensor<2xf32>) -> tensor<2xf32> {
  %w = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %n = linalg.negf ins(%x : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  %p = linalg.generic {indexing_maps = [#both, #scale, #both], iterator_types = ["parallel", "parallel"]}
      ins(%n, %w : tensor<2x3xf32>, tensor<2xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#both, #scale], iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<2x3xf32>) outs(%i : tensor<2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %out : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// A dimension of one repeats nothing: rows that were merged stay merged.

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @merged_rows
// CHECK: linalg.matmul {{.*}} -> tensor<6x3xf32>
func.func @merged_rows(%x: tensor<2x3x4xf32>, %i: tensor<6x3xf32>) -> tensor<6x3xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 1.0, 2.0, 3.0]]> : tensor<3x4xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 3, 1, 4] : tensor<2x3x4xf32> into tensor<2x3x1x4xf32>
  %c = tensor.collapse_shape %e [[0, 1, 2], [3]] : tensor<2x3x1x4xf32> into tensor<6x4xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%c, %w : tensor<6x4xf32>, tensor<3x4xf32>)
      outs(%i : tensor<6x3xf32>) -> tensor<6x3xf32>
  return %y : tensor<6x3xf32>
}

// CHECK: dialect_resources
// CHECK-DAG: [[$DK]]: "0x100000000000803F000040400000A04000000040000080400000C040"
// CHECK-DAG: [[$RK]]: "0x100000000000803F000040400000A04000000040000080400000C040"
