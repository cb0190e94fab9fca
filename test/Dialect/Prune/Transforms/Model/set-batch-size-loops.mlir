// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=5})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=5},prune-set-batch-size{batch=5})" | FileCheck %s

// A state and collected outputs, both zeros in the beginning. What the loop
// carries without ever meeting the batch stays as it is.

// CHECK-LABEL: func.func @recurrent
// CHECK-SAME: -> (tensor<3x5x4xf32>, tensor<5x4xf32>, tensor<2x4xf32>)
// CHECK-DAG: %[[OUTS:.*]] = arith.constant dense<0.000000e+00> : tensor<3x5x4xf32>
// CHECK-DAG: %[[STATE:.*]] = arith.constant dense<0.000000e+00> : tensor<5x4xf32>
// CHECK-DAG: %[[OLD:.*]] = arith.constant dense<0.000000e+00> : tensor<2x4xf32>
// CHECK: scf.for {{.*}} iter_args(%[[O:.*]] = %[[OUTS]], %[[S:.*]] = %[[STATE]], %[[K:.*]] = %[[OLD]])
// CHECK-SAME: -> (tensor<3x5x4xf32>, tensor<5x4xf32>, tensor<2x4xf32>)
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0, 0] [1, 5, 4] [1, 1, 1] : tensor<3x5x4xf32> to tensor<5x4xf32>
// CHECK: %[[N:.*]] = linalg.add
// CHECK: %[[E:.*]] = tensor.expand_shape %[[N]] {{\[\[}}0, 1], [2]] output_shape [1, 5, 4]
// CHECK: %[[I:.*]] = tensor.insert_slice %[[E]] into %[[O]][%{{.*}}, 0, 0] [1, 5, 4] [1, 1, 1]
// CHECK: scf.yield %[[I]], %[[N]], %[[K]]
func.func @recurrent(%x: tensor<2x3x4xf32> {prune.input = "x"})
    -> (tensor<3x2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %outs = arith.constant dense<0.0> : tensor<3x2x4xf32>
  %zeros = arith.constant dense<0.0> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<3x2x4xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x4xf32>) outs(%e : tensor<3x2x4xf32>) permutation = [1, 0, 2]
  %r:3 = scf.for %i = %c0 to %c3 step %c1 iter_args(%o = %outs, %s = %zeros, %k = %zeros)
      -> (tensor<3x2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
    %row = tensor.extract_slice %t[%i, 0, 0] [1, 2, 4] [1, 1, 1] : tensor<3x2x4xf32> to tensor<2x4xf32>
    %f = tensor.empty() : tensor<2x4xf32>
    %n = linalg.add ins(%row, %s : tensor<2x4xf32>, tensor<2x4xf32>) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
    %l = tensor.expand_shape %n [[0, 1], [2]] output_shape [1, 2, 4] : tensor<2x4xf32> into tensor<1x2x4xf32>
    %j = tensor.insert_slice %l into %o[%i, 0, 0] [1, 2, 4] [1, 1, 1] : tensor<1x2x4xf32> into tensor<3x2x4xf32>
    scf.yield %j, %n, %k : tensor<3x2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<3x2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

// A batch of one: the row of the step is at index 0 of a dimension that is not
// the batch, though both have one element.

// CHECK-LABEL: func.func @one
// CHECK-SAME: -> tensor<3x5x4xf32>
// CHECK: scf.for {{.*}} -> (tensor<3x5x4xf32>, tensor<5x4xf32>)
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}, 0, 0] [1, 5, 4] [1, 1, 1]
func.func @one(%x: tensor<1x3x4xf32> {prune.input = "x"}) -> tensor<3x1x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %outs = arith.constant dense<0.0> : tensor<3x1x4xf32>
  %zeros = arith.constant dense<0.0> : tensor<1x4xf32>
  %e = tensor.empty() : tensor<3x1x4xf32>
  %t = linalg.transpose ins(%x : tensor<1x3x4xf32>) outs(%e : tensor<3x1x4xf32>) permutation = [1, 0, 2]
  %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%o = %outs, %s = %zeros)
      -> (tensor<3x1x4xf32>, tensor<1x4xf32>) {
    %row = tensor.extract_slice %t[%i, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<3x1x4xf32> to tensor<1x1x4xf32>
    %c = tensor.collapse_shape %row [[0, 1], [2]] : tensor<1x1x4xf32> into tensor<1x4xf32>
    %f = tensor.empty() : tensor<1x4xf32>
    %n = linalg.add ins(%c, %s : tensor<1x4xf32>, tensor<1x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
    %l = tensor.expand_shape %n [[0, 1], [2]] output_shape [1, 1, 4] : tensor<1x4xf32> into tensor<1x1x4xf32>
    %j = tensor.insert_slice %l into %o[%i, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<1x1x4xf32> into tensor<3x1x4xf32>
    scf.yield %j, %n : tensor<3x1x4xf32>, tensor<1x4xf32>
  }
  return %r#0 : tensor<3x1x4xf32>
}

// What an inner loop carries starts as what the outer one does.

// CHECK-LABEL: func.func @nested
// CHECK-SAME: -> tensor<5x4xf32>
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<5x4xf32>
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %[[Z]]) -> (tensor<5x4xf32>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[A]]) -> (tensor<5x4xf32>)
func.func @nested(%x: tensor<2x4xf32> {prune.input = "x"}) -> tensor<2x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zeros = arith.constant dense<0.0> : tensor<2x4xf32>
  %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %zeros) -> (tensor<2x4xf32>) {
    %q = scf.for %j = %c0 to %c3 step %c1 iter_args(%b = %a) -> (tensor<2x4xf32>) {
      %f = tensor.empty() : tensor<2x4xf32>
      %n = linalg.add ins(%x, %b : tensor<2x4xf32>, tensor<2x4xf32>) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
      scf.yield %n : tensor<2x4xf32>
    }
    scf.yield %q : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// The batch is carried without being used, and the state is cleared.

// CHECK-LABEL: func.func @exchanged
// CHECK-SAME: -> (tensor<5x4xf32>, tensor<5x4xf32>)
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<5x4xf32>
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %[[Z]]) -> (tensor<5x4xf32>, tensor<5x4xf32>)
// CHECK: scf.yield %[[Z]], %[[A]]
func.func @exchanged(%x: tensor<2x4xf32> {prune.input = "x"}) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zeros = arith.constant dense<0.0> : tensor<2x4xf32>
  %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %zeros) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
    scf.yield %zeros, %a : tensor<2x4xf32>, tensor<2x4xf32>
  }
  return %r#0, %r#1 : tensor<2x4xf32>, tensor<2x4xf32>
}
