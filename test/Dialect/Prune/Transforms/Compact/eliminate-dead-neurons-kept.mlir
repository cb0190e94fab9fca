// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" --remarks-filter=prune-eliminate-dead-neurons 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Nothing is known of softmax: the dead neuron in front of it stays.
// REMARK: NeuronsKept{{.*}}Function=softmax | Constant=0, ConstantKept=1, Kept=2, Layer=s.weight, Reason="used by 'linalg.softmax'", Removed=0
// CHECK-LABEL: func @softmax
// CHECK: linalg.matmul {{.*}} -> tensor<8x2xf32>
func.func @softmax(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"s.weight", weight>} dense<[[0.0, 0.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"t.weight", weight>} dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y1 = linalg.softmax dimension(1) ins(%z1 : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z2 : tensor<8x1xf32>
}

// A body that computes with the index of a neuron would change with it.
// REMARK: Function=index {{.*}}Reason="'linalg.generic' computes with its index"
// CHECK-LABEL: func @index
// CHECK: linalg.matmul {{.*}} -> tensor<8x2xf32>
func.func @index(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"s.weight", weight>} dense<[[0.0, 0.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"t.weight", weight>} dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %i = linalg.index 1 : index
      %j = arith.index_cast %i : index to i32
      %k = arith.sitofp %j : i32 to f32
      %s = arith.addf %in, %k : f32
      linalg.yield %s : f32
  } -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z2 : tensor<8x1xf32>
}

// Weights without values may be anything.
// CHECK-LABEL: func @arguments
// CHECK: linalg.matmul {{.*}} -> tensor<8x2xf32>
func.func @arguments(%x: tensor<8x2xf32>, %w1: tensor<2x2xf32>, %w2: tensor<1x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z1, %w2 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z2 : tensor<8x1xf32>
}

// An input that no weight reads stays in the signature and in the weight.
// CHECK-LABEL: func @unused_input
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<8x2xf32>, tensor<1x2xf32>)
func.func @unused_input(%x: tensor<8x2xf32>, %i: tensor<8x1xf32>) -> tensor<8x1xf32> {
  %w = arith.constant {prune.param = #prune.param<"u.weight", weight>} dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<8x2xf32>, tensor<1x2xf32>) outs(%i : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z : tensor<8x1xf32>
}

// A constant that is not finite is not folded.
// CHECK-LABEL: func @infinite
// CHECK: linalg.matmul {{.*}} -> tensor<8x1xf32>
// CHECK: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<8x1xf32>, tensor<1x1xf32>)
func.func @infinite(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"v.weight", weight>} dense<0.0> : tensor<1x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"w.weight", weight>} dense<2.0> : tensor<1x1xf32>
  %f1 = arith.constant dense<0x7F800000> : tensor<8x1xf32>
  %f2 = arith.constant dense<0.0> : tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z1, %w2 : tensor<8x1xf32>, tensor<1x1xf32>) outs(%f2 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z2 : tensor<8x1xf32>
}

// REMARK: [Missed] FunctionKept{{.*}}Reason="more than one block"
// CHECK-LABEL: func @blocks
func.func @blocks(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<8x2xf32>
}

// One weight in two layers that lose different neurons stays one weight: the
// first layer could lose its second neuron, the second one has it returned.
// REMARK: [Missed] SharedWeightKept{{.*}}Function=shared | Parameter=x.weight, {{.*}}Users=2
// CHECK-LABEL: func @shared
// CHECK: arith.constant {prune.param = #prune.param<"x.weight", weight>} {{.*}} : tensor<2x2xf32>
// CHECK-NOT: x.weight
func.func @shared(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"x.weight", weight>} dense<[[1.0, 0.0], [2.0, 0.0]]> : tensor<2x2xf32>
  %f = arith.constant dense<0.0> : tensor<8x2xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z1, %w : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z2 : tensor<8x2xf32>
}
