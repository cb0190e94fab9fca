// Between two kernels an image lies as the second one reads it; what else makes
// or reads it gets a copy.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx512})" --remarks-filter=".*" 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// A bottleneck: the input of the first kernel is copied by itself. Rows have no
// places to spare: masks say where a tap reads padding on the left and on the
// right. The 36 places are 3 panels. A plane has 16 zeros before and 16 after,
// an odd number of cache lines.
// REMARK: 3 panels of an image, nchw to planes
// REMARK: 3 panels of an image, planes to panels
// REMARK: 3 panels of an image, panels to nchw
// CHECK-LABEL: func @bottleneck
// CHECK-SAME: (%[[X:.*]]: tensor<2x4x6x6xf32>)
func.func @bottleneck(%x: tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> {
  %w1 = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %w3 = arith.constant dense<1.0> : tensor<4x4x3x3xf32>
  %e = tensor.empty() : tensor<2x4x6x6xf32>
  // CHECK: %[[E:.*]] = tensor.empty() : tensor<2x4x6x6xf32>
  // CHECK: %[[E0:.*]] = tensor.empty() : tensor<2x4x80xf32>
  // CHECK: %[[Y0:.*]] = kernel.generated ins(%[[X]] : tensor<2x4x6x6xf32>) outs(%[[E0]] : tensor<2x4x80xf32>)
  // CHECK: %[[E1:.*]] = tensor.empty() : tensor<2x3x4x16xf32>
  // CHECK: %[[Y1:.*]] = kernel.generated ins(%[[Y0]] : tensor<2x4x80xf32>) outs(%[[E1]] : tensor<2x3x4x16xf32>)
  // CHECK: %[[Y2:.*]] = kernel.generated ins(%[[Y1]] : tensor<2x3x4x16xf32>) outs(%[[E]] : tensor<2x4x6x6xf32>)
  // CHECK: return %[[Y2]]
  %y0 = onednn.convolution ins(%x, %w1 : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  %y1 = onednn.convolution ins(%y0, %w3 : tensor<2x4x6x6xf32>, tensor<4x4x3x3xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 1, 1, 1, 1>} -> tensor<2x4x6x6xf32>
  %y2 = onednn.convolution ins(%y1, %w1 : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  return %y2 : tensor<2x4x6x6xf32>
}

// What is accumulated on has the order of the result. The first image comes from
// another operation, the last one is read by a stride of two, which copies it
// from any order, and by another operation.
// CHECK-LABEL: func @residual
func.func @residual(%x: tensor<2x4x6x6xf32>) -> (tensor<2x4x6x6xf32>, tensor<2x4x3x3xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>) {
  %w = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %e = tensor.empty() : tensor<2x4x6x6xf32>
  %h = tensor.empty() : tensor<2x4x3x3xf32>
  // CHECK: %[[R:.*]] = linalg.exp
  // CHECK: %[[P:.*]] = kernel.reorder ins(%[[R]] : tensor<2x4x6x6xf32>) outs(%{{.*}} : tensor<2x3x4x16xf32>)
  // CHECK-SAME: {shape = array<i64: 2, 4, 6, 6, 6, 0, 0, 1>}
  %r = linalg.exp ins(%x : tensor<2x4x6x6xf32>) outs(%e : tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  // CHECK: %[[Y0:.*]] = kernel.generated ins(%[[P]] : {{.*}}) outs(%{{.*}} : tensor<2x3x4x16xf32>)
  %y0 = onednn.convolution ins(%r, %w : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  // CHECK: %[[Y1:.*]] = kernel.generated ins(%[[Y0]] : {{.*}}) outs(%[[P]] : tensor<2x3x4x16xf32>)
  // CHECK-SAME: accumulate
  %y1 = onednn.convolution ins(%y0, %w : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%r : tensor<2x4x6x6xf32>)
      {accumulate, prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  // CHECK: %[[Q:.*]] = kernel.reorder ins(%[[Y1]] : tensor<2x3x4x16xf32>) outs(%{{.*}} : tensor<2x4x6x6xf32>) {reverse,
  // CHECK: %[[Y2:.*]] = kernel.generated ins(%[[Y1]] : tensor<2x3x4x16xf32>) outs(%{{.*}} : tensor<2x4x3x3xf32>)
  %y2 = onednn.convolution ins(%y1, %w : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%h : tensor<2x4x3x3xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} -> tensor<2x4x3x3xf32>
  // CHECK: %[[Y3:.*]] = kernel.generated ins(%[[Y1]]
  %y3 = onednn.convolution ins(%y1, %w : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  // CHECK: %[[Y4:.*]] = kernel.generated ins(%[[Y1]]
  %y4 = onednn.convolution ins(%y1, %w : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  // CHECK: return %[[Q]], %[[Y2]], %[[Y3]], %[[Y4]]
  return %y1, %y2, %y3, %y4 : tensor<2x4x6x6xf32>, tensor<2x4x3x3xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>
}

// One kernel alone copies no more in its own order than with another.
// CHECK-LABEL: func @alone
func.func @alone(%x: tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %e = tensor.empty() : tensor<2x4x6x6xf32>
  // CHECK-NOT: kernel.reorder
  // CHECK: kernel.generated ins(%{{.*}} : tensor<2x4x6x6xf32>) outs(%{{.*}} : tensor<2x4x6x6xf32>)
  %y = onednn.convolution ins(%x, %w : tensor<2x4x6x6xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<2x4x6x6xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<2x4x6x6xf32>
  return %y : tensor<2x4x6x6xf32>
}

// A depthwise convolution reads every other column where it lies. Each row of 10
// results is a panel. The second begins in lane 10 of the first panel of the
// result, in which 6 lanes have room; lanes 6 to 9 are the rest, which lies at the
// front of the next one, 16 times 4 floats behind. The first mask, of the tap on
// the left, leaves out lane 0.
// CHECK-LABEL: func @strided
func.func @strided(%x: tensor<1x4x4x20xf32>) -> tensor<1x4x2x10xf32> {
  %w1 = arith.constant dense<1.0> : tensor<4x4x1x1xf32>
  %w3 = arith.constant dense<1.0> : tensor<4x1x3x3xf32>
  %e = tensor.empty() : tensor<1x4x4x20xf32>
  %h = tensor.empty() : tensor<1x4x2x10xf32>
  // CHECK: %[[Y0:.*]] = kernel.generated ins(%{{.*}} : tensor<1x4x4x20xf32>) outs(%{{.*}} : tensor<1x4x144xf32>)
  // CHECK: %[[Y1:.*]] = kernel.generated ins(%[[Y0]] : tensor<1x4x144xf32>) outs(%{{.*}} : tensor<1x2x4x16xf32>)
  // CHECK-SAME: panels = array<i32: 11, 0, 67044351, {{-?[0-9]+}}, 66977792, 0, 0, 51, 10, 4129791, 58, 66978752, 0, 0>
  // CHECK: kernel.generated ins(%[[Y1]] : tensor<1x2x4x16xf32>) outs(%[[H:.*]] : tensor<1x4x2x10xf32>)
  %y0 = onednn.convolution ins(%x, %w1 : tensor<1x4x4x20xf32>, tensor<4x4x1x1xf32>) outs(%e : tensor<1x4x4x20xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<1x4x4x20xf32>
  %y1 = onednn.convolution ins(%y0, %w3 : tensor<1x4x4x20xf32>, tensor<4x1x3x3xf32>) outs(%h : tensor<1x4x2x10xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, groups = 4 : i64, padding = array<i64: 1, 1, 0, 0>,
       strides = array<i64: 2, 2>} -> tensor<1x4x2x10xf32>
  %y2 = onednn.convolution ins(%y1, %w1 : tensor<1x4x2x10xf32>, tensor<4x4x1x1xf32>) outs(%h : tensor<1x4x2x10xf32>)
      {prune.kernel = #prune.kernel<straight_line>, constant_weights, padding = array<i64: 0, 0, 0, 0>} -> tensor<1x4x2x10xf32>
  return %y2 : tensor<1x4x2x10xf32>
}
