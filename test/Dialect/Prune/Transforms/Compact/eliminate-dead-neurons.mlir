// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)" --remarks-filter=prune-eliminate-dead-neurons 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" -o %t.once
// RUN: prune-opt %t.once --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" -o %t.twice
// RUN: diff %t.once %t.twice
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-eliminate-dead-neurons)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 11 num-neurons-removed
// STAT: (S) 5 num-constants-folded
// STAT: (S) 53 num-weights-removed
// STAT: (S) 212 bytes-saved
// STAT: (S) 6 num-iterations

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// Neuron 1 is always relu(1), neuron 2 is read by zeros only. The bias is the
// initial value of the matmul; the shared empty tensor ties nothing.
// REMARK: remark: [Passed] NeuronsEliminated{{.*}}Function=model_form | Constant=1, Kept=2, Layer=fc1.weight, Removed=2
// REMARK: remark: [Analysis] NeuronsKept{{.*}}Function=model_form | Constant=0, Kept=2, Layer=fc2.weight, Reason="returned by the function", Removed=0
// CHECK-LABEL: func @model_form
// CHECK-SAME: (%[[X:.*]]: tensor<8x3xf32> {prune.input = "input"}) -> (tensor<8x2xf32> {prune.output = "logits"})
// CHECK-DAG: %[[W1:.*]] = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense_resource<fc1.weight> : tensor<2x3xf32>
// CHECK-DAG: %[[B1:.*]] = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense_resource<fc1.bias> : tensor<2xf32>
// CHECK-DAG: %[[W2:.*]] = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense_resource<fc2.weight> : tensor<2x2xf32>
// CHECK-DAG: %[[B2:.*]] = arith.constant {prune.param = #prune.param<"fc2.bias", bias>} dense_resource<fc2.bias> : tensor<2xf32>
// CHECK: %[[I1:.*]] = linalg.broadcast ins(%[[B1]] : tensor<2xf32>)
// CHECK: %[[Z1:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W1]] : tensor<8x3xf32>, tensor<2x3xf32>) outs(%[[I1]] : tensor<8x2xf32>)
// CHECK: %[[Y1:.*]] = linalg.generic {{.*}} ins(%[[Z1]] : tensor<8x2xf32>)
// CHECK: %[[I2:.*]] = linalg.broadcast ins(%[[B2]] : tensor<2xf32>)
// CHECK: %[[Z2:.*]] = linalg.matmul {{.*}} ins(%[[Y1]], %[[W2]] : tensor<8x2xf32>, tensor<2x2xf32>) outs(%[[I2]] : tensor<8x2xf32>)
// CHECK: return %[[Z2]]
func.func @model_form(%x: tensor<8x3xf32> {prune.input = "input"}) -> (tensor<8x2xf32> {prune.output = "logits"}) {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [4.0, 5.0, 6.0], [0.0, 0.0, 7.0]]> : tensor<4x3xf32>
  %b1 = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense<[0.5, 1.0, 1.5, 2.0]> : tensor<4xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[3.0, 4.0, 0.0, 1.0], [1.0, -1.0, 0.0, 2.0]]> : tensor<2x4xf32>
  %b2 = arith.constant {prune.param = #prune.param<"fc2.bias", bias>} dense<[0.25, -0.25]> : tensor<2xf32>
  %e1 = tensor.empty() : tensor<8x4xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<4xf32>) outs(%e1 : tensor<8x4xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x3xf32>, tensor<4x3xf32>) outs(%i1 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x4xf32>) outs(%e1 : tensor<8x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %zero = arith.constant 0.0 : f32
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
  } -> tensor<8x4xf32>
  %e2 = tensor.empty() : tensor<8x2xf32>
  %i2 = linalg.broadcast ins(%b2 : tensor<2xf32>) outs(%e2 : tensor<8x2xf32>) dimensions = [0]
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x4xf32>, tensor<2x4xf32>) outs(%i2 : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z2 : tensor<8x2xf32>
}

// What torch-mlir writes: weights transposed, zeros for initial values (shared by
// both layers of equal width), biases added by generics, relu as compare and
// select. Layer 1: neuron 0 is max(-1, 0) = 0, neuron 2 is 2. In layer 2 the
// last neuron then is the constant 2 * 5 + 1; only neuron 0 reads neuron 1.
// REMARK: Function=torch | Constant=2, Kept=1, Layer=a.weight, Removed=2
// REMARK: Function=torch | Constant=1, Kept=2, Layer=b.weight, Removed=1
// CHECK-LABEL: func @torch
// CHECK-DAG: %[[W1:.*]] = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense_resource<a.weight> : tensor<1x2xf32>
// CHECK-DAG: %[[B1:.*]] = arith.constant {prune.param = #prune.param<"a.bias", bias>} dense_resource<a.bias> : tensor<1xf32>
// CHECK-DAG: %[[W2:.*]] = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense_resource<b.weight> : tensor<2x1xf32>
// CHECK-DAG: %[[B2:.*]] = arith.constant {prune.param = #prune.param<"b.bias", bias>} dense_resource<b.bias_1> : tensor<2xf32>
// CHECK-DAG: %[[W3:.*]] = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense_resource<c.weight> : tensor<2x2xf32>
// CHECK-DAG: %[[B3:.*]] = arith.constant {prune.param = #prune.param<"c.bias", bias>} dense_resource<c.bias{{.*}}> : tensor<2xf32>
// CHECK: linalg.transpose ins(%[[W1]] : tensor<1x2xf32>) outs(%{{.*}} : tensor<2x1xf32>) permutation = [1, 0]
// CHECK: linalg.matmul {{.*}} -> tensor<8x1xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<8x2xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<8x2xf32>
func.func @torch(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a.weight", weight>} dense<[[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]> : tensor<3x2xf32>
  %b1 = arith.constant {prune.param = #prune.param<"a.bias", bias>} dense<[-1.0, 0.5, 2.0]> : tensor<3xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b.weight", weight>} dense<[[7.0, 1.0, 1.0], [8.0, 2.0, 0.0], [9.0, 0.0, 5.0]]> : tensor<3x3xf32>
  %b2 = arith.constant {prune.param = #prune.param<"b.bias", bias>} dense<[0.0, 1.0, 1.0]> : tensor<3xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c.weight", weight>} dense<[[1.0, 2.0, 1.0], [3.0, 4.0, -1.0]]> : tensor<2x3xf32>
  %b3 = arith.constant {prune.param = #prune.param<"c.bias", bias>} dense<[0.0, 1.0]> : tensor<2xf32>
  %e23 = tensor.empty() : tensor<2x3xf32>
  %e32 = tensor.empty() : tensor<3x2xf32>
  %e33 = tensor.empty() : tensor<3x3xf32>
  %e83 = tensor.empty() : tensor<8x3xf32>
  %e82 = tensor.empty() : tensor<8x2xf32>
  %f83 = linalg.fill ins(%zero : f32) outs(%e83 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %f82 = linalg.fill ins(%zero : f32) outs(%e82 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %t1 = linalg.transpose ins(%w1 : tensor<3x2xf32>) outs(%e23 : tensor<2x3xf32>) permutation = [1, 0]
  %z1 = linalg.matmul ins(%x, %t1 : tensor<8x2xf32>, tensor<2x3xf32>) outs(%f83 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %s1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%z1, %b1 : tensor<8x3xf32>, tensor<3xf32>) outs(%e83 : tensor<8x3xf32>) {
    ^bb0(%in: f32, %bias: f32, %out: f32):
      %s = arith.addf %in, %bias : f32
      linalg.yield %s : f32
  } -> tensor<8x3xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s1 : tensor<8x3xf32>) outs(%e83 : tensor<8x3xf32>) {
    ^bb0(%in: f32, %out: f32):
      %p = arith.cmpf ugt, %in, %zero : f32
      %s = arith.select %p, %in, %zero : f32
      linalg.yield %s : f32
  } -> tensor<8x3xf32>
  %t2 = linalg.transpose ins(%w2 : tensor<3x3xf32>) outs(%e33 : tensor<3x3xf32>) permutation = [1, 0]
  %z2 = linalg.matmul ins(%y1, %t2 : tensor<8x3xf32>, tensor<3x3xf32>) outs(%f83 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %s2 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%z2, %b2 : tensor<8x3xf32>, tensor<3xf32>) outs(%e83 : tensor<8x3xf32>) {
    ^bb0(%in: f32, %bias: f32, %out: f32):
      %s = arith.addf %in, %bias : f32
      linalg.yield %s : f32
  } -> tensor<8x3xf32>
  %t3 = linalg.transpose ins(%w3 : tensor<2x3xf32>) outs(%e32 : tensor<3x2xf32>) permutation = [1, 0]
  %z3 = linalg.matmul ins(%s2, %t3 : tensor<8x3xf32>, tensor<3x2xf32>) outs(%f82 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %s3 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%z3, %b3 : tensor<8x2xf32>, tensor<2xf32>) outs(%e82 : tensor<8x2xf32>) {
    ^bb0(%in: f32, %bias: f32, %out: f32):
      %s = arith.addf %in, %bias : f32
      linalg.yield %s : f32
  } -> tensor<8x2xf32>
  return %s3 : tensor<8x2xf32>
}

// Without biases: the sigmoid of a neuron without inputs is 0.5, and a bias is
// made for it. Tanh of zero is zero and leaves nothing behind.
// CHECK-LABEL: func @no_bias
// CHECK-DAG: arith.constant {prune.param = #prune.param<"d.weight", weight>} dense_resource<d.weight> : tensor<1x2xf32>
// CHECK-DAG: arith.constant {prune.param = #prune.param<"e.weight", weight>} dense_resource<e.weight> : tensor<1x1xf32>
// CHECK-DAG: arith.constant {prune.param = #prune.param<"g.weight", weight>} dense_resource<g.weight> : tensor<2x1xf32>
// CHECK: %[[BIAS:.*]] = arith.constant {prune.param = #prune.param<"e.bias", bias>} dense_resource<e.bias> : tensor<1xf32>
// CHECK: %[[INIT:.*]] = linalg.broadcast ins(%[[BIAS]] : tensor<1xf32>) outs(%{{.*}} : tensor<8x1xf32>) dimensions = [0]
// CHECK: linalg.matmul {{.*}} outs(%[[INIT]] : tensor<8x1xf32>)
// CHECK-NOT: linalg.broadcast
func.func @no_bias(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"d.weight", weight>} dense<[[0.0, 0.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"e.weight", weight>} dense<[[4.0, 1.0], [0.0, 0.0]]> : tensor<2x2xf32>
  %w3 = arith.constant {prune.param = #prune.param<"g.weight", weight>} dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %one = arith.constant 1.0 : f32
      %n = arith.negf %in : f32
      %p = math.exp %n : f32
      %q = arith.addf %p, %one : f32
      %r = arith.divf %one, %q : f32
      linalg.yield %r : f32
  } -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y2 = linalg.tanh ins(%z2 : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y2, %w3 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z3 : tensor<8x2xf32>
}

// A layer without weights left: the result is the folded bias, 2 * relu(3) + 1,
// whatever the input, and everything before goes.
// REMARK: Function=whole_layer | Constant=1, Kept=0, Layer=h.weight, Removed=1
// CHECK-LABEL: func @whole_layer
// CHECK-SAME: %{{.*}}: tensor<8x2xf32>
// CHECK-NEXT: %[[B:.*]] = arith.constant {prune.param = #prune.param<"i.bias", bias>} dense_resource<i.bias> : tensor<1xf32>
// CHECK-NEXT: %[[E:.*]] = tensor.empty() : tensor<8x1xf32>
// CHECK-NEXT: %[[R:.*]] = linalg.broadcast ins(%[[B]] : tensor<1xf32>) outs(%[[E]] : tensor<8x1xf32>) dimensions = [0]
// CHECK-NEXT: return %[[R]]
func.func @whole_layer(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"h.weight", weight>} dense<0.0> : tensor<1x2xf32>
  %b1 = arith.constant {prune.param = #prune.param<"h.bias", bias>} dense<3.0> : tensor<1xf32>
  %w2 = arith.constant {prune.param = #prune.param<"i.weight", weight>} dense<2.0> : tensor<1x1xf32>
  %b2 = arith.constant {prune.param = #prune.param<"i.bias", bias>} dense<1.0> : tensor<1xf32>
  %e = tensor.empty() : tensor<8x1xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<1xf32>) outs(%e : tensor<8x1xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%i1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x1xf32>) outs(%e : tensor<8x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %zero = arith.constant 0.0 : f32
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
  } -> tensor<8x1xf32>
  %i2 = linalg.broadcast ins(%b2 : tensor<1xf32>) outs(%e : tensor<8x1xf32>) dimensions = [0]
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x1xf32>, tensor<1x1xf32>) outs(%i2 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z2 : tensor<8x1xf32>
}

// A residual connection ties the neurons of both branches: neuron 0 of the sum
// is read by zeros, so it leaves both; neuron 1 of the second branch is constant
// but its sum is not, so it stays.
// CHECK-LABEL: func @residual
// CHECK: linalg.add ins(%{{.*}}, %{{.*}} : tensor<8x2xf32>, tensor<8x2xf32>)
func.func @residual(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"j.weight", weight>} dense<1.0> : tensor<3x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"k.weight", weight>} dense<[[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]> : tensor<3x3xf32>
  %w3 = arith.constant {prune.param = #prune.param<"l.weight", weight>} dense<[[0.0, 1.0, 2.0]]> : tensor<1x3xf32>
  %e = tensor.empty() : tensor<8x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z1, %w2 : tensor<8x3xf32>, tensor<3x3xf32>) outs(%f : tensor<8x3xf32>) -> tensor<8x3xf32>
  %s = linalg.add ins(%z1, %z2 : tensor<8x3xf32>, tensor<8x3xf32>) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%s, %w3 : tensor<8x3xf32>, tensor<1x3xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// A chain of dead neurons falls in one round.
// CHECK-LABEL: func @chain
// CHECK: linalg.matmul {{.*}} -> tensor<8x1xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<8x1xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<8x1xf32>
func.func @chain(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant dense<1.0> : tensor<2x2xf32>
  %w2 = arith.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %w3 = arith.constant dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e1 = tensor.empty() : tensor<8x1xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z1, %w2 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%f : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z2, %w3 : tensor<8x2xf32>, tensor<1x2xf32>) outs(%f1 : tensor<8x1xf32>) -> tensor<8x1xf32>
  return %z3 : tensor<8x1xf32>
}

// CHECK-DAG: fc1.weight: "0x100000000000803F000000400000404000000000000000000000E040"
// CHECK-DAG: fc1.bias: "0x100000000000003F00000040"
// CHECK-DAG: fc2.weight: "0x10000000000040400000803F0000803F00000040"
// b2 + w2 * relu(1): 4.25 and -1.25
// CHECK-DAG: fc2.bias: "0x10000000000088400000A0BF"
// b.bias of the two that stay: 0 + 1 * 2, 1; c.bias: 1 * 11, 1 - 11
// CHECK-DAG: b.bias_1: "0x10000000000000400000803F"
// CHECK-DAG: c.bias{{.*}}: "0x1000000000003041000020C1"
// 4 * 0.5
// CHECK-DAG: e.bias: "0x1000000000000040"
// CHECK-DAG: i.bias: "0x100000000000E040"
