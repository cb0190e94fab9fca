// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn,convert-linalg-to-onednn)" | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#nm = affine_map<(m, n, k) -> (n, m)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#row = affine_map<(d0, d1) -> (d0)>

// The model form: a broadcast bias, a transposed weight, relu.
// CHECK-LABEL: func @layer
// CHECK-SAME: (%[[X:.*]]: tensor<64x784xf32>, %[[W:.*]]: tensor<300x784xf32>, %[[B:.*]]: tensor<300xf32>)
func.func @layer(%x: tensor<64x784xf32>, %w: tensor<300x784xf32>, %b: tensor<300xf32>) -> tensor<64x300xf32> {
  %e = tensor.empty() : tensor<64x300xf32>
  %i = linalg.broadcast ins(%b : tensor<300xf32>) outs(%e : tensor<64x300xf32>) dimensions = [0]
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %w : tensor<64x784xf32>, tensor<300x784xf32>) outs(%i : tensor<64x300xf32>) -> tensor<64x300xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z : tensor<64x300xf32>) outs(%e : tensor<64x300xf32>) {
  ^bb0(%in: f32, %out: f32):
    %zero = arith.constant 0.0 : f32
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<64x300xf32>
  // CHECK: %[[E:.*]] = tensor.empty() : tensor<64x300xf32>
  // CHECK-NEXT: %[[Y:.*]] = onednn.matmul ins(%[[X]], %[[W]] : tensor<64x784xf32>, tensor<300x784xf32>)
  // CHECK-SAME: bias(%[[B]] : tensor<300xf32>) outs(%[[E]] : tensor<64x300xf32>)
  // CHECK-SAME: {activation = #kernel.activation<relu>, transpose_b}
  // CHECK-NEXT: return %[[Y]]
  return %y : tensor<64x300xf32>
}

// CHECK-LABEL: func @transpositions
func.func @transpositions(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %at: tensor<5x4xf32>, %bt: tensor<6x5xf32>)
    -> (tensor<4x6xf32>, tensor<4x6xf32>, tensor<6x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x6xf32>) -> tensor<4x6xf32>
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : tensor<5x4xf32>, tensor<5x6xf32>) outs(%{{.*}}) {transpose_a}
  %0 = linalg.contract indexing_maps = [#km, #kn, #mn]
      ins(%at, %b : tensor<5x4xf32>, tensor<5x6xf32>) outs(%f : tensor<4x6xf32>) -> tensor<4x6xf32>
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : tensor<5x4xf32>, tensor<6x5xf32>) outs(%{{.*}}) {transpose_a, transpose_b}
  %1 = linalg.generic {indexing_maps = [#nk, #km, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%bt, %at : tensor<6x5xf32>, tensor<5x4xf32>) outs(%f : tensor<4x6xf32>) {
  ^bb0(%p: f32, %q: f32, %acc: f32):
    %m = arith.mulf %p, %q : f32
    %s = arith.addf %acc, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x6xf32>
  // A transposed result is the product of the exchanged, transposed operands.
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : tensor<5x6xf32>, tensor<4x5xf32>) outs(%{{.*}}) {transpose_a, transpose_b} -> tensor<6x4xf32>
  %e2 = tensor.empty() : tensor<6x4xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<6x4xf32>) -> tensor<6x4xf32>
  %2 = linalg.contract indexing_maps = [#mk, #kn, #nm]
      ins(%a, %b : tensor<4x5xf32>, tensor<5x6xf32>) outs(%f2 : tensor<6x4xf32>) -> tensor<6x4xf32>
  return %0, %1, %2 : tensor<4x6xf32>, tensor<4x6xf32>, tensor<6x4xf32>
}

// As torch-mlir writes a layer: a transposed weight, zeros, the bias after the
// product, relu by comparison.
// CHECK-LABEL: func @imported
// CHECK-SAME: (%[[X:.*]]: tensor<8x20xf32>, %[[W:.*]]: tensor<10x20xf32>, %[[B:.*]]: tensor<10xf32>)
func.func @imported(%x: tensor<8x20xf32>, %w: tensor<10x20xf32>, %b: tensor<10xf32>) -> tensor<8x10xf32> {
  %zero = arith.constant 0.0 : f32
  %te = tensor.empty() : tensor<20x10xf32>
  %t = linalg.transpose ins(%w : tensor<10x20xf32>) outs(%te : tensor<20x10xf32>) permutation = [1, 0]
  %e = tensor.empty() : tensor<8x10xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  %z = linalg.matmul ins(%x, %t : tensor<8x20xf32>, tensor<20x10xf32>) outs(%f : tensor<8x10xf32>) -> tensor<8x10xf32>
  %s = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z, %b : tensor<8x10xf32>, tensor<10xf32>) outs(%e : tensor<8x10xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %sum = arith.addf %in, %bias : f32
    linalg.yield %sum : f32
  } -> tensor<8x10xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) {
  ^bb0(%in: f32, %out: f32):
    %c = arith.cmpf ugt, %in, %zero : f32
    %r = arith.select %c, %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<8x10xf32>
  // CHECK: onednn.matmul ins(%[[X]], %[[W]] : tensor<8x20xf32>, tensor<10x20xf32>) bias(%[[B]] : tensor<10xf32>)
  // CHECK-SAME: {activation = #kernel.activation<relu>, transpose_b}
  // CHECK-NOT: linalg
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func @activations
func.func @activations(%x: tensor<8x20xf32>, %w: tensor<20x10xf32>) -> (tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<8x10xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  %z0 = linalg.matmul ins(%x, %w : tensor<8x20xf32>, tensor<20x10xf32>) outs(%f : tensor<8x10xf32>) -> tensor<8x10xf32>
  // CHECK: onednn.matmul {{.*}} {activation = #kernel.activation<tanh>}
  %0 = linalg.tanh ins(%z0 : tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  %z1 = linalg.matmul ins(%x, %w : tensor<8x20xf32>, tensor<20x10xf32>) outs(%f : tensor<8x10xf32>) -> tensor<8x10xf32>
  // CHECK: onednn.matmul {{.*}} {activation = #kernel.activation<sigmoid>}
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z1 : tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    %p = math.exp %n : f32
    %q = arith.addf %p, %one : f32
    %r = arith.divf %one, %q : f32
    linalg.yield %r : f32
  } -> tensor<8x10xf32>
  %z2 = linalg.matmul ins(%x, %w : tensor<8x20xf32>, tensor<20x10xf32>) outs(%f : tensor<8x10xf32>) -> tensor<8x10xf32>
  // CHECK: onednn.matmul {{.*}} {activation = #kernel.activation<relu>}
  // CHECK-NOT: linalg
  %2 = linalg.max ins(%z2, %f : tensor<8x10xf32>, tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  return %0, %1, %2 : tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>
}

// Any other initial value is accumulated on, and a constant right operand is
// marked.
// CHECK-LABEL: func @accumulate
// CHECK-SAME: (%[[X:.*]]: tensor<2x2xf32>, %[[C:.*]]: tensor<2x2xf32>)
func.func @accumulate(%x: tensor<2x2xf32>, %c: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense_resource<w> : tensor<2x2xf32>
  // CHECK: onednn.matmul ins(%[[X]], %{{.*}} : {{.*}}) outs(%[[C]] : tensor<2x2xf32>) {accumulate, constant_b, prune.kernel = #prune.kernel<dense>}
  %0 = linalg.matmul {prune.kernel = #prune.kernel<dense>} ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>)
      outs(%c : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// A value that something else uses is not replaced by its activation, and a
// vector along the rows is no bias of the columns.
// CHECK-LABEL: func @not_fused
func.func @not_fused(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %b: tensor<8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // CHECK: %[[Z:.*]] = onednn.matmul ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%{{.*}} : tensor<8x8xf32>) -> tensor<8x8xf32>
  %z = linalg.matmul ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32>
  // CHECK: linalg.tanh ins(%[[Z]]
  %y = linalg.tanh ins(%z : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // CHECK: onednn.matmul
  %z1 = linalg.matmul ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32>
  // CHECK: linalg.generic
  %s = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z1, %b : tensor<8x8xf32>, tensor<8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %sum = arith.addf %in, %bias : f32
    linalg.yield %sum : f32
  } -> tensor<8x8xf32>
  return %z, %y, %s : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}

// Upstream calls this a contraction, too; it is more than a product.
// CHECK-LABEL: func @longer_body
// CHECK-NOT: onednn.matmul
// CHECK: arith.negf
func.func @longer_body(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = linalg.generic {indexing_maps = [#mk, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %n = arith.negf %a : f32
    %p = arith.mulf %n, %b : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}
{-# dialect_resources: { builtin: { w: "0x040000000000803F000000400000404000008040" } } #-}
