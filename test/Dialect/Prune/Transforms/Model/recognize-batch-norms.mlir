// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(func.func(prune-recognize-batch-norms,canonicalize))" --prune-pass-statistics -o %t.mlir 2>&1 | FileCheck %s --check-prefix=STATS %}
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(func.func(prune-recognize-batch-norms,canonicalize))" | diff %t.mlir -

// STATS: 13 num-batch-norms-recognized

#c = affine_map<(d0) -> (d0)>
#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#column = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>
#row = affine_map<(d0, d1, d2, d3) -> (d3)>
#mn = affine_map<(d0, d1) -> (d0, d1)>
#n = affine_map<(d0, d1) -> (d1)>

// As torch-mlir writes it: one operation per step, values per channel with unit
// dimensions.

// CHECK-LABEL: func.func @string(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x4x3x3xf32>, %[[G:[^:]*]]: tensor<4xf32>, %[[B:[^:]*]]: tensor<4xf32>, %[[M:[^:]*]]: tensor<4xf32>, %[[V:[^:]*]]: tensor<4xf32>)
// CHECK-NEXT: %[[Y:.*]] = prune.batch_norm %[[X]], %[[G]], %[[B]], %[[M]], %[[V]] epsilon 1.250000e-01
// CHECK-NEXT: return %[[Y]]
func.func @string(%x: tensor<2x4x3x3xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4x3x3xf32> {
  %eps = arith.constant 0.125 : f32
  %one = arith.constant 1.0 : f32
  %e1 = tensor.empty() : tensor<4xf32>
  %e4 = tensor.empty() : tensor<2x4x3x3xf32>
  %0 = linalg.generic {indexing_maps = [#c, #c], iterator_types = ["parallel"]} ins(%v : tensor<4xf32>) outs(%e1 : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %eps : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [#c, #c], iterator_types = ["parallel"]} ins(%0 : tensor<4xf32>) outs(%e1 : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = math.sqrt %in : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %2 = linalg.generic {indexing_maps = [#c, #c], iterator_types = ["parallel"]} ins(%1 : tensor<4xf32>) outs(%e1 : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.divf %one, %in : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %m3 = tensor.expand_shape %m [[0, 1, 2]] output_shape [4, 1, 1] : tensor<4xf32> into tensor<4x1x1xf32>
  %i3 = tensor.expand_shape %2 [[0, 1, 2]] output_shape [4, 1, 1] : tensor<4xf32> into tensor<4x1x1xf32>
  %3 = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x, %m3 : tensor<2x4x3x3xf32>, tensor<4x1x1xf32>) outs(%e4 : tensor<2x4x3x3xf32>) {
  ^bb0(%in: f32, %per: f32, %out: f32):
    %s = arith.subf %in, %per : f32
    linalg.yield %s : f32
  } -> tensor<2x4x3x3xf32>
  %4 = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%3, %i3 : tensor<2x4x3x3xf32>, tensor<4x1x1xf32>) outs(%e4 : tensor<2x4x3x3xf32>) {
  ^bb0(%in: f32, %per: f32, %out: f32):
    %s = arith.mulf %in, %per : f32
    linalg.yield %s : f32
  } -> tensor<2x4x3x3xf32>
  %g4 = linalg.broadcast ins(%g : tensor<4xf32>) outs(%e4 : tensor<2x4x3x3xf32>) dimensions = [0, 2, 3]
  %5 = linalg.mul ins(%g4, %4 : tensor<2x4x3x3xf32>, tensor<2x4x3x3xf32>) outs(%e4 : tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  %6 = linalg.generic {indexing_maps = [#channel, #all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%b, %5 : tensor<4xf32>, tensor<2x4x3x3xf32>) outs(%e4 : tensor<2x4x3x3xf32>) {
  ^bb0(%per: f32, %in: f32, %out: f32):
    %s = arith.addf %per, %in : f32
    linalg.yield %s : f32
  } -> tensor<2x4x3x3xf32>
  return %6 : tensor<2x4x3x3xf32>
}

// All in one body, with a reciprocal square root; on rows.

// CHECK-LABEL: func.func @body(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x4xf32>, %[[G:[^:]*]]: tensor<4xf32>, %[[B:[^:]*]]: tensor<4xf32>, %[[M:[^:]*]]: tensor<4xf32>, %[[V:[^:]*]]: tensor<4xf32>)
// CHECK-NEXT: %[[Y:.*]] = prune.batch_norm %[[X]], %[[G]], %[[B]], %[[M]], %[[V]] epsilon 1.250000e-01
func.func @body(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %eps = arith.constant 0.125 : f32
  %0 = linalg.generic {indexing_maps = [#mn, #n, #n, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %g, %b, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %bb: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.rsqrt %s : f32
    %f = arith.mulf %r, %gg : f32
    %p = arith.mulf %f, %c : f32
    %y = arith.addf %p, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// A fresh scale is a vector of ones, not a factor to drop; divided, not multiplied.

// CHECK-LABEL: func.func @fresh(
// CHECK: %[[ONES:.*]] = arith.constant dense<1.0{{.*}}> : tensor<4xf32>
// CHECK: prune.batch_norm %{{.*}}, %[[ONES]], %
func.func @fresh(%x: tensor<2x4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %eps = arith.constant 0.125 : f32
  %ones = arith.constant dense<1.0> : tensor<4xf32>
  %zeros = arith.constant dense<0.0> : tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [#mn, #n, #n, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %ones, %zeros, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %bb: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.sqrt %s : f32
    %q = arith.divf %c, %r : f32
    %p = arith.mulf %q, %gg : f32
    %y = arith.addf %p, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// A bias per column instead of per channel is none of the normalization's.

// CHECK-LABEL: func.func @column(
// CHECK: %[[Y:.*]] = prune.batch_norm %{{.*}} {fixed_bias}
// CHECK: linalg.generic {{.*}} ins({{.*}}, %[[Y]] : {{.*}})
// CHECK: arith.addf
// CHECK: return
func.func @column(%x: tensor<2x4x4x4xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4x4x4xf32> {
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %eps = arith.constant 0.125 : f32
  %0 = linalg.generic {indexing_maps = [#all, #channel, #row, #channel, #channel, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %g, %b, %m, %v : tensor<2x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4x4x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %bb: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.rsqrt %s : f32
    %f = arith.mulf %r, %gg : f32
    %p = arith.mulf %f, %c : f32
    %y = arith.addf %p, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4x4x4xf32>
  return %0 : tensor<2x4x4x4xf32>
}

// Left alone: multiplied by the deviation, a root without epsilon, and an affine map.

// CHECK-LABEL: func.func @other(
// CHECK-NOT: prune.batch_norm
// CHECK: return
func.func @other(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %e = tensor.empty() : tensor<2x4xf32>
  %eps = arith.constant 0.125 : f32
  %0 = linalg.generic {indexing_maps = [#mn, #n, #n, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %g, %b, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %bb: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.sqrt %s : f32
    %f = arith.mulf %r, %gg : f32
    %p = arith.mulf %f, %c : f32
    %y = arith.addf %p, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  %1 = linalg.generic {indexing_maps = [#mn, #n, #n, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %g, %b, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %bb: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %r = math.rsqrt %vv : f32
    %f = arith.mulf %r, %gg : f32
    %p = arith.mulf %f, %c : f32
    %y = arith.addf %p, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<2x4xf32>
}

// As ONNX brings it in: the vectors get unit dimensions first, and the batch is
// one, so that its index could be theirs. Then one channel, and an activation in
// the same operation.

#first = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>

// CHECK-LABEL: func.func @expanded(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x4x3x3xf32>, %[[G:[^:]*]]: tensor<4xf32>, %[[B:[^:]*]]: tensor<4xf32>, %[[M:[^:]*]]: tensor<4xf32>, %[[V:[^:]*]]: tensor<4xf32>)
// CHECK-NEXT: %[[Y:.*]] = prune.batch_norm %[[X]], %[[G]], %[[B]], %[[M]], %[[V]] epsilon 1.250000e-01
// CHECK-NEXT: return %[[Y]]
func.func @expanded(%x: tensor<1x4x3x3xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<1x4x3x3xf32> {
  %eps = arith.constant 0.125 : f32
  %e = tensor.empty() : tensor<1x4x3x3xf32>
  %e1 = tensor.empty() : tensor<1x4x1x1xf32>
  %gx = tensor.expand_shape %g [[0, 1, 2, 3]] output_shape [1, 4, 1, 1] : tensor<4xf32> into tensor<1x4x1x1xf32>
  %bx = tensor.expand_shape %b [[0, 1, 2, 3]] output_shape [1, 4, 1, 1] : tensor<4xf32> into tensor<1x4x1x1xf32>
  %mx = tensor.expand_shape %m [[0, 1, 2, 3]] output_shape [1, 4, 1, 1] : tensor<4xf32> into tensor<1x4x1x1xf32>
  %vx = tensor.expand_shape %v [[0, 1, 2, 3]] output_shape [1, 4, 1, 1] : tensor<4xf32> into tensor<1x4x1x1xf32>
  %s = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%vx : tensor<1x4x1x1xf32>) outs(%e1 : tensor<1x4x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %eps : f32
    %1 = math.rsqrt %0 : f32
    linalg.yield %1 : f32
  } -> tensor<1x4x1x1xf32>
  %y = linalg.generic {indexing_maps = [#all, #first, #first, #first, #first, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %mx, %s, %gx, %bx : tensor<1x4x3x3xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) outs(%e : tensor<1x4x3x3xf32>) {
  ^bb0(%in: f32, %mm: f32, %ss: f32, %gg: f32, %bb: f32, %out: f32):
    %0 = arith.subf %in, %mm : f32
    %1 = arith.mulf %0, %ss : f32
    %2 = arith.mulf %1, %gg : f32
    %3 = arith.addf %2, %bb : f32
    linalg.yield %3 : f32
  } -> tensor<1x4x3x3xf32>
  return %y : tensor<1x4x3x3xf32>
}

// CHECK-LABEL: func.func @one_channel(
// CHECK: prune.batch_norm
func.func @one_channel(%x: tensor<1x1x3x3xf32>, %g: tensor<1xf32>, %b: tensor<1xf32>, %m: tensor<1xf32>, %v: tensor<1xf32>) -> tensor<1x1x3x3xf32> {
  %eps = arith.constant 0.125 : f32
  %e = tensor.empty() : tensor<1x1x3x3xf32>
  %gx = tensor.expand_shape %g [[0, 1, 2, 3]] output_shape [1, 1, 1, 1] : tensor<1xf32> into tensor<1x1x1x1xf32>
  %y = linalg.generic {indexing_maps = [#all, #channel, #channel, #first, #channel, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %m, %v, %gx, %b : tensor<1x1x3x3xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) outs(%e : tensor<1x1x3x3xf32>) {
  ^bb0(%in: f32, %mm: f32, %vv: f32, %gg: f32, %bb: f32, %out: f32):
    %a = arith.addf %vv, %eps : f32
    %r = math.rsqrt %a : f32
    %0 = arith.subf %in, %mm : f32
    %1 = arith.mulf %0, %r : f32
    %2 = arith.mulf %1, %gg : f32
    %3 = arith.addf %2, %bb : f32
    linalg.yield %3 : f32
  } -> tensor<1x1x3x3xf32>
  return %y : tensor<1x1x3x3xf32>
}

// CHECK-LABEL: func.func @activation(
// CHECK: %[[Y:.*]] = prune.batch_norm
// CHECK-NOT: prune.batch_norm
// CHECK: linalg.generic {{.*}} ins({{.*}}, %[[Y]] : {{.*}})
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.maximumf
// CHECK-NEXT: linalg.yield
func.func @activation(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %eps = arith.constant 0.125 : f32
  %zero = arith.constant 0.0 : f32
  %0 = linalg.generic {indexing_maps = [#mn, #n, #n, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %g, %b, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %bb: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.rsqrt %s : f32
    %f = arith.mulf %r, %gg : f32
    %p = arith.mulf %f, %c : f32
    %y = arith.addf %p, %bb : f32
    %z = arith.maximumf %y, %zero : f32
    linalg.yield %z : f32
  } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// Without scale and shift: ones and zeros that are no parameters.

// CHECK-LABEL: func.func @plain(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x4x3x3xf32>, %[[M:[^:]*]]: tensor<4xf32>, %[[V:[^:]*]]: tensor<4xf32>)
// CHECK-DAG: %[[ONES:.*]] = arith.constant dense<1.0{{.*}}> : tensor<4xf32>
// CHECK-DAG: %[[ZEROS:.*]] = arith.constant dense<0.0{{.*}}> : tensor<4xf32>
// CHECK: %[[Y:.*]] = prune.batch_norm %[[X]], %[[ONES]], %[[ZEROS]], %[[M]], %[[V]] epsilon 1.250000e-01 {fixed_bias, fixed_scale}
// CHECK-NEXT: return %[[Y]]
func.func @plain(%x: tensor<2x4x3x3xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4x3x3xf32> {
  %eps = arith.constant 0.125 : f32
  %e1 = tensor.empty() : tensor<4xf32>
  %e4 = tensor.empty() : tensor<2x4x3x3xf32>
  %0 = linalg.generic {indexing_maps = [#c, #c], iterator_types = ["parallel"]} ins(%v : tensor<4xf32>) outs(%e1 : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %eps : f32
    %r = math.rsqrt %s : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [#all, #channel, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x, %m : tensor<2x4x3x3xf32>, tensor<4xf32>) outs(%e4 : tensor<2x4x3x3xf32>) {
  ^bb0(%in: f32, %per: f32, %out: f32):
    %s = arith.subf %in, %per : f32
    linalg.yield %s : f32
  } -> tensor<2x4x3x3xf32>
  %2 = linalg.generic {indexing_maps = [#all, #channel, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%1, %0 : tensor<2x4x3x3xf32>, tensor<4xf32>) outs(%e4 : tensor<2x4x3x3xf32>) {
  ^bb0(%in: f32, %per: f32, %out: f32):
    %s = arith.mulf %in, %per : f32
    linalg.yield %s : f32
  } -> tensor<2x4x3x3xf32>
  return %2 : tensor<2x4x3x3xf32>
}

// Only a scale, only a shift, and numbers for all channels; the sum is seen
// before the product that it contains.

// CHECK-LABEL: func.func @scaled(
// CHECK-SAME: tensor<2x4xf32>, %[[G:[^:]*]]: tensor<4xf32>, %[[B:[^:]*]]: tensor<4xf32>,
// CHECK-DAG: %[[ONES:.*]] = arith.constant dense<1.0{{.*}}> : tensor<4xf32>
// CHECK-DAG: %[[ZEROS:.*]] = arith.constant dense<0.0{{.*}}> : tensor<4xf32>
// CHECK-DAG: %[[TWOS:.*]] = arith.constant dense<2.0{{.*}}> : tensor<4xf32>
// CHECK-DAG: %[[THREES:.*]] = arith.constant dense<3.0{{.*}}> : tensor<4xf32>
// CHECK-DAG: %[[Y0:.*]] = prune.batch_norm %{{.*}}, %[[G]], %[[ZEROS]], %{{.*}} {fixed_bias}
// CHECK-DAG: %[[Y1:.*]] = prune.batch_norm %{{.*}}, %[[ONES]], %[[B]], %{{.*}} {fixed_scale}
// CHECK-DAG: %[[Y2:.*]] = prune.batch_norm %{{.*}}, %[[TWOS]], %[[THREES]], %{{.*}} {fixed_bias, fixed_scale}
// CHECK: return %[[Y0]], %[[Y1]], %[[Y2]]
func.func @scaled(%x: tensor<2x4xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %e = tensor.empty() : tensor<2x4xf32>
  %eps = arith.constant 0.125 : f32
  %two = arith.constant 2.0 : f32
  %three = arith.constant 3.0 : f32
  %0 = linalg.generic {indexing_maps = [#mn, #n, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %g, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %gg: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.sqrt %s : f32
    %q = arith.divf %c, %r : f32
    %p = arith.mulf %q, %gg : f32
    linalg.yield %p : f32
  } -> tensor<2x4xf32>
  %1 = linalg.generic {indexing_maps = [#mn, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.sqrt %s : f32
    %q = arith.divf %c, %r : f32
    linalg.yield %q : f32
  } -> tensor<2x4xf32>
  %2 = linalg.generic {indexing_maps = [#mn, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%1, %b : tensor<2x4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %bb: f32, %out: f32):
    %y = arith.addf %in, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  %3 = linalg.generic {indexing_maps = [#mn, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.rsqrt %s : f32
    %q = arith.mulf %c, %r : f32
    %p = arith.mulf %q, %two : f32
    %y = arith.addf %p, %three : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  return %0, %2, %3 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

// Both the sum and its product are results: two normalizations.

// CHECK-LABEL: func.func @twice(
// CHECK-COUNT-2: prune.batch_norm
// CHECK-NOT: prune.batch_norm
// CHECK: return
func.func @twice(%x: tensor<2x4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %e = tensor.empty() : tensor<2x4xf32>
  %eps = arith.constant 0.125 : f32
  %1 = linalg.generic {indexing_maps = [#mn, #n, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m, %v : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %mm: f32, %vv: f32, %out: f32):
    %c = arith.subf %in, %mm : f32
    %s = arith.addf %eps, %vv : f32
    %r = math.sqrt %s : f32
    %q = arith.divf %c, %r : f32
    linalg.yield %q : f32
  } -> tensor<2x4xf32>
  %2 = linalg.generic {indexing_maps = [#mn, #n, #mn], iterator_types = ["parallel", "parallel"]}
      ins(%1, %b : tensor<2x4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%in: f32, %bb: f32, %out: f32):
    %y = arith.addf %in, %bb : f32
    linalg.yield %y : f32
  } -> tensor<2x4xf32>
  return %1, %2 : tensor<2x4xf32>, tensor<2x4xf32>
}
