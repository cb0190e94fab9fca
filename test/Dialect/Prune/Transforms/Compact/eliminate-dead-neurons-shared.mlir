// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compact-pipeline)" --remarks-filter=prune-eliminate-dead-neurons 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Both users lose the second row: one weight is left.
// CHECK-LABEL: func @siamese
// CHECK-DAG: %[[W:.*]] = arith.constant {prune.param = #prune.param<"w", weight>} {{.*}} : tensor<2x2xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[W]] : tensor<4x2xf32>, tensor<2x2xf32>)
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %[[W]] : tensor<4x2xf32>, tensor<2x2xf32>)
func.func @siamese(%x: tensor<4x2xf32>, %u: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]> : tensor<3x2xf32>
  %v = arith.constant {prune.param = #prune.param<"v", weight>} dense<[[1.0, 5.0, -1.0]]> : tensor<1x3xf32>
  %b = arith.constant {prune.param = #prune.param<"b", bias>} dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %e = tensor.empty() : tensor<4x3xf32>
  %i = linalg.broadcast ins(%b : tensor<3xf32>) outs(%e : tensor<4x3xf32>) dimensions = [0]
  %p = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x2xf32>, tensor<3x2xf32>) outs(%i : tensor<4x3xf32>) -> tensor<4x3xf32>
  %q = linalg.matmul indexing_maps = [#a, #b, #c] ins(%u, %w : tensor<4x2xf32>, tensor<3x2xf32>) outs(%i : tensor<4x3xf32>) -> tensor<4x3xf32>
  %d = linalg.mul ins(%p, %q : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  %j = arith.constant dense<0.0> : tensor<4x1xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%d, %v : tensor<4x3xf32>, tensor<1x3xf32>) outs(%j : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// Copies under one name, as masks of each use leave them, are one again.
// CHECK-LABEL: func @copies
// CHECK-COUNT-1: prune.param<"w", weight>
// CHECK-NOT: prune.param<"w
func.func @copies(%x: tensor<4x2xf32>, %u: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[1.0, 2.0], [0.0, 4.0]]> : tensor<2x2xf32>
  %w1 = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[1.0, 2.0], [0.0, 4.0]]> : tensor<2x2xf32>
  %i = arith.constant dense<0.0> : tensor<4x2xf32>
  %p = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %q = linalg.matmul ins(%u, %w1 : tensor<4x2xf32>, tensor<2x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %p, %q : tensor<4x2xf32>, tensor<4x2xf32>
}

// The readers want different rows: the weight keeps what either wants.
// REMARK: [Missed] SharedWeightKept{{.*}}Function=different | Parameter=w, {{.*}}Users=2
// CHECK-LABEL: func @different
// CHECK: prune.param<"w", weight>} {{.*}} : tensor<3x2xf32>
// CHECK-NOT: prune.param<"w
func.func @different(%x: tensor<4x2xf32>, %u: tensor<4x2xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[1.0, 2.0], [5.0, 6.0], [3.0, 4.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %v = arith.constant {prune.param = #prune.param<"v", weight>} dense<[[1.0, 0.0, -1.0, 0.0]]> : tensor<1x4xf32>
  %t = arith.constant {prune.param = #prune.param<"t", weight>} dense<[[1.0, 3.0, 0.0, 0.0]]> : tensor<1x4xf32>
  %i = arith.constant dense<0.0> : tensor<4x4xf32>
  %j = arith.constant dense<0.0> : tensor<4x1xf32>
  %p = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x2xf32>, tensor<4x2xf32>) outs(%i : tensor<4x4xf32>) -> tensor<4x4xf32>
  %q = linalg.matmul indexing_maps = [#a, #b, #c] ins(%u, %w : tensor<4x2xf32>, tensor<4x2xf32>) outs(%i : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%p, %v : tensor<4x4xf32>, tensor<1x4xf32>) outs(%j : tensor<4x1xf32>) -> tensor<4x1xf32>
  %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%q, %t : tensor<4x4xf32>, tensor<1x4xf32>) outs(%j : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y, %z : tensor<4x1xf32>, tensor<4x1xf32>
}

// Folding would give both users of the wide weight a bias, which is more than
// the column that leaves: the constant neurons stay.
// REMARK: [Missed] ConstantsKept{{.*}}Function=no_growth
// CHECK-LABEL: func @no_growth
// CHECK: prune.param<"w", weight>} {{.*}} : tensor<8x2xf32>
func.func @no_growth(%x: tensor<4x1xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %u = arith.constant {prune.param = #prune.param<"u", weight>} dense<[[1.0], [0.0]]> : tensor<2x1xf32>
  %s = arith.constant {prune.param = #prune.param<"s", weight>} dense<[[2.0], [0.0]]> : tensor<2x1xf32>
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[1.0, 2.0], [1.0, 3.0], [1.0, 4.0], [1.0, 5.0], [1.0, 6.0], [1.0, 7.0], [1.0, 8.0], [1.0, 9.0]]> : tensor<8x2xf32>
  %i = arith.constant dense<1.0> : tensor<4x2xf32>
  %k = arith.constant dense<2.0> : tensor<4x2xf32>
  %j = arith.constant dense<0.0> : tensor<4x8xf32>
  %p = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %u : tensor<4x1xf32>, tensor<2x1xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %q = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %s : tensor<4x1xf32>, tensor<2x1xf32>) outs(%k : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%p, %w : tensor<4x2xf32>, tensor<8x2xf32>) outs(%j : tensor<4x8xf32>) -> tensor<4x8xf32>
  %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%q, %w : tensor<4x2xf32>, tensor<8x2xf32>) outs(%j : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
}
