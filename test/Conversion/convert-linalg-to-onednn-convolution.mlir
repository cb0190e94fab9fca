// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-linalg-to-onednn,convert-linalg-to-onednn)" | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#channel = affine_map<(n, c, h, w) -> (c)>

// The model form: a padded image, a broadcast bias, relu.
// CHECK-LABEL: func @layer
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x8x8xf32>, %[[W:.*]]: tensor<4x3x3x3xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @layer(%x: tensor<2x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>) -> tensor<2x4x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<2x3x8x8xf32> to tensor<2x3x10x10xf32>
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %i = linalg.broadcast ins(%b : tensor<4xf32>) outs(%e : tensor<2x4x4x4xf32>) dimensions = [0, 2, 3]
  %z = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>} ins(%p, %w : tensor<2x3x10x10xf32>, tensor<4x3x3x3xf32>)
      outs(%i : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%z : tensor<2x4x4x4xf32>) outs(%e : tensor<2x4x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<2x4x4x4xf32>
  // CHECK: %[[E:.*]] = tensor.empty() : tensor<2x4x4x4xf32>
  // CHECK-NEXT: %[[Y:.*]] = onednn.convolution ins(%[[X]], %[[W]] : tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>)
  // CHECK-SAME: bias(%[[B]] : tensor<4xf32>) outs(%[[E]] : tensor<2x4x4x4xf32>)
  // CHECK-SAME: {activation = #kernel.activation<relu>, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
  // CHECK-NEXT: return %[[Y]]
  return %y : tensor<2x4x4x4xf32>
}

// A bias along the channels after the product; constant weights.
// CHECK-LABEL: func @late_bias
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x3x3xf32>, %[[B:.*]]: tensor<1xf32>)
func.func @late_bias(%x: tensor<1x1x3x3xf32>, %b: tensor<1xf32>) -> tensor<1x1x2x2xf32> {
  %w = arith.constant dense_resource<w> : tensor<1x1x2x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x1x2x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %z = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x3x3xf32>, tensor<1x1x2x2xf32>) outs(%i : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%z, %b : tensor<1x1x2x2xf32>, tensor<1xf32>) outs(%e : tensor<1x1x2x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %s = arith.addf %in, %bias : f32
    linalg.yield %s : f32
  } -> tensor<1x1x2x2xf32>
  // CHECK: onednn.convolution ins(%[[X]], %{{.*}}) bias(%[[B]] : tensor<1xf32>) outs(%{{.*}}) {constant_weights}
  // CHECK-NEXT: return
  return %y : tensor<1x1x2x2xf32>
}

// Any other initial value is accumulated on.
// CHECK-LABEL: func @accumulate
// CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<2x4x6x6xf32>)
func.func @accumulate(%x: tensor<2x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %c: tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> {
  // CHECK: onednn.convolution ins({{.*}}) outs(%[[C]] : tensor<2x4x6x6xf32>) {accumulate}
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) outs(%c : tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  return %y : tensor<2x4x6x6xf32>
}

// Groups as a dimension: merged with the channels.
// CHECK-LABEL: func @groups
// CHECK-SAME: (%[[X:.*]]: tensor<2x6x8x8xf32>, %[[W:.*]]: tensor<4x3x3x3xf32>)
func.func @groups(%x: tensor<2x6x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32> {
  %xg = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 8, 8] : tensor<2x6x8x8xf32> into tensor<2x2x3x8x8xf32>
  %wg = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 2, 3, 3, 3] : tensor<4x3x3x3xf32> into tensor<2x2x3x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x2x2x6x6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2x2x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %y = linalg.conv_2d_ngchw_gfchw ins(%xg, %wg : tensor<2x2x3x8x8xf32>, tensor<2x2x3x3x3xf32>) outs(%i : tensor<2x2x2x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %c = tensor.collapse_shape %y [[0], [1, 2], [3], [4]] : tensor<2x2x2x6x6xf32> into tensor<2x4x6x6xf32>
  // CHECK: %[[E:.*]] = tensor.empty() : tensor<2x4x6x6xf32>
  // CHECK-NEXT: %[[Y:.*]] = onednn.convolution ins(%[[X]], %[[W]] : {{.*}}) outs(%[[E]] : tensor<2x4x6x6xf32>) {groups = 2 : i64}
  // CHECK-NEXT: return %[[Y]]
  return %c : tensor<2x4x6x6xf32>
}

// Depthwise: every channel is a group.
// CHECK-LABEL: func @depthwise
// CHECK-SAME: (%[[X:.*]]: tensor<2x6x8x8xf32>, %[[W:.*]]: tensor<6x3x3xf32>
func.func @depthwise(%x: tensor<2x6x8x8xf32>, %w: tensor<6x3x3xf32>) -> tensor<2x6x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x6x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x6x4x4xf32>) -> tensor<2x6x4x4xf32>
  // CHECK: %[[K:.*]] = tensor.expand_shape %[[W]] {{\[}}[0, 1], [2], [3]] output_shape [6, 1, 3, 3]
  // CHECK: onednn.convolution ins(%[[X]], %[[K]] : {{.*}}) outs(%{{.*}}) {dilations = array<i64: 2, 2>, groups = 6 : i64}
  %y = linalg.depthwise_conv_2d_nchw_chw {dilations = dense<2> : vector<2xi64>} ins(%x, %w : tensor<2x6x8x8xf32>, tensor<6x3x3xf32>) outs(%i : tensor<2x6x4x4xf32>) -> tensor<2x6x4x4xf32>
  return %y : tensor<2x6x4x4xf32>
}

// Channels last stay last; the weights are turned.
// CHECK-LABEL: func @nhwc
// CHECK-SAME: (%[[X:.*]]: tensor<2x8x8x3xf32>, %[[W:.*]]: tensor<3x3x3x4xf32>
func.func @nhwc(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x4xf32>) -> tensor<2x6x6x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x6x6x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x6x6x4xf32>) -> tensor<2x6x6x4xf32>
  // CHECK: %[[K:.*]] = linalg.transpose ins(%[[W]] : tensor<3x3x3x4xf32>) outs(%{{.*}} : tensor<4x3x3x3xf32>) permutation = [3, 2, 0, 1]
  // CHECK: onednn.convolution ins(%[[X]], %[[K]] : {{.*}}) outs(%{{.*}} : tensor<2x6x6x4xf32>) {layout = #kernel.layout<nhwc>}
  %y = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<2x8x8x3xf32>, tensor<3x3x3x4xf32>) outs(%i : tensor<2x6x6x4xf32>) -> tensor<2x6x6x4xf32>
  return %y : tensor<2x6x6x4xf32>
}

#x = affine_map<(n, f, i, j, c, k, l) -> (n, c, i * 2 + k, j * 2 + l)>
#w = affine_map<(n, f, i, j, c, k, l) -> (f, c, k, l)>
#y = affine_map<(n, f, i, j, c, k, l) -> (n, f, i, j)>

// What reverse mode writes: the maps of one input and the result exchanged, and
// the adjoint of a pad.
// CHECK-LABEL: func @gradients
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x8x8xf32>, %[[W:.*]]: tensor<4x3x3x3xf32>, %[[DY:.*]]: tensor<2x4x4x4xf32>)
func.func @gradients(%x: tensor<2x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %dy: tensor<2x4x4x4xf32>) -> (tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<2x3x8x8xf32> to tensor<2x3x10x10xf32>
  %ex = tensor.empty() : tensor<2x3x10x10xf32>
  %zx = linalg.fill ins(%zero : f32) outs(%ex : tensor<2x3x10x10xf32>) -> tensor<2x3x10x10xf32>
  %dp = linalg.generic {indexing_maps = [#y, #w, #x],
      iterator_types = ["parallel", "reduction", "reduction", "reduction", "parallel", "reduction", "reduction"]}
      ins(%dy, %w : tensor<2x4x4x4xf32>, tensor<4x3x3x3xf32>) outs(%zx : tensor<2x3x10x10xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x3x10x10xf32>
  // CHECK: onednn.convolution_backward_data ins(%[[DY]], %[[W]] : {{.*}}) outs(%{{.*}} : tensor<2x3x8x8xf32>)
  // CHECK-SAME: {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
  %dx = tensor.extract_slice %dp[0, 0, 1, 1] [2, 3, 8, 8] [1, 1, 1, 1] : tensor<2x3x10x10xf32> to tensor<2x3x8x8xf32>
  %ew = tensor.empty() : tensor<4x3x3x3xf32>
  %zw = linalg.fill ins(%zero : f32) outs(%ew : tensor<4x3x3x3xf32>) -> tensor<4x3x3x3xf32>
  // CHECK: onednn.convolution_backward_weights ins(%[[X]], %[[DY]] : {{.*}}) outs(%{{.*}} : tensor<4x3x3x3xf32>)
  // CHECK-SAME: {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
  %dw = linalg.generic {indexing_maps = [#x, #y, #w],
      iterator_types = ["reduction", "parallel", "reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%p, %dy : tensor<2x3x10x10xf32>, tensor<2x4x4x4xf32>) outs(%zw : tensor<4x3x3x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x3x3x3xf32>
  return %dx, %dw : tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>
}

// The gradient of the bias comes with that of the weights.
// CHECK-LABEL: func @bias_gradient
func.func @bias_gradient(%x: tensor<2x3x9x9xf32>, %dy: tensor<2x4x4x4xf32>) -> (tensor<4xf32>, tensor<4x3x3x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %eb = tensor.empty() : tensor<4xf32>
  %zb = linalg.fill ins(%zero : f32) outs(%eb : tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %[[G:.*]]:2 = onednn.convolution_backward_weights ins(%{{.*}}, %{{.*}} : {{.*}}) outs(%{{.*}}, %{{.*}} : tensor<4x3x3x3xf32>, tensor<4xf32>)
  // CHECK-NOT: linalg
  %db = linalg.reduce { arith.addf } ins(%dy : tensor<2x4x4x4xf32>) outs(%zb : tensor<4xf32>) dimensions = [0, 2, 3]
  %ew = tensor.empty() : tensor<4x3x3x3xf32>
  %zw = linalg.fill ins(%zero : f32) outs(%ew : tensor<4x3x3x3xf32>) -> tensor<4x3x3x3xf32>
  %dw = linalg.generic {indexing_maps = [#x, #y, #w],
      iterator_types = ["reduction", "parallel", "reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%x, %dy : tensor<2x3x9x9xf32>, tensor<2x4x4x4xf32>) outs(%zw : tensor<4x3x3x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x3x3x3xf32>
  // CHECK: return %[[G]]#1, %[[G]]#0
  return %db, %dw : tensor<4xf32>, tensor<4x3x3x3xf32>
}
// The other term of a sum, which nothing reads later, is what a product is
// added to.
// CHECK-LABEL: func @residual
// CHECK-SAME: (%[[X:.*]]: tensor<1x2x4x4xf32>, %[[W:.*]]: tensor<2x2x1x1xf32>)
func.func @residual(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  // CHECK: %[[R:.*]] = linalg.exp
  %r = linalg.exp ins(%x : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %z = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %s = linalg.add ins(%z, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x2x4x4xf32>
  // CHECK-NEXT: %[[Y:.*]] = onednn.convolution ins(%[[X]], %[[W]] : {{.*}}) outs(%[[R]] : tensor<1x2x4x4xf32>)
  // CHECK-SAME: {accumulate, activation = #kernel.activation<relu>}
  // CHECK-NEXT: return %[[Y]]
  return %y : tensor<1x2x4x4xf32>
}

// Not where the product or something later reads it, or it is memory of the
// caller.
// CHECK-LABEL: func @no_residual
func.func @no_residual(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %r = linalg.exp ins(%x : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  // CHECK-NOT: accumulate
  %z0 = linalg.conv_2d_nchw_fchw ins(%r, %w : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y0 = linalg.add ins(%z0, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %z1 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y1 = linalg.add ins(%x, %z1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %z2 = linalg.conv_2d_nchw_fchw ins(%y1, %w : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y2 = linalg.add ins(%z2, %y1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y0, %y2, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// What a loop made in memory of its own is the term's, too, and a part of it.
// CHECK-LABEL: func @residual_of_loop
func.func @residual_of_loop(%x: tensor<4x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> (tensor<2x2x4x4xf32>, tensor<2x2x4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %a = tensor.empty() : tensor<4x2x4x4xf32>
  %e = tensor.empty() : tensor<2x2x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  %l = scf.for %j = %c0 to %c4 step %c2 iter_args(%b = %a) -> (tensor<4x2x4x4xf32>) {
    %r = linalg.exp ins(%x : tensor<4x2x4x4xf32>) outs(%b : tensor<4x2x4x4xf32>) -> tensor<4x2x4x4xf32>
    scf.yield %r : tensor<4x2x4x4xf32>
  }
  // CHECK: %[[P:.*]] = tensor.extract_slice %{{.*}}[0, 0, 0, 0]
  %p = tensor.extract_slice %l[0, 0, 0, 0] [2, 2, 4, 4] [1, 1, 1, 1] : tensor<4x2x4x4xf32> to tensor<2x2x4x4xf32>
  // CHECK: onednn.convolution {{.*}} outs(%[[P]] : tensor<2x2x4x4xf32>) {accumulate
  %z = linalg.conv_2d_nchw_fchw ins(%i, %w : tensor<2x2x4x4xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  %s = linalg.add ins(%z, %p : tensor<2x2x4x4xf32>, tensor<2x2x4x4xf32>) outs(%e : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  // A part of an argument is memory of the caller.
  // CHECK-NOT: accumulate
  %q = tensor.extract_slice %x[0, 0, 0, 0] [2, 2, 4, 4] [1, 1, 1, 1] : tensor<4x2x4x4xf32> to tensor<2x2x4x4xf32>
  %z1 = linalg.conv_2d_nchw_fchw ins(%i, %w : tensor<2x2x4x4xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  %s1 = linalg.add ins(%z1, %q : tensor<2x2x4x4xf32>, tensor<2x2x4x4xf32>) outs(%e : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  return %s, %s1 : tensor<2x2x4x4xf32>, tensor<2x2x4x4xf32>
}

{-# dialect_resources: { builtin: { w: "0x040000000000803F000000400000404000008040" } } #-}
