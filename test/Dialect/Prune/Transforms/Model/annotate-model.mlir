// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-annotate-model)" \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark -verify-diagnostics | FileCheck %s
// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-annotate-model,prune-annotate-model)" \
// RUN:   | FileCheck %s

// Layers in order, weight before bias, at the entry; names by location, by the
// key of a resource, and by layer.

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: tensor<2x3xf32> {prune.input = "input"}) -> (tensor<2x2xf32> {prune.output = "logits"})
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"head.weight", weight>} dense_resource<head.weight> : tensor<3x4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc0.bias", bias>} dense_resource<fc0.bias> : tensor<4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"tail.w", weight>} dense_resource<_tail.w> : tensor<4x2xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense_resource<torch_tensor_2> : tensor<2xf32>
// CHECK-NOT: prune.param
// CHECK: return
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %e0 = tensor.empty() : tensor<2x4xf32>
  %b0 = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %i0 = linalg.broadcast ins(%b0 : tensor<4xf32>) outs(%e0 : tensor<2x4xf32>) dimensions = [0]
  %w0 = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [0.0, 0.0, 1.0, 1.0]]> : tensor<3x4xf32> loc("head.weight")
  %z0 = linalg.matmul ins(%x, %w0 : tensor<2x3xf32>, tensor<3x4xf32>) outs(%i0 : tensor<2x4xf32>) -> tensor<2x4xf32>
  %e1 = tensor.empty() : tensor<2x2xf32>
  %w1 = arith.constant dense_resource<_tail.w> : tensor<4x2xf32>
  %b1 = arith.constant dense_resource<torch_tensor_2> : tensor<2xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<2xf32>) outs(%e1 : tensor<2x2xf32>) dimensions = [0]
  %z1 = linalg.matmul ins(%z0, %w1 : tensor<2x4xf32>, tensor<4x2xf32>) outs(%i1 : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z1 : tensor<2x2xf32>
}
// CHECK: fc0.bias: "0x100000000000803F000000400000404000008040"

{-#
  dialect_resources: {
    builtin: {
      _tail.w: "0x040000000000803F0000004000004040000080400000A0400000C0400000E04000000041",
      torch_tensor_2: "0x040000000000803F00000040"
    }
  }
#-}

// -----

// Two zero biases are two parameters. A constant that is no weight and no bias
// is a buffer; one of equal elements is only a constant.

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: %{{.*}}: tensor<4x4xf32> {prune.input = "input0"}, %{{.*}}: tensor<4x4xf32> {prune.input = "input1"}
// CHECK-SAME: -> (tensor<4x4xf32> {prune.output = "output0"}, tensor<4x4xf32> {prune.output = "output1"})
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc0.weight", weight>} dense_resource<fc0.weight> : tensor<4x4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc0.bias", bias>} dense_resource<fc0.bias> : tensor<4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense_resource<fc1.weight> : tensor<4x4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense_resource<fc1.bias> : tensor<4xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"buffer0", buffer>} dense_resource<buffer0> : tensor<2xf32>
// CHECK: arith.constant dense<1.0{{.*}}> : tensor<3xf32>
func.func @main(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %ones = arith.constant dense<1.0> : tensor<4x4xf32>
  %zeros = arith.constant dense<0.0> : tensor<4xf32>
  // expected-remark@below {{constant 'buffer0' is no weight, bias or scale and is not trained}}
  %other = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %same = arith.constant dense<1.0> : tensor<3xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %i0 = linalg.broadcast ins(%zeros : tensor<4xf32>) outs(%e : tensor<4x4xf32>) dimensions = [0]
  %z0 = linalg.matmul ins(%x, %ones : tensor<4x4xf32>, tensor<4x4xf32>) outs(%i0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %i1 = linalg.broadcast ins(%zeros : tensor<4xf32>) outs(%e : tensor<4x4xf32>) dimensions = [0]
  %z1 = linalg.matmul ins(%y, %ones : tensor<4x4xf32>, tensor<4x4xf32>) outs(%i1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %z0, %z1 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A constant used by two layers is one parameter; an existing mark stays, and
// another constant does not get its name.

// CHECK-LABEL: func.func @forward(
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"tied", weight>} dense_resource<tied> : tensor<2x2xf32>
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc0.weight", weight>} dense<
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc0.weight_1", weight>} dense_resource<fc0.weight> : tensor<2x2xf32>
// CHECK-NOT: prune.param
func.func @net(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> loc("tied")
  %m = arith.constant {prune.param = #prune.param<"fc0.weight", weight>} dense<[[4.0, 3.0], [2.0, 1.0]]> : tensor<2x2xf32>
  %n = arith.constant dense_resource<fc0.weight> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = linalg.matmul ins(%0, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = linalg.matmul ins(%1, %m : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = linalg.matmul ins(%2, %n : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}

// -----

// A convolution counts as a layer of its own kind.

// CHECK-LABEL: func.func @forward(
// CHECK: #prune.param<"conv0.weight", weight>
// CHECK: #prune.param<"conv0.bias", bias>
func.func @net(%x: tensor<1x1x5x5xf32>) -> tensor<1x2x3x3xf32> {
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %w = arith.constant dense<1.0> : tensor<2x1x3x3xf32>
  %e = tensor.empty() : tensor<1x2x3x3xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x3x3xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x5x5xf32>, tensor<2x1x3x3xf32>)
      outs(%i : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: func.func @forward(
// CHECK: vector.transfer_read
func.func @net(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  // expected-remark@below {{'vector.transfer_read' is no part of the model form and is left alone}}
  %v = vector.transfer_read %x[%c0], %pad : tensor<4xf32>, vector<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  // expected-remark@below {{'vector.transfer_write' is no part of the model form and is left alone}}
  %y = vector.transfer_write %v, %e[%c0] : vector<4xf32>, tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// Weights and biases of depthwise and grouped convolutions come reshaped; the
// constants of a batch normalization have roles of their own, and two equal ones
// are two parameters.

// CHECK-LABEL: func.func @forward(
// CHECK: #prune.param<"conv0.weight", weight>} dense_resource<{{.*}}> : tensor<2x1x1x1xf32>
// CHECK: #prune.param<"bn1.weight", scale>
// CHECK: #prune.param<"bn1.bias", bias>
// CHECK: #prune.param<"bn1.running_mean", buffer>
// CHECK: #prune.param<"bn1.running_var", buffer>
// CHECK: #prune.param<"conv2.weight", weight>} dense_resource<{{.*}}> : tensor<4x1x1x1xf32>
// CHECK: #prune.param<"conv2.bias", bias>} dense_resource<{{.*}}> : tensor<4xf32>
func.func @net(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2x2xf32> {
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %one = arith.constant dense<1.0> : tensor<2xf32>
  %zero = arith.constant dense<0.0> : tensor<2xf32>
  %v = arith.constant dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]], [[[4.0]]]]> : tensor<4x1x1x1xf32>
  %b = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %f = tensor.empty() : tensor<1x4x2x2xf32>
  %w3 = tensor.collapse_shape %w [[0, 1], [2], [3]] : tensor<2x1x1x1xf32> into tensor<2x1x1xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw ins(%x, %w3 : tensor<1x2x2x2xf32>, tensor<2x1x1xf32>) outs(%e : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %n = prune.batch_norm %y, %one, %zero, %zero, %one epsilon 1.0e-5 : tensor<1x2x2x2xf32>, tensor<2xf32>
  %n5 = tensor.expand_shape %n [[0], [1, 2], [3], [4]] output_shape [1, 2, 1, 2, 2] : tensor<1x2x2x2xf32> into tensor<1x2x1x2x2xf32>
  %v5 = tensor.expand_shape %v [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %i = linalg.broadcast ins(%b : tensor<4xf32>) outs(%f : tensor<1x4x2x2xf32>) dimensions = [0, 2, 3]
  %i5 = tensor.expand_shape %i [[0], [1, 2], [3], [4]] output_shape [1, 2, 2, 2, 2] : tensor<1x4x2x2xf32> into tensor<1x2x2x2x2xf32>
  %z = linalg.conv_2d_ngchw_gfchw ins(%n5, %v5 : tensor<1x2x1x2x2xf32>, tensor<2x2x1x1x1xf32>) outs(%i5 : tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
  return %z : tensor<1x2x2x2x2xf32>
}

// -----

// What a layer reads though it is neither weight nor bias is not passed over: a
// table that is added element by element, and the factor of another sum.

#mn = affine_map<(d0, d1) -> (d0, d1)>
#m = affine_map<(d0, d1) -> (d0)>
func.func @net(%x: tensor<2x2xf32>) -> tensor<2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  // expected-remark@below {{constant 'buffer0' is read by 'linalg.add' like a weight or a bias but is not recognized as one: it is neither trained nor pruned}}
  %t = arith.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
  // expected-remark@below {{constant 'buffer1' is read by 'linalg.generic' like a weight or a bias but is not recognized as one: it is neither trained nor pruned}}
  %f = arith.constant dense<[[9.0, 8.0], [7.0, 6.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %i = tensor.empty() : tensor<2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %a = linalg.add ins(%y, %t : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z = linalg.generic {indexing_maps = [#mn, #mn, #m], iterator_types = ["parallel", "reduction"]} ins(%a, %f : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2xf32>) {
  ^bb0(%in: f32, %v: f32, %out: f32):
    %p = arith.subf %in, %v : f32
    %q = arith.maximumf %p, %out : f32
    linalg.yield %q : f32
  } -> tensor<2xf32>
  return %z : tensor<2xf32>
}

// -----

// What is added behind a layer and has no name is a buffer, in a second run, too.

#mn = affine_map<(m, n) -> (m, n)>
#n = affine_map<(m, n) -> (n)>

// CHECK-LABEL: func.func @forward(%{{.*}}: tensor<2x2xf32> {prune.input = "input"}) -> (tensor<2x2xf32> {
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc0.weight", weight>}
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"fc1.weight", weight>}
// CHECK-NEXT: arith.constant {prune.param = #prune.param<"buffer0", buffer>}
func.func @added(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  // expected-remark@below {{constant 'buffer0' is read by}}
  %b = arith.constant dense<[5.0, 6.0]> : tensor<2xf32>
  %v = arith.constant dense<[[7.0, 8.0], [9.0, 1.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %a = linalg.generic {indexing_maps = [#mn, #n, #mn], iterator_types = ["parallel", "parallel"]} ins(%y, %b : tensor<2x2xf32>, tensor<2xf32>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%in: f32, %c: f32, %out: f32):
    %s = arith.addf %in, %c : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  %z = linalg.matmul ins(%a, %v : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}
