// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons{record-kept},prune-verify-compact)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" > %t.once
// RUN: prune-opt %t.once --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" | diff %t.once -

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Each input of a concatenation loses what is not read of its range.
// CHECK-LABEL: func @concat
// CHECK-DAG: prune.kept = [array<i64: 0>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK-DAG: prune.kept = [array<i64: 1>, array<i64: 0, 1>], prune.param = #prune.param<"b.weight", weight>
// CHECK-DAG: prune.kept = [array<i64: 0>, array<i64: 0, 3>], prune.param = #prune.param<"c.weight", weight>
// CHECK: tensor.concat dim(1) %{{.*}}, %{{.*}} : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x2xf32>
func.func @concat(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<2.0> : tensor<2x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 0.0, 0.0, 2.0]]> : tensor<1x4xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w2 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = tensor.concat dim(1) %z1, %z2 : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<8x4xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x4xf32>, tensor<1x4xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// An input of which nothing is read is left out.
// CHECK-LABEL: func @concat_of_one
// CHECK-NOT: "a.weight"
// CHECK: tensor.concat dim(1) %{{[^,]*}} : (tensor<8x2xf32>) -> tensor<8x2xf32>
func.func @concat_of_one(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<2.0> : tensor<2x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[0.0, 0.0, 1.0, 2.0]]> : tensor<1x4xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w2 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = tensor.concat dim(1) %z1, %z2 : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<8x4xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x4xf32>, tensor<1x4xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// Of four neurons the slice takes the middle ones, of which the second is read.
// CHECK-LABEL: func @extract
// CHECK: prune.kept = [array<i64: 2>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [8, 1] [1, 1] : tensor<8x1xf32> to tensor<8x1xf32>
func.func @extract(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<4x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[0.0, 2.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<4x2xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = tensor.extract_slice %z1[0, 1] [8, 2] [1, 1] : tensor<8x4xf32> to tensor<8x2xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// A slice with a stride takes the first and third of four, of which the third
// is read.
// CHECK-LABEL: func @strided
// CHECK: prune.kept = [array<i64: 2>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [8, 1] [1, 1] : tensor<8x1xf32> to tensor<8x1xf32>
func.func @strided(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<4x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[0.0, 2.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<4x2xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = tensor.extract_slice %z1[0, 0] [8, 2] [1, 2] : tensor<8x4xf32> to tensor<8x2xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// What is read: the first neuron of the destination and the second of the slice.
// CHECK-LABEL: func @insert
// CHECK-DAG: prune.kept = [array<i64: 0, 2>, array<i64: 0, 1>], prune.param = #prune.param<"b.weight", weight>
// CHECK-DAG: prune.kept = [array<i64: 1>, array<i64: 0, 1>], prune.param = #prune.param<"a.weight", weight>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 1] [8, 1] [1, 1] : tensor<8x1xf32> into tensor<8x2xf32>
func.func @insert(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<2.0> : tensor<4x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 0.0, 2.0, 0.0]]> : tensor<1x4xf32>
  %e2 = tensor.empty() : tensor<8x2xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e4 = tensor.empty() : tensor<8x4xf32>
  %f4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f2 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w2 : tensor<8x2xf32>, tensor<4x2xf32>) outs(%f4 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = tensor.insert_slice %z1 into %z2[0, 1] [8, 2] [1, 1] : tensor<8x2xf32> into tensor<8x4xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x4xf32>, tensor<1x4xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// Channels of padding are constants: 2 * (3 + 6 + 7) goes into the bias.
// CHECK-LABEL: func @pad
// CHECK: tensor.pad %{{.*}} low[0, 0] high[0, 0]
// CHECK: } : tensor<8x2xf32> to tensor<8x2xf32>
func.func @pad(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"p.weight", weight>} dense<[[3.0, 4.0, 5.0, 6.0, 7.0]]> : tensor<1x5xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = tensor.pad %z1 low[0, 1] high[0, 2] {
    ^bb0(%i: index, %j: index):
      tensor.yield %two : f32
  } : tensor<8x2xf32> to tensor<8x5xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x5xf32>, tensor<1x5xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// Where nothing is left to be padded, the padding is all there is.
// CHECK-LABEL: func @padding_alone
// CHECK-NOT: "a.weight"
// CHECK-NOT: tensor.pad
// CHECK: linalg.fill {{.*}} -> tensor<8x2xf32>
// CHECK: linalg.add
func.func @padding_alone(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<1x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<2.0> : tensor<3x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[3.0, 0.0, 5.0]]> : tensor<1x3xf32>
  %e = tensor.empty() : tensor<8x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w2 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %p = tensor.pad %z1 low[0, 1] high[0, 1] {
    ^bb0(%i: index, %j: index):
      tensor.yield %zero : f32
  } : tensor<8x1xf32> to tensor<8x3xf32>
  %y = linalg.add ins(%p, %z2 : tensor<8x3xf32>, tensor<8x3xf32>) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x3xf32>, tensor<1x3xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// A padding that depends on the place would change with it.
// CHECK-LABEL: func @computed_padding
// CHECK: } : tensor<8x2xf32> to tensor<8x3xf32>
func.func @computed_padding(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<2x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[0.0, 1.0, 2.0]]> : tensor<1x3xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = tensor.pad %z1 low[0, 0] high[0, 1] {
    ^bb0(%i: index, %j: index):
      %n = arith.index_cast %i : index to i32
      %v = arith.sitofp %n : i32 to f32
      tensor.yield %v : f32
  } : tensor<8x2xf32> to tensor<8x3xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x3xf32>, tensor<1x3xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// (0 - 1) / sqrt(3 + 1) * 4 + 3 = 1 is what the first neuron becomes, and the
// second is its bias 5 as the scale is zero: 1 * 6 + 5 * 7 goes into the bias,
// and nothing of the rest is left.
// CHECK-LABEL: func @norm
// CHECK-NOT: prune.batch_norm
// CHECK: prune.param = #prune.param<"n.bias", bias>} dense_resource<n.bias>
func.func @norm(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"m.weight", weight>} dense<[[0.0, 0.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %scale = arith.constant {prune.param = #prune.param<"bn.weight", scale>} dense<[4.0, 0.0]> : tensor<2xf32>
  %bias = arith.constant {prune.param = #prune.param<"bn.bias", bias>} dense<[3.0, 5.0]> : tensor<2xf32>
  %mean = arith.constant {prune.param = #prune.param<"bn.running_mean", buffer>} dense<[1.0, 9.0]> : tensor<2xf32>
  %variance = arith.constant {prune.param = #prune.param<"bn.running_var", buffer>} dense<3.0> : tensor<2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"n.weight", weight>} dense<[[6.0, 7.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = prune.batch_norm %z1, %scale, %bias, %mean, %variance epsilon 1.0 : tensor<8x2xf32>, tensor<2xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// A slice in an unknown place keeps everything.
// CHECK-LABEL: func @unknown_place
// CHECK: tensor.extract_slice %{{.*}}[0, %{{.*}}] [8, 2] [1, 1] : tensor<8x4xf32> to tensor<8x2xf32>
func.func @unknown_place(%x: tensor<8x2xf32>, %at: index) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<1.0> : tensor<4x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[0.0, 2.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<4x2xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = tensor.extract_slice %z1[0, %at] [8, 2] [1, 1] : tensor<8x4xf32> to tensor<8x2xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %w3 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// CHECK-DAG: p.bias: "0x1000000000000042"
// CHECK-DAG: n.bias: "0x1000000000002442"
