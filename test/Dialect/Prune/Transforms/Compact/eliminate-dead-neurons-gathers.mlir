// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons{record-kept},canonicalize,prune-verify-compact)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" > %t.once
// RUN: prune-opt %t.once --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" | diff %t.once -

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

// Channels in reverse order: the first and third of the result are read.
// CHECK-LABEL: func @flip
// CHECK-DAG: prune.kept = [array<i64: 1, 3>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK-DAG: prune.kept = [array<i64: 0>, array<i64: 0, 2>], prune.param = #prune.param<"c.weight", weight>
// CHECK-DAG: %[[LAST:.*]] = arith.constant 1 : index
// CHECK: %[[C:.*]] = linalg.index 1 : index
// CHECK: %[[I:.*]] = arith.subi %[[LAST]], %[[C]] : index
// CHECK: tensor.extract %{{.*}}[%{{.*}}, %[[I]]] : tensor<8x2xf32>
func.func @flip(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %last = arith.constant 3 : index
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 0.0, 3.0, 0.0]]> : tensor<1x4xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<4x2xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<8x4xf32>) {
  ^bb0(%out: f32):
    %m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %i = arith.subi %last, %n : index
    %v = tensor.extract %z1[%m, %i] : tensor<8x4xf32>
    linalg.yield %v : f32
  } -> tensor<8x4xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x4xf32>, tensor<1x4xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// A table of places loses entries, and the others are counted again; what is
// never read leaves, and what is read twice stays while either is read.
// CHECK-LABEL: func @table
// CHECK-DAG: prune.kept = [array<i64: 0, 2, 3>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK-DAG: prune.kept = [array<i64: 0>, array<i64: 0, 2, 3, 4>], prune.param = #prune.param<"c.weight", weight>
// CHECK-DAG: dense<[2, 0, 2, 1]> : tensor<4xi64>
func.func @table(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %places = arith.constant dense<[3, 1, 0, 3, 2]> : tensor<5xi64>
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 1.0]]> : tensor<5x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[0.0, 0.0, 3.0, 4.0, 5.0]]> : tensor<1x5xf32>
  %e = tensor.empty() : tensor<8x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x5xf32>) -> tensor<8x5xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<5x2xf32>) outs(%f : tensor<8x5xf32>) -> tensor<8x5xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<8x5xf32>) {
  ^bb0(%out: f32):
    %m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %p = tensor.extract %places[%n] : tensor<5xi64>
    %i = arith.index_cast %p : i64 to index
    %v = tensor.extract %z1[%m, %i] : tensor<8x5xf32>
    linalg.yield %v : f32
  } -> tensor<8x5xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x5xf32>, tensor<1x5xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// What the body computes with a counter otherwise keeps its dimension.
// CHECK-LABEL: func @counter
// CHECK: prune.param = #prune.param<"a.weight", weight>} {{.*}} : tensor<3x2xf32>
func.func @counter(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 0.0, 3.0]]> : tensor<1x3xf32>
  %e = tensor.empty() : tensor<8x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<8x3xf32>) {
  ^bb0(%out: f32):
    %m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %v = tensor.extract %z1[%m, %n] : tensor<8x3xf32>
    %i = arith.index_cast %n : index to i64
    %j = arith.sitofp %i : i64 to f32
    %s = arith.addf %v, %j : f32
    linalg.yield %s : f32
  } -> tensor<8x3xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x3xf32>, tensor<1x3xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// A shuffle that loses channels is a gather; one that loses none stays.
// CHECK-LABEL: func @shuffle
// CHECK-DAG: prune.kept = [array<i64: 0, 1, 2, 3, 5>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK-DAG: dense<[0, 3, 1, 2, 4]> : tensor<5xi64>
// CHECK-NOT: linalg.transpose
// CHECK: tensor.extract
// CHECK-LABEL: func @whole_shuffle
// CHECK-NOT: tensor.extract
// CHECK: tensor.expand_shape
// CHECK: linalg.transpose
// CHECK: tensor.collapse_shape
func.func @shuffle(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 1.0], [2.0, 3.0]]> : tensor<6x2xf32>
  // Of [0, 3, 1, 4, 2, 5] the fourth is not read.
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 2.0, 3.0, 0.0, 5.0, 6.0]]> : tensor<1x6xf32>
  %e = tensor.empty() : tensor<8x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x6xf32>) -> tensor<8x6xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<6x2xf32>) outs(%f : tensor<8x6xf32>) -> tensor<8x6xf32>
  %split = tensor.expand_shape %z1 [[0], [1, 2]] output_shape [8, 2, 3] : tensor<8x6xf32> into tensor<8x2x3xf32>
  %t = tensor.empty() : tensor<8x3x2xf32>
  %transposed = linalg.transpose ins(%split : tensor<8x2x3xf32>) outs(%t : tensor<8x3x2xf32>) permutation = [0, 2, 1]
  %y = tensor.collapse_shape %transposed [[0], [1, 2]] : tensor<8x3x2xf32> into tensor<8x6xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x6xf32>, tensor<1x6xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

func.func @whole_shuffle(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %split = tensor.expand_shape %x [[0], [1, 2]] output_shape [8, 2, 3] : tensor<8x6xf32> into tensor<8x2x3xf32>
  %t = tensor.empty() : tensor<8x3x2xf32>
  %transposed = linalg.transpose ins(%split : tensor<8x2x3xf32>) outs(%t : tensor<8x3x2xf32>) permutation = [0, 2, 1]
  %y = tensor.collapse_shape %transposed [[0], [1, 2]] : tensor<8x3x2xf32> into tensor<8x6xf32>
  return %y : tensor<8x6xf32>
}

// Rows before channels: of six elements those of the second channel leave.
// CHECK-LABEL: func @channels_last
// CHECK-DAG: prune.kept = [array<i64: 0>, array<i64: 0>], prune.param = #prune.param<"a.weight", weight>
// CHECK-DAG: prune.kept = [array<i64: 0>, array<i64: 0, 2, 4>], prune.param = #prune.param<"c.weight", weight>
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]] : tensor<8x3x1xf32> into tensor<8x3xf32>
func.func @channels_last(%x: tensor<8x3x1xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 0.0, 2.0, 0.0, 3.0, 0.0]]> : tensor<1x6xf32>
  %e = tensor.empty() : tensor<8x3x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x3x2xf32>) -> tensor<8x3x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.generic {indexing_maps = [affine_map<(m, r, n, k) -> (m, r, k)>, affine_map<(m, r, n, k) -> (n, k)>, affine_map<(m, r, n, k) -> (m, r, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w1 : tensor<8x3x1xf32>, tensor<2x1xf32>) outs(%f : tensor<8x3x2xf32>) {
  ^bb0(%in: f32, %w: f32, %out: f32):
    %p = arith.mulf %in, %w : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<8x3x2xf32>
  %y = tensor.collapse_shape %z1 [[0], [1, 2]] : tensor<8x3x2xf32> into tensor<8x6xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x6xf32>, tensor<1x6xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}
