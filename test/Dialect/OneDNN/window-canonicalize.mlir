// RUN: prune-opt %s --pass-pipeline="builtin.module(canonicalize)" | FileCheck %s

// CHECK-LABEL: func @pad
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x5x6xf32>
func.func @pad(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %dy: tensor<2x4x7x9xf32>) -> (tensor<2x4x7x9xf32>, tensor<4x3x2x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 2, 2] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3x5x6xf32> to tensor<2x3x8x9xf32>
  %e = tensor.empty() : tensor<2x4x7x9xf32>
  // CHECK-NOT: tensor.pad
  // CHECK: onednn.convolution ins(%[[X]], %{{.*}}) {{.*}} {padding = array<i64: 1, 1, 2, 3>}
  %y = onednn.convolution ins(%p, %w : tensor<2x3x8x9xf32>, tensor<4x3x2x2xf32>) outs(%e : tensor<2x4x7x9xf32>)
      {padding = array<i64: 0, 0, 0, 1>} -> tensor<2x4x7x9xf32>
  %f = tensor.empty() : tensor<4x3x2x2xf32>
  // CHECK: onednn.convolution_backward_weights ins(%[[X]], %{{.*}}) {{.*}} {padding = array<i64: 1, 1, 2, 3>}
  %dw = onednn.convolution_backward_weights ins(%p, %dy : tensor<2x3x8x9xf32>, tensor<2x4x7x9xf32>) outs(%f : tensor<4x3x2x2xf32>)
      {padding = array<i64: 0, 0, 0, 1>} -> tensor<4x3x2x2xf32>
  return %y, %dw : tensor<2x4x7x9xf32>, tensor<4x3x2x2xf32>
}

// Padding of another value, of channels, or in nhwc of what nchw calls rows.
// CHECK-LABEL: func @other_pads
func.func @other_pads(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>, %v: tensor<4x4x2x2xf32>, %u: tensor<4x7x2x2xf32>)
    -> (tensor<2x4x4x6xf32>, tensor<2x4x4x5xf32>, tensor<2x2x4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  // CHECK-COUNT-3: tensor.pad
  %p = tensor.pad %x low[0, 0, 0, 1] high[0, 0, 0, 0] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %one : f32
  } : tensor<2x3x5x6xf32> to tensor<2x3x5x7xf32>
  %q = tensor.pad %x low[0, 0, 0, 0] high[0, 1, 0, 0] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3x5x6xf32> to tensor<2x4x5x6xf32>
  %r = tensor.pad %x low[0, 0, 0, 1] high[0, 0, 0, 0] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3x5x6xf32> to tensor<2x3x5x7xf32>
  %e = tensor.empty() : tensor<2x4x4x6xf32>
  %0 = onednn.convolution ins(%p, %w : tensor<2x3x5x7xf32>, tensor<4x3x2x2xf32>) outs(%e : tensor<2x4x4x6xf32>) -> tensor<2x4x4x6xf32>
  %f = tensor.empty() : tensor<2x4x4x5xf32>
  %1 = onednn.convolution ins(%q, %v : tensor<2x4x5x6xf32>, tensor<4x4x2x2xf32>) outs(%f : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  %g = tensor.empty() : tensor<2x2x4x4xf32>
  %2 = onednn.convolution ins(%r, %u : tensor<2x3x5x7xf32>, tensor<4x7x2x2xf32>) outs(%g : tensor<2x2x4x4xf32>)
      {layout = #kernel.layout<nhwc>} -> tensor<2x2x4x4xf32>
  return %0, %1, %2 : tensor<2x4x4x6xf32>, tensor<2x4x4x5xf32>, tensor<2x2x4x4xf32>
}

// The slice that drops the padding of a gradient.
// CHECK-LABEL: func @slice
func.func @slice(%dy: tensor<2x4x7x8xf32>, %w: tensor<4x3x2x2xf32>) -> tensor<2x3x5x6xf32> {
  // CHECK: %[[E:.*]] = tensor.empty() : tensor<2x3x5x6xf32>
  // CHECK-NEXT: %[[DX:.*]] = onednn.convolution_backward_data ins({{.*}}) outs(%[[E]] : tensor<2x3x5x6xf32>) {padding = array<i64: 1, 2, 2, 1>} -> tensor<2x3x5x6xf32>
  // CHECK-NEXT: return %[[DX]]
  %e = tensor.empty() : tensor<2x3x8x9xf32>
  %dx = onednn.convolution_backward_data ins(%dy, %w : tensor<2x4x7x8xf32>, tensor<4x3x2x2xf32>) outs(%e : tensor<2x3x8x9xf32>) -> tensor<2x3x8x9xf32>
  %s = tensor.extract_slice %dx[0, 0, 1, 2] [2, 3, 5, 6] [1, 1, 1, 1] : tensor<2x3x8x9xf32> to tensor<2x3x5x6xf32>
  return %s : tensor<2x3x5x6xf32>
}

// A slice of channels or images is no padding.
// CHECK-LABEL: func @other_slice
func.func @other_slice(%dy: tensor<2x4x7x8xf32>, %w: tensor<4x3x2x2xf32>) -> tensor<2x2x8x9xf32> {
  %e = tensor.empty() : tensor<2x3x8x9xf32>
  %dx = onednn.convolution_backward_data ins(%dy, %w : tensor<2x4x7x8xf32>, tensor<4x3x2x2xf32>) outs(%e : tensor<2x3x8x9xf32>) -> tensor<2x3x8x9xf32>
  // CHECK: tensor.extract_slice
  %s = tensor.extract_slice %dx[0, 1, 0, 0] [2, 2, 8, 9] [1, 1, 1, 1] : tensor<2x3x8x9xf32> to tensor<2x2x8x9xf32>
  return %s : tensor<2x2x8x9xf32>
}

// CHECK-LABEL: func @zeros
func.func @zeros(%x: tensor<2x3x5x6xf32>, %w: tensor<4x3x2x2xf32>) -> tensor<2x4x4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4x4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  // CHECK: %[[E:.*]] = tensor.empty()
  // CHECK-NEXT: onednn.convolution ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%[[E]] : tensor<2x4x4x5xf32>) ->
  %0 = onednn.convolution ins(%x, %w : tensor<2x3x5x6xf32>, tensor<4x3x2x2xf32>) outs(%f : tensor<2x4x4x5xf32>) {accumulate} -> tensor<2x4x4x5xf32>
  return %0 : tensor<2x4x4x5xf32>
}

// The padding of a maximum is minus infinity.
// CHECK-LABEL: func @max_pool
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x6x6xf32>, %[[DY:.*]]: tensor<2x3x4x4xf32>)
func.func @max_pool(%x: tensor<2x3x6x6xf32>, %dy: tensor<2x3x4x4xf32>) -> (tensor<2x3x4x4xf32>, tensor<2x3x4x4xf32>, tensor<2x3x6x6xf32>) {
  %infinity = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %infinity : f32
  } : tensor<2x3x6x6xf32> to tensor<2x3x8x8xf32>
  // CHECK: %[[Z:.*]] = tensor.pad
  %z = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3x6x6xf32> to tensor<2x3x8x8xf32>
  %e = tensor.empty() : tensor<2x3x4x4xf32>
  %k = tensor.empty() : tensor<2x3x4x4xi8>
  %d = tensor.empty() : tensor<2x3x8x8xf32>
  // CHECK: %[[Y:.*]]:2 = kernel.max_pool ins(%[[X]] : {{.*}}padding = array<i64: 1, 1, 1, 1>
  %0, %1 = kernel.max_pool ins(%p : tensor<2x3x8x8xf32>) outs(%e, %k : tensor<2x3x4x4xf32>, tensor<2x3x4x4xi8>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x4x4xf32>, tensor<2x3x4x4xi8>
  // CHECK: kernel.max_pool ins(%[[Z]]
  %2 = kernel.max_pool ins(%z : tensor<2x3x8x8xf32>) outs(%e : tensor<2x3x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x4x4xf32>
  // CHECK: kernel.max_pool_backward ins(%[[DY]], %[[Y]]#1 : {{.*}}padding = array<i64: 1, 1, 1, 1>{{.*}} -> tensor<2x3x6x6xf32>
  %3 = kernel.max_pool_backward ins(%dy, %1 : tensor<2x3x4x4xf32>, tensor<2x3x4x4xi8>) outs(%d : tensor<2x3x8x8xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x8x8xf32>
  %s = tensor.extract_slice %3[0, 0, 1, 1] [2, 3, 6, 6] [1, 1, 1, 1] : tensor<2x3x8x8xf32> to tensor<2x3x6x6xf32>
  return %0, %2, %s : tensor<2x3x4x4xf32>, tensor<2x3x4x4xf32>, tensor<2x3x6x6xf32>
}

// Zeros that were added count in a mean.
// CHECK-LABEL: func @average_pool
func.func @average_pool(%x: tensor<2x3x6x6xf32>, %dy: tensor<2x3x4x4xf32>) -> (tensor<2x3x4x4xf32>, tensor<2x3x6x6xf32>) {
  %zero = arith.constant 0.0 : f32
  %z = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x3x6x6xf32> to tensor<2x3x8x8xf32>
  %e = tensor.empty() : tensor<2x3x4x4xf32>
  %d = tensor.empty() : tensor<2x3x8x8xf32>
  // CHECK: kernel.average_pool ins({{.*}} {include_padding, padding = array<i64: 1, 1, 1, 1>
  %0 = kernel.average_pool ins(%z : tensor<2x3x8x8xf32>) outs(%e : tensor<2x3x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x4x4xf32>
  // CHECK: kernel.average_pool_backward ins({{.*}} {include_padding, padding = array<i64: 1, 1, 1, 1>
  %1 = kernel.average_pool_backward ins(%dy : tensor<2x3x4x4xf32>) outs(%d : tensor<2x3x8x8xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<2x3x8x8xf32>
  %s = tensor.extract_slice %1[0, 0, 1, 1] [2, 3, 6, 6] [1, 1, 1, 1] : tensor<2x3x8x8xf32> to tensor<2x3x6x6xf32>
  return %0, %s : tensor<2x3x4x4xf32>, tensor<2x3x6x6xf32>
}
