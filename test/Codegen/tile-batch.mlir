// A network runs on a part of the batch at a time, where rows are independent.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-tile-batch{images=2})" --remarks-filter=".*" 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-tile-batch)" | FileCheck %s --check-prefix=SMALL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-tile-batch{images=3})" | FileCheck %s --check-prefix=SMALL

// REMARK: Remark="2 of 4 images at a time"
// REMARK-NOT: at a time

// Everything stays in the cache, or three do not divide four.
// SMALL-NOT: scf.for

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#row = affine_map<(m, n) -> (n)>
#id = affine_map<(m, n) -> (m, n)>

// CHECK-LABEL: func @layer
// CHECK-SAME: (%[[X:.*]]: tensor<4x3xf32> {prune.input = "x"}) -> (tensor<4x5xf32> {prune.output = "logits"})
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x5xf32>
// CHECK: %[[R:.*]] = scf.for %[[I:.*]] = %c0 to %c4 step %c2 iter_args(%[[A:.*]] = %[[E]]) -> (tensor<4x5xf32>)
// CHECK-NEXT: %[[S:.*]] = tensor.extract_slice %[[X]][%[[I]], 0] [2, 3] [1, 1]
// CHECK-NEXT: %[[P:.*]] = func.call @layer_part(%[[S]]) : (tensor<2x3xf32>) -> tensor<2x5xf32>
// CHECK-NEXT: %[[N:.*]] = tensor.insert_slice %[[P]] into %[[A]][%[[I]], 0] [2, 5] [1, 1]
// CHECK-NEXT: scf.yield %[[N]]
// CHECK: return %[[R]]
// CHECK-LABEL: func private @layer_part
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<5x3xf32>)
func.func @layer(%x: tensor<4x3xf32> {prune.input = "x"}) -> (tensor<4x5xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<5x3xf32>
  %e = tensor.empty() : tensor<4x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %y = linalg.generic {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x3xf32>, tensor<5x3xf32>) outs(%i : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

// A sum over the batch: left alone, without a word.
// CHECK-LABEL: func @mean
// CHECK-NOT: scf.for
func.func @mean(%x: tensor<4x3xf32> {prune.input = "x"}) -> (tensor<4x3xf32> {prune.output = "y"}) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3xf32>
  %o = tensor.empty() : tensor<4x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<3xf32>) -> tensor<3xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<4x3xf32>) outs(%i : tensor<3xf32>) dimensions = [0]
  %y = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// An argument that is no batch of inputs.
// CHECK-LABEL: func @weights
// CHECK-NOT: scf.for
// CHECK-NOT: _part
func.func @weights(%x: tensor<4x3xf32> {prune.input = "x"}, %w: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %e = tensor.empty() : tensor<4x3xf32>
  %y = linalg.add ins(%x, %w : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
