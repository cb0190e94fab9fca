// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn)" | FileCheck %s

#qa = affine_map<(b, h, m, n, k) -> (b, h, m, k)>
#ka = affine_map<(b, h, m, n, k) -> (h, n, k)>
#sa = affine_map<(b, h, m, n, k) -> (b, h, m, n)>

// One product for each element of the batch, on slices.
// CHECK-LABEL: func @batch
// CHECK-SAME: (%[[A:.*]]: tensor<6x19x32xf32>, %[[B:.*]]: tensor<6x32x19xf32>)
func.func @batch(%a: tensor<6x19x32xf32>, %b: tensor<6x32x19xf32>) -> tensor<6x19x19xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<6x19x19xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<6x19x19xf32>) -> tensor<6x19x19xf32>
  // CHECK-NOT: linalg.fill
  // CHECK: %[[ALL:.*]] = scf.for %[[I:.*]] = %c0 to %c6 step %c1 iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<6x19x19xf32>)
  // CHECK: %[[L:.*]] = tensor.extract_slice %[[A]][%[[I]], 0, 0] [1, 19, 32] [1, 1, 1]
  // CHECK: %[[R:.*]] = tensor.extract_slice %[[B]][%[[I]], 0, 0] [1, 32, 19] [1, 1, 1]
  // CHECK: %[[P:.*]] = onednn.matmul ins(%[[L]], %[[R]] : tensor<19x32xf32>, tensor<32x19xf32>)
  // CHECK-NOT: accumulate
  // CHECK: tensor.insert_slice %[[P]] into %[[ACC]][%[[I]], 0, 0]
  // CHECK: return %[[ALL]]
  %0 = linalg.batch_matmul ins(%a, %b : tensor<6x19x32xf32>, tensor<6x32x19xf32>) outs(%f : tensor<6x19x19xf32>) -> tensor<6x19x19xf32>
  return %0 : tensor<6x19x19xf32>
}

// A batch in two dimensions, one operand without the first, transposed, on an initial value.
// CHECK-LABEL: func @heads
func.func @heads(%q: tensor<2x3x20x16xf32>, %k: tensor<3x20x16xf32>, %s: tensor<2x3x20x20xf32>) -> tensor<2x3x20x20xf32> {
  // CHECK: scf.for {{.*}} -> (tensor<2x3x20x20xf32>)
  // CHECK: scf.for {{.*}} -> (tensor<3x20x20xf32>)
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : tensor<20x16xf32>, tensor<20x16xf32>) outs(%{{.*}}) {accumulate, transpose_b}
  %0 = linalg.generic {indexing_maps = [#qa, #ka, #sa], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x3x20x16xf32>, tensor<3x20x16xf32>) outs(%s : tensor<2x3x20x20xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %m = arith.mulf %x, %y : f32
    %sum = arith.addf %acc, %m : f32
    linalg.yield %sum : f32
  } -> tensor<2x3x20x20xf32>
  return %0 : tensor<2x3x20x20xf32>
}

// A few multiplications are left to loops over the whole batch.
// CHECK-LABEL: func @small
func.func @small(%a: tensor<64x4x5xf32>, %b: tensor<64x5x6xf32>, %c: tensor<64x4x6xf32>) -> tensor<64x4x6xf32> {
  // CHECK-NOT: scf.for
  // CHECK: linalg.batch_matmul
  %0 = linalg.batch_matmul ins(%a, %b : tensor<64x4x5xf32>, tensor<64x5x6xf32>) outs(%c : tensor<64x4x6xf32>) -> tensor<64x4x6xf32>
  return %0 : tensor<64x4x6xf32>
}
