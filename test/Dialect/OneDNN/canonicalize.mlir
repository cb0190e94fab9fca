// RUN: prune-opt %s --pass-pipeline="builtin.module(canonicalize)" | FileCheck %s

// CHECK-LABEL: func @transposes
// CHECK-SAME: (%[[A:.*]]: tensor<3x2xf32>, %[[B:.*]]: tensor<4x3xf32>, %[[C:.*]]: tensor<2x4xf32>)
func.func @transposes(%a: tensor<3x2xf32>, %b: tensor<4x3xf32>, %c: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %ea = tensor.empty() : tensor<2x3xf32>
  %at = linalg.transpose ins(%a : tensor<3x2xf32>) outs(%ea : tensor<2x3xf32>) permutation = [1, 0]
  %eb = tensor.empty() : tensor<3x4xf32>
  %bt = linalg.transpose ins(%b : tensor<4x3xf32>) outs(%eb : tensor<3x4xf32>) permutation = [1, 0]
  // CHECK-NOT: linalg.transpose
  // CHECK: onednn.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[C]] : {{.*}}) {transpose_a, transpose_b}
  %0 = onednn.matmul ins(%at, %bt : tensor<2x3xf32>, tensor<3x4xf32>) outs(%c : tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK: onednn.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[C]] : {{.*}}) {transpose_a, transpose_b}
  %1 = onednn.matmul ins(%a, %bt : tensor<3x2xf32>, tensor<3x4xf32>) outs(%c : tensor<2x4xf32>) {transpose_a} -> tensor<2x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: func @zeros
func.func @zeros(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK: %[[E:.*]] = tensor.empty()
  // CHECK-NEXT: onednn.matmul ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%[[E]] : tensor<2x4xf32>) ->
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%f : tensor<2x4xf32>) {accumulate} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: func @ones
func.func @ones(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %ones = arith.constant dense<1.0> : tensor<2x4xf32>
  // CHECK: %[[ONES:.*]] = arith.constant dense<1.0
  // CHECK: onednn.matmul ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%[[ONES]] : tensor<2x4xf32>) {accumulate}
  %0 = onednn.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x4xf32>) outs(%ones : tensor<2x4xf32>) {accumulate} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
