// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{min-gain=0},canonicalize)" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(convert-compressed-to-kernel{min-gain=0},canonicalize)" | diff %t.mlir -
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{min-gain=0})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel{min-gain=0},convert-prune-to-kernel,canonicalize)" | FileCheck %s --check-prefix=FUSED

// STAT-DAG: 5 num-convolutions-converted
// STAT-DAG: 3 num-convolution-gradients-converted

#x = affine_map<(n, f, i, j, c, k, l) -> (n, c, i * 2 + k, j * 2 + l)>
#w = affine_map<(n, f, i, j, c, k, l) -> (f, c, k, l)>
#y = affine_map<(n, f, i, j, c, k, l) -> (n, f, i, j)>
#xl = affine_map<(n, f, i, j, c, k, l) -> (n, i + k, j + l, c)>
#wl = affine_map<(n, f, i, j, c, k, l) -> (f, k, l, c)>
#yl = affine_map<(n, f, i, j, c, k, l) -> (n, i, j, f)>

// A weight of 2x3x2x2 with the elements (0, 0, 0, 0), (0, 2, 1, 1) and (1, 0, 0, 1). By
// output channel they lie as they are, at 0 and 11, and 1; by input channel the places
// [f, kh, kw] of the first are 0 and 5, and 3 of the last.

// CHECK-LABEL: func @forward
// CHECK-SAME: (%[[X:.*]]: tensor<16x3x9x9xf32>, %[[V:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<2xf32>)
func.func @forward(%x: tensor<16x3x9x9xf32>, %v: tensor<3xf32>, %b: tensor<2xf32>) -> tensor<16x2x4x4xf32> {
  // CHECK-DAG: %[[I:.*]] = arith.constant dense_resource<pattern.indices> : tensor<3xi32>
  // CHECK-DAG: %[[P:.*]] = arith.constant dense_resource<pattern.pointers> : tensor<3xi32>
  // CHECK: %[[START:.*]] = linalg.broadcast ins(%[[B]]
  // CHECK: kernel.sparse_convolution ins(%[[V]], %[[I]], %[[P]], %[[X]] : {{.*}}) outs(%[[START]] : tensor<16x2x4x4xf32>)
  // CHECK-SAME: {accumulate, strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
  %w = prune.decompress %v pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3x2x2xf32>
  %e = tensor.empty() : tensor<16x2x4x4xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<16x2x4x4xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>}
      ins(%x, %w : tensor<16x3x9x9xf32>, tensor<2x3x2x2xf32>) outs(%i : tensor<16x2x4x4xf32>) -> tensor<16x2x4x4xf32>
  return %y : tensor<16x2x4x4xf32>
}

// CHECK-LABEL: func @gradients
// CHECK-SAME: (%[[X:.*]]: tensor<16x3x9x9xf32>, %[[V:.*]]: tensor<3xf32>, %[[DY:.*]]: tensor<16x2x4x4xf32>)
func.func @gradients(%x: tensor<16x3x9x9xf32>, %v: tensor<3xf32>, %dy: tensor<16x2x4x4xf32>) -> (tensor<16x3x9x9xf32>, tensor<3xf32>) {
  %w = prune.decompress %v pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3x2x2xf32>
  %zero = arith.constant 0.0 : f32
  %ex = tensor.empty() : tensor<16x3x9x9xf32>
  %ix = linalg.fill ins(%zero : f32) outs(%ex : tensor<16x3x9x9xf32>) -> tensor<16x3x9x9xf32>
  %ew = tensor.empty() : tensor<2x3x2x2xf32>
  %iw = linalg.fill ins(%zero : f32) outs(%ew : tensor<2x3x2x2xf32>) -> tensor<2x3x2x2xf32>
  // CHECK: %[[GATHERED:.*]] = linalg.generic
  // CHECK: tensor.extract %[[V]]
  // CHECK: %[[DX:.*]] = kernel.sparse_convolution_backward_data ins(%[[GATHERED]], %{{.*}}, %{{.*}}, %[[DY]] : tensor<3xf32>, tensor<3xi32>, tensor<4xi32>, tensor<16x2x4x4xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<16x3x9x9xf32>) {strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
  %dx = linalg.generic {indexing_maps = [#y, #w, #x],
      iterator_types = ["parallel", "reduction", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%dy, %w : tensor<16x2x4x4xf32>, tensor<2x3x2x2xf32>) outs(%ix : tensor<16x3x9x9xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<16x3x9x9xf32>
  // CHECK: %[[DV:.*]] = kernel.sparse_convolution_backward_weights ins(%{{.*}}, %{{.*}}, %[[X]], %[[DY]] : tensor<3xi32>, tensor<3xi32>, {{.*}}) outs(%{{.*}} : tensor<3xf32>)
  // CHECK-SAME: {strides = array<i64: 2, 2>, window = array<i64: 2, 2>} -> tensor<3xf32>
  // CHECK: return %[[DX]], %[[DV]]
  %dw = linalg.generic {indexing_maps = [#x, #y, #w],
      iterator_types = ["reduction", "parallel", "reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%x, %dy : tensor<16x3x9x9xf32>, tensor<16x2x4x4xf32>) outs(%iw : tensor<2x3x2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x3x2x2xf32>
  %dv = prune.compress %dw pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<2x3x2x2xf32> -> tensor<3xf32>
  return %dx, %dv : tensor<16x3x9x9xf32>, tensor<3xf32>
}

// A weight [f, kh, kw, c]: both its rows and their order are other ones, and the gradient
// goes back to the order of the values.
// CHECK-LABEL: func @channels_last
// CHECK-SAME: (%[[X:.*]]: tensor<16x5x5x3xf32>, %[[V:.*]]: tensor<4xf32>, %[[DY:.*]]: tensor<16x4x4x2xf32>)
func.func @channels_last(%x: tensor<16x5x5x3xf32>, %v: tensor<4xf32>, %dy: tensor<16x4x4x2xf32>) -> (tensor<16x4x4x2xf32>, tensor<4xf32>) {
  // CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<4xi32>)
  // CHECK: tensor.extract %[[V]]
  // CHECK: kernel.sparse_convolution ins({{.*}}, %[[X]] : {{.*}}) outs(%{{.*}} : tensor<16x4x4x2xf32>) {layout = #kernel.layout<nhwc>, window = array<i64: 2, 2>}
  %w = prune.decompress %v pattern(dense<[1, 3, 14, 22]> : tensor<4xi32>) : tensor<4xf32> -> tensor<2x2x2x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<16x4x4x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<16x4x4x2xf32>) -> tensor<16x4x4x2xf32>
  %y = linalg.conv_2d_nhwc_fhwc ins(%x, %w : tensor<16x5x5x3xf32>, tensor<2x2x2x3xf32>) outs(%i : tensor<16x4x4x2xf32>) -> tensor<16x4x4x2xf32>
  %ew = tensor.empty() : tensor<2x2x2x3xf32>
  %iw = linalg.fill ins(%zero : f32) outs(%ew : tensor<2x2x2x3xf32>) -> tensor<2x2x2x3xf32>
  // CHECK: %[[DV:.*]] = kernel.sparse_convolution_backward_weights ins({{.*}}, %[[X]], %[[DY]] : {{.*}}) outs(%{{.*}} : tensor<4xf32>) {layout = #kernel.layout<nhwc>, window = array<i64: 2, 2>}
  // CHECK: linalg.generic
  // CHECK: tensor.extract %[[DV]]
  %dw = linalg.generic {indexing_maps = [#xl, #yl, #wl],
      iterator_types = ["reduction", "parallel", "reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%x, %dy : tensor<16x5x5x3xf32>, tensor<16x4x4x2xf32>) outs(%iw : tensor<2x2x2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x2x2x3xf32>
  %dv = prune.compress %dw pattern(dense<[1, 3, 14, 22]> : tensor<4xi32>) : tensor<2x2x2x3xf32> -> tensor<4xf32>
  return %y, %dv : tensor<16x4x4x2xf32>, tensor<4xf32>
}

// Padding, bias, activation and the gradient of the bias go into the operations; what a
// gradient starts from is added.
// FUSED-LABEL: func @fused
// FUSED-SAME: (%[[X:.*]]: tensor<16x3x7x7xf32>, %[[V:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<2xf32>, %[[DY:.*]]: tensor<16x2x4x4xf32>
func.func @fused(%x: tensor<16x3x7x7xf32>, %v: tensor<3xf32>, %b: tensor<2xf32>, %dy: tensor<16x2x4x4xf32>, %start: tensor<16x3x9x9xf32>)
    -> (tensor<16x2x4x4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<16x3x9x9xf32>) {
  // FUSED-NOT: tensor.pad
  // FUSED: kernel.sparse_convolution ins(%[[V]], {{.*}}, %[[X]] : {{.*}}) bias(%[[B]] : tensor<2xf32>) outs(%{{.*}})
  // FUSED-SAME: {activation = #kernel.activation<relu>, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
  // FUSED: %[[G:.*]]:2 = kernel.sparse_convolution_backward_weights ins({{.*}}, %[[X]], %[[DY]] : {{.*}}) outs(%{{.*}}, %{{.*}} : tensor<3xf32>, tensor<2xf32>)
  // FUSED-SAME: {padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
  // FUSED: %[[DX:.*]] = kernel.sparse_convolution_backward_data
  // FUSED: linalg.add ins(%{{.*}}, %[[DX]]
  %zero = arith.constant 0.0 : f32
  %w = prune.decompress %v pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3x2x2xf32>
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%0: index, %1: index, %2: index, %3: index):
    tensor.yield %zero : f32
  } : tensor<16x3x7x7xf32> to tensor<16x3x9x9xf32>
  %e = tensor.empty() : tensor<16x2x4x4xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<16x2x4x4xf32>) dimensions = [0, 2, 3]
  %z = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>}
      ins(%p, %w : tensor<16x3x9x9xf32>, tensor<2x3x2x2xf32>) outs(%i : tensor<16x2x4x4xf32>) -> tensor<16x2x4x4xf32>
  %y = linalg.map ins(%z : tensor<16x2x4x4xf32>) outs(%e : tensor<16x2x4x4xf32>)
    (%in: f32, %out: f32) {
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
    }
  %ew = tensor.empty() : tensor<2x3x2x2xf32>
  %iw = linalg.fill ins(%zero : f32) outs(%ew : tensor<2x3x2x2xf32>) -> tensor<2x3x2x2xf32>
  %dw = linalg.generic {indexing_maps = [#x, #y, #w],
      iterator_types = ["reduction", "parallel", "reduction", "reduction", "parallel", "parallel", "parallel"]}
      ins(%p, %dy : tensor<16x3x9x9xf32>, tensor<16x2x4x4xf32>) outs(%iw : tensor<2x3x2x2xf32>) {
  ^bb0(%a: f32, %f: f32, %out: f32):
    %m = arith.mulf %a, %f : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x3x2x2xf32>
  %dv = prune.compress %dw pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<2x3x2x2xf32> -> tensor<3xf32>
  %eb = tensor.empty() : tensor<2xf32>
  %ib = linalg.fill ins(%zero : f32) outs(%eb : tensor<2xf32>) -> tensor<2xf32>
  %db = linalg.reduce { arith.addf } ins(%dy : tensor<16x2x4x4xf32>) outs(%ib : tensor<2xf32>) dimensions = [0, 2, 3]
  %dx = linalg.generic {indexing_maps = [#y, #w, #x],
      iterator_types = ["parallel", "reduction", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%dy, %w : tensor<16x2x4x4xf32>, tensor<2x3x2x2xf32>) outs(%start : tensor<16x3x9x9xf32>) {
  ^bb0(%a: f32, %f: f32, %out: f32):
    %m = arith.mulf %a, %f : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<16x3x9x9xf32>
  return %y, %dv, %db, %dx : tensor<16x2x4x4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<16x3x9x9xf32>
}

// A convolution in groups stays dense.
// CHECK-LABEL: func @groups
func.func @groups(%x: tensor<16x2x3x4x4xf32>, %v: tensor<3xf32>) -> tensor<16x2x2x4x4xf32> {
  // CHECK-NOT: kernel.
  // CHECK: linalg.conv_2d
  %zero = arith.constant 0.0 : f32
  %w = prune.decompress %v pattern(dense<[0, 5, 9]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x2x3x1x1xf32>
  %e = tensor.empty() : tensor<16x2x2x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<16x2x2x4x4xf32>) -> tensor<16x2x2x4x4xf32>
  %y = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<16x2x3x4x4xf32>, tensor<2x2x3x1x1xf32>) outs(%i : tensor<16x2x2x4x4xf32>) -> tensor<16x2x2x4x4xf32>
  return %y : tensor<16x2x2x4x4xf32>
}

// A gradient that is added to a weight reads it, but not as a kernel.
// CHECK-LABEL: func @gradient_added_to_a_weight
// CHECK: %[[W:.*]] = prune.decompress
// CHECK: linalg.generic {{.*}} outs(%[[W]] : tensor<16x3x2x2xf32>)
#xs = affine_map<(f, c, k, l, n, i, j) -> (n, c, i + k, j + l)>
#ys = affine_map<(f, c, k, l, n, i, j) -> (n, f, i, j)>
#ws = affine_map<(f, c, k, l, n, i, j) -> (f, c, k, l)>
func.func @gradient_added_to_a_weight(%x: tensor<16x3x2x2xf32>, %v: tensor<3xf32>, %dy: tensor<16x16x1x1xf32>) -> tensor<16x3x2x2xf32> {
  %w = prune.decompress %v pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<3xf32> -> tensor<16x3x2x2xf32>
  %dw = linalg.generic {indexing_maps = [#xs, #ys, #ws],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<16x3x2x2xf32>, tensor<16x16x1x1xf32>) outs(%w : tensor<16x3x2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<16x3x2x2xf32>
  return %dw : tensor<16x3x2x2xf32>
}

// A weight that is the image, too.
// CHECK-LABEL: func @weight_and_image
// CHECK: %[[W:.*]] = prune.decompress
// CHECK: linalg.conv_2d_nchw_fchw ins(%[[W]], %[[W]]
func.func @weight_and_image(%v: tensor<3xf32>, %i: tensor<4x4x1x1xf32>) -> tensor<4x4x1x1xf32> {
  %w = prune.decompress %v pattern(dense<[0, 11, 13]> : tensor<3xi32>) : tensor<3xf32> -> tensor<4x3x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%w, %w : tensor<4x3x2x2xf32>, tensor<4x3x2x2xf32>)
      outs(%i : tensor<4x4x1x1xf32>) -> tensor<4x4x1x1xf32>
  return %y : tensor<4x4x1x1xf32>
}

// Rows by output channel, by input channel, and of channels last.
// CHECK-DAG: pattern.pointers: "0x10000000000000000200000003000000"
// CHECK-DAG: pattern.indices: "0x10000000000000000B00000001000000"
// CHECK-DAG: pattern.pointers_2: "0x1000000000000000020000000200000003000000"
// CHECK-DAG: pattern.indices_2: "0x10000000000000000500000003000000"
// CHECK-DAG: pattern.order_1: "0x10000000000000000200000001000000"
// CHECK-DAG: pattern.pointers_1: "0x10000000000000000200000004000000"
// CHECK-DAG: pattern.indices_1: "0x1000000001000000040000000700000008000000"
// CHECK-DAG: pattern.order: "0x1000000001000000000000000300000002000000"
// CHECK-DAG: pattern.inverse: "0x1000000001000000000000000300000002000000"
