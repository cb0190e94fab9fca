// RUN: prune-opt %s --pass-pipeline="builtin.module(onednn-propagate-layouts)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(onednn-propagate-layouts,onednn-propagate-layouts)" | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>
#channel = affine_map<(n, c, h, w) -> (c)>

// Transpositions cancel between two operations, move through what is
// element-wise, and stay at the ends.
// CHECK-DAG: #[[$NHWC:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$LAST:.*]] = affine_map<(d0, d1, d2, d3) -> (d3)>
// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[X:.*]]: tensor<8x4x9x9xf32>, %[[W:.*]]: tensor<6x4x2x2xf32>, %[[S:.*]]: tensor<6xf32>)
func.func @chain(%x: tensor<8x4x9x9xf32>, %w: tensor<6x4x2x2xf32>, %s: tensor<6xf32>) -> tensor<8x6x4x4xf32> {
  %e = tensor.empty() : tensor<8x6x8x8xf32>
  %f = tensor.empty() : tensor<8x6x4x4xf32>
  // CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] : tensor<8x4x9x9xf32>) outs(%{{.*}} : tensor<8x9x9x4xf32>) permutation = [0, 2, 3, 1]
  // CHECK: %[[Y:.*]] = onednn.convolution ins(%[[T]], %[[W]] : tensor<8x9x9x4xf32>, tensor<6x4x2x2xf32>) outs(%{{.*}} : tensor<8x8x8x6xf32>) {layout = #kernel.layout<nhwc>}
  %y = onednn.convolution ins(%x, %w : tensor<8x4x9x9xf32>, tensor<6x4x2x2xf32>) outs(%e : tensor<8x6x8x8xf32>) -> tensor<8x6x8x8xf32>
  // CHECK-NOT: linalg.transpose
  // CHECK: %[[Z:.*]] = linalg.generic {indexing_maps = [#[[$NHWC]], #[[$LAST]], #[[$NHWC]]]
  // CHECK-SAME: ins(%[[Y]], %[[S]] : tensor<8x8x8x6xf32>, tensor<6xf32>) outs(%{{.*}} : tensor<8x8x8x6xf32>)
  %z = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %s : tensor<8x6x8x8xf32>, tensor<6xf32>) outs(%e : tensor<8x6x8x8xf32>) {
  ^bb0(%in: f32, %scale: f32, %out: f32):
    %r = arith.mulf %in, %scale : f32
    linalg.yield %r : f32
  } -> tensor<8x6x8x8xf32>
  // CHECK: %[[P:.*]] = kernel.max_pool ins(%[[Z]] : tensor<8x8x8x6xf32>) outs(%{{.*}} : tensor<8x4x4x6xf32>) {layout = #kernel.layout<nhwc>
  %p = kernel.max_pool ins(%z : tensor<8x6x8x8xf32>) outs(%f : tensor<8x6x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x4x4xf32>
  // CHECK: %[[R:.*]] = linalg.transpose ins(%[[P]] : tensor<8x4x4x6xf32>) outs(%{{.*}} : tensor<8x6x4x4xf32>) permutation = [0, 3, 1, 2]
  // CHECK: return %[[R]]
  return %p : tensor<8x6x4x4xf32>
}

// A sum over images, rows and columns reads the image as it lies.
// CHECK-LABEL: func @sum
func.func @sum(%x: tensor<8x1x9x9xf32>, %w: tensor<6x1x2x2xf32>) -> tensor<6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x6x8x8xf32>
  // One channel: a reshape.
  // CHECK: %[[F:.*]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2], [3]] : tensor<8x1x9x9xf32> into tensor<8x9x9xf32>
  // CHECK: %[[T:.*]] = tensor.expand_shape %[[F]] {{\[}}[0], [1], [2, 3]] output_shape [8, 9, 9, 1]
  // CHECK: %[[Y:.*]] = onednn.convolution ins(%[[T]],
  %y = onednn.convolution ins(%x, %w : tensor<8x1x9x9xf32>, tensor<6x1x2x2xf32>) outs(%e : tensor<8x6x8x8xf32>) -> tensor<8x6x8x8xf32>
  %d = tensor.empty() : tensor<6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%d : tensor<6xf32>) -> tensor<6xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[$NHWC]], #[[$LAST]]], iterator_types = ["reduction", "reduction", "reduction", "parallel"]} ins(%[[Y]] : tensor<8x8x8x6xf32>)
  // CHECK-NOT: linalg.transpose
  %s = linalg.reduce { arith.addf } ins(%y : tensor<8x6x8x8xf32>) outs(%i : tensor<6xf32>) dimensions = [0, 2, 3]
  return %s : tensor<6xf32>
}

// Pads, slices and insertions with permuted numbers.
// CHECK-LABEL: func @moved
func.func @moved(%x: tensor<8x6x8x8xf32>) -> tensor<8x6x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x6x4x4xf32>
  %y = kernel.average_pool ins(%x : tensor<8x6x8x8xf32>) outs(%e : tensor<8x6x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x4x4xf32>
  // CHECK: tensor.pad %{{.*}} low[0, 1, 2, 0] high[0, 0, 0, 3]
  %p = tensor.pad %y low[0, 0, 1, 2] high[0, 3, 0, 0] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<8x6x4x4xf32> to tensor<8x9x5x6xf32>
  // CHECK: tensor.extract_slice %{{.*}}[0, 0, 1, 2] [8, 2, 2, 6] [1, 2, 2, 1] : tensor<8x5x6x9xf32> to tensor<8x2x2x6xf32>
  %s = tensor.extract_slice %p[0, 2, 0, 1] [8, 6, 2, 2] [1, 1, 2, 2] : tensor<8x9x5x6xf32> to tensor<8x6x2x2xf32>
  %d = tensor.empty() : tensor<8x6x8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%d : tensor<8x6x8x8xf32>) -> tensor<8x6x8x8xf32>
  // CHECK: %[[F:.*]] = linalg.fill ins(%{{.*}}) outs(%{{.*}} : tensor<8x8x8x6xf32>)
  // CHECK: tensor.insert_slice %{{.*}} into %[[F]][0, 1, 2, 0] [8, 2, 2, 6] [1, 1, 1, 1]
  %t = tensor.insert_slice %s into %f[0, 0, 1, 2] [8, 6, 2, 2] [1, 1, 1, 1] : tensor<8x6x2x2xf32> into tensor<8x6x8x8xf32>
  // CHECK: kernel.average_pool
  // CHECK-COUNT-1: linalg.transpose
  // CHECK-NOT: linalg.transpose
  %z = kernel.average_pool ins(%t : tensor<8x6x8x8xf32>) outs(%e : tensor<8x6x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x4x4xf32>
  return %z : tensor<8x6x4x4xf32>
}

// Positions are counted in the new order; a repeated vector is read as one.
// CHECK-LABEL: func @indices
// CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<6xf32>
func.func @indices(%x: tensor<8x6x8x8xf32>, %b: tensor<6xf32>) -> tensor<8x6x4x4xf32> {
  %e = tensor.empty() : tensor<8x6x4x4xf32>
  %y = kernel.average_pool ins(%x : tensor<8x6x8x8xf32>) outs(%e : tensor<8x6x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x4x4xf32>
  %v = linalg.broadcast ins(%b : tensor<6xf32>) outs(%e : tensor<8x6x4x4xf32>) dimensions = [0, 2, 3]
  // CHECK: linalg.generic {indexing_maps = [#[[$NHWC]], #[[$LAST]], #[[$NHWC]]]
  // CHECK-SAME: ins(%{{.*}}, %[[B]] : tensor<8x4x4x6xf32>, tensor<6xf32>)
  // CHECK: linalg.index 3
  // CHECK: linalg.index 1
  %z = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %v : tensor<8x6x4x4xf32>, tensor<8x6x4x4xf32>) outs(%e : tensor<8x6x4x4xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %c = linalg.index 1 : index
    %h = linalg.index 2 : index
    %k = arith.cmpi ult, %c, %h : index
    %r = arith.select %k, %in, %bias : f32
    linalg.yield %r : f32
  } -> tensor<8x6x4x4xf32>
  return %z : tensor<8x6x4x4xf32>
}

// What is computed from no image is computed in the order it is needed in.
// CHECK-LABEL: func @up
func.func @up(%m: tensor<8x6xf32>) -> tensor<6xf32> {
  %e = tensor.empty() : tensor<8x6x4x4xf32>
  // CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<8x6xf32>) outs(%{{.*}} : tensor<8x4x4x6xf32>)
  // CHECK-NOT: linalg.transpose
  %y = linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (n, c)>, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%m : tensor<8x6xf32>) outs(%e : tensor<8x6x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %in, %in : f32
    linalg.yield %r : f32
  } -> tensor<8x6x4x4xf32>
  %d = tensor.empty() : tensor<8x6x8x8xf32>
  // CHECK: kernel.average_pool_backward
  %dx = kernel.average_pool_backward ins(%y : tensor<8x6x4x4xf32>) outs(%d : tensor<8x6x8x8xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x8x8xf32>
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<6xf32>) -> tensor<6xf32>
  %s = linalg.reduce { arith.addf } ins(%dx : tensor<8x6x8x8xf32>) outs(%i : tensor<6xf32>) dimensions = [0, 2, 3]
  return %s : tensor<6xf32>
}

// An image that is in the order nchw is turned where it meets another one.
// CHECK-LABEL: func @mixed
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<8x6x8x8xf32>, %[[R:[a-z0-9]+]]: tensor<8x6x4x4xf32>)
func.func @mixed(%x: tensor<8x6x8x8xf32>, %r: tensor<8x6x4x4xf32>) -> tensor<6xf32> {
  %e = tensor.empty() : tensor<8x6x4x4xf32>
  %y = kernel.average_pool ins(%x : tensor<8x6x8x8xf32>) outs(%e : tensor<8x6x4x4xf32>)
      {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x4x4xf32>
  // CHECK: %[[Y:.*]] = kernel.average_pool
  // CHECK: %[[T:.*]] = linalg.transpose ins(%[[R]] : tensor<8x6x4x4xf32>) outs(%{{.*}} : tensor<8x4x4x6xf32>) permutation = [0, 2, 3, 1]
  // CHECK: linalg.generic {{.*}} ins(%[[T]], %[[Y]] : tensor<8x4x4x6xf32>, tensor<8x4x4x6xf32>)
  %s = linalg.add ins(%r, %y : tensor<8x6x4x4xf32>, tensor<8x6x4x4xf32>) outs(%e : tensor<8x6x4x4xf32>) -> tensor<8x6x4x4xf32>
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<6xf32>) -> tensor<6xf32>
  // CHECK-NOT: linalg.transpose
  %z = linalg.reduce { arith.addf } ins(%s : tensor<8x6x4x4xf32>) outs(%i : tensor<6xf32>) dimensions = [0, 2, 3]
  return %z : tensor<6xf32>
}

// What a convolution starts from may differ from place to place: its planes are
// transposed, once, and the pass ends.
// CHECK-LABEL: func @start_by_position
// CHECK: %[[PLANES:.*]] = linalg.broadcast ins(%{{.*}} : tensor<4x4x4xf32>)
// CHECK: %[[START:.*]] = linalg.transpose ins(%[[PLANES]] : tensor<2x4x4x4xf32>)
// CHECK-SAME: permutation = [0, 2, 3, 1]
// CHECK: onednn.convolution {{.*}} outs(%[[START]] : tensor<2x4x4x4xf32>) {accumulate, layout = #kernel.layout<nhwc>}
func.func @start_by_position(%x: tensor<2x3x4x4xf32>, %w: tensor<4x3x1x1xf32>, %p: tensor<4x4x4xf32>) -> tensor<2x4x4x4xf32> {
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %start = linalg.broadcast ins(%p : tensor<4x4x4xf32>) outs(%e : tensor<2x4x4x4xf32>) dimensions = [0]
  %y = onednn.convolution ins(%x, %w : tensor<2x3x4x4xf32>, tensor<4x3x1x1xf32>)
      outs(%start : tensor<2x4x4x4xf32>) {accumulate} -> tensor<2x4x4x4xf32>
  return %y : tensor<2x4x4x4xf32>
}

// An image in two orders other than that of the third: one order is taken, so
// that one transposition is left.
// CHECK-LABEL: func @two_orders
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<1x4x4x4xf32>, %[[Y:[a-z0-9]+]]: tensor<1x4x4x4xf32>)
func.func @two_orders(%x: tensor<1x4x4x4xf32>, %y: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %e = tensor.empty() : tensor<1x4x4x4xf32>
  // CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] : {{.*}} permutation = [0, 2, 3, 1]
  %n = linalg.transpose ins(%x : tensor<1x4x4x4xf32>) outs(%e : tensor<1x4x4x4xf32>) permutation = [0, 3, 1, 2]
  %h = linalg.transpose ins(%y : tensor<1x4x4x4xf32>) outs(%e : tensor<1x4x4x4xf32>) permutation = [0, 2, 3, 1]
  // CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[T]], %[[Y]] :
  // CHECK: %[[R:.*]] = linalg.transpose ins(%[[S]] : {{.*}} permutation = [0, 2, 3, 1]
  // CHECK: return %[[R]]
  %s = linalg.add ins(%n, %h : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) outs(%e : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  return %s : tensor<1x4x4x4xf32>
}

// Images in three orders: whichever is taken, a transposition to nchw is left,
// so none is, and the pass ends.
// CHECK-LABEL: func @three_orders
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<1x4x4x4xf32>,
func.func @three_orders(%x: tensor<1x4x4x4xf32>, %y: tensor<1x4x4x4xf32>, %z: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %e = tensor.empty() : tensor<1x4x4x4xf32>
  // CHECK: %[[N:.*]] = linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
  // CHECK: %[[H:.*]] = linalg.transpose {{.*}} permutation = [0, 2, 3, 1]
  %n = linalg.transpose ins(%y : tensor<1x4x4x4xf32>) outs(%e : tensor<1x4x4x4xf32>) permutation = [0, 3, 1, 2]
  %h = linalg.transpose ins(%z : tensor<1x4x4x4xf32>) outs(%e : tensor<1x4x4x4xf32>) permutation = [0, 2, 3, 1]
  // CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[N]], %[[H]] :
  // CHECK-NEXT: ^bb0
  // CHECK-NOT: linalg.transpose
  // CHECK: return %[[S]]
  %s = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %n, %h : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) outs(%e : tensor<1x4x4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %out: f32):
    %p = arith.mulf %a, %b : f32
    %q = arith.addf %p, %c : f32
    linalg.yield %q : f32
  } -> tensor<1x4x4x4xf32>
  return %s : tensor<1x4x4x4xf32>
}

// Nothing moves where all extents are units.
// CHECK-LABEL: func.func @all_units
// CHECK-NEXT: return %arg0
func.func @all_units(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %e = tensor.empty() : tensor<1x1x1x1xf32>
  %y = linalg.transpose ins(%x : tensor<1x1x1x1xf32>) outs(%e : tensor<1x1x1x1xf32>) permutation = [0, 3, 1, 2]
  return %y : tensor<1x1x1x1xf32>
}

// Generated code has images by channel, and those around it stay so.
// CHECK-LABEL: func @generated
func.func @generated(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %o = tensor.empty() : tensor<1x2x4x4xf32>
  // CHECK-NOT: linalg.transpose
  // CHECK: kernel.generated
  %y = kernel.generated ins(%x : tensor<1x2x4x4xf32>) outs(%o : tensor<1x2x4x4xf32>)
      {code = dense<0> : tensor<64xi8>, isa = "avx512", panels = array<i32: 0, 0, -1, 0, 0, 0, 0>, segments = array<i64: 0, 0>,
       shape = array<i64: 1, 2, 4, 4, 32, 16, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 1, 4>, stream = dense<0.0> : tensor<4xf32>}
      -> tensor<1x2x4x4xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  // CHECK: kernel.max_pool
  // CHECK-NOT: nhwc
  %p = kernel.max_pool ins(%y : tensor<1x2x4x4xf32>) outs(%e : tensor<1x2x2x2xf32>)
      {strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
      -> tensor<1x2x2x2xf32>
  return %p : tensor<1x2x2x2xf32>
}
