// RUN: prune-opt %s --inline | FileCheck %s

// A function with operations of the dialect goes where it is called, as a
// network that is cut for its batch needs.

// CHECK-LABEL: func.func @call
// CHECK-NOT: call
// CHECK: prune.batch_norm
// CHECK: return
func.func private @part(%x: tensor<1x2x3x3xf32>, %v: tensor<2xf32>) -> tensor<1x2x3x3xf32> {
  %y = prune.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-05 : tensor<1x2x3x3xf32>, tensor<2xf32>
  return %y : tensor<1x2x3x3xf32>
}

func.func @call(%x: tensor<1x2x3x3xf32>, %v: tensor<2xf32>) -> tensor<1x2x3x3xf32> {
  %y = call @part(%x, %v) : (tensor<1x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}
