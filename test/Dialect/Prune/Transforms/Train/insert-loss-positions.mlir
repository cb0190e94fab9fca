// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-loss{function=tokens name=loss_tokens},prune-insert-loss{function=pixels name=loss_pixels},prune-insert-loss{function=signal name=loss_signal class-dimension=1 soft-labels})" | FileCheck %s
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-insert-loss{function=tokens class-dimension=3})" 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: expected the classes to be a dimension of 'tensor<2x5x3xf32>' after the batch, got 3

func.func @tokens(%x: tensor<2x5x3xf32>) -> tensor<2x5x3xf32> {
  return %x : tensor<2x5x3xf32>
}

func.func @pixels(%x: tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32> {
  return %x : tensor<2x3x4x5xf32>
}

func.func @signal(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  return %x : tensor<2x3x5xf32>
}

// CHECK-LABEL: func.func @loss_tokens(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x5x3xf32>, %[[L:[^:]*]]: tensor<2x5xi32>
// CHECK: %[[Z:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] : tensor<2x5x3xf32> into tensor<10x3xf32>
// CHECK: %[[N:.*]] = tensor.collapse_shape %[[L]] {{\[\[}}0, 1]] : tensor<2x5xi32> into tensor<10xi32>
// CHECK: prune.softmax_cross_entropy %[[Z]], %[[N]]

// CHECK-LABEL: func.func @loss_pixels(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3x4x5xf32>, %[[L:[^:]*]]: tensor<2x4x5xi32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] : tensor<2x3x4x5xf32>) outs(%{{.*}} : tensor<2x4x5x3xf32>) permutation = [0, 2, 3, 1]
// CHECK: %[[Z:.*]] = tensor.collapse_shape %[[T]] {{\[\[}}0, 1, 2], [3]]
// CHECK: %[[N:.*]] = tensor.collapse_shape %[[L]] {{\[\[}}0, 1, 2]]
// CHECK: prune.softmax_cross_entropy %[[Z]], %[[N]] : tensor<40x3xf32>, tensor<40xi32>

// CHECK-LABEL: func.func @loss_signal(
// CHECK-SAME: tensor<2x3x5xf32>, %{{.*}}: tensor<2x3x5xf32>
// CHECK-COUNT-2: linalg.transpose {{.*}} permutation = [0, 2, 1]
// CHECK: prune.softmax_cross_entropy %{{.*}}, %{{.*}} : tensor<10x3xf32>, tensor<10x3xf32>
