// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=5})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=5},prune-set-batch-size{batch=5})" | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>

// A window and a result of the same extents: one empty tensor each from then on.

// CHECK-LABEL: func.func @shared
// CHECK-DAG: %[[W:.*]] = tensor.empty() : tensor<3x3xf32>
// CHECK-DAG: %[[E:.*]] = tensor.empty() : tensor<5x3xf32>
// CHECK: linalg.pooling_nchw_max {{.*}} ins(%{{.*}}, %[[W]] : tensor<5x1x9x3xf32>, tensor<3x3xf32>) outs(%{{.*}} : tensor<5x1x3x1xf32>)
// CHECK: tensor.collapse_shape {{.*}} : tensor<5x1x3x1xf32> into tensor<5x3xf32>
// CHECK: linalg.exp ins(%{{.*}} : tensor<5x3xf32>) outs(%[[E]] : tensor<5x3xf32>)
func.func @shared(%x: tensor<3x1x9x3xf32> {prune.input = "x"}) -> tensor<3x3xf32> {
  %z = arith.constant 0.0 : f32
  %w = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<3x1x3x1xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<3x1x3x1xf32>) -> tensor<3x1x3x1xf32>
  %p = linalg.pooling_nchw_max {strides = dense<[3, 1]> : vector<2xi64>} ins(%x, %w : tensor<3x1x9x3xf32>, tensor<3x3xf32>) outs(%i : tensor<3x1x3x1xf32>) -> tensor<3x1x3x1xf32>
  %f = tensor.collapse_shape %p [[0], [1, 2, 3]] : tensor<3x1x3x1xf32> into tensor<3x3xf32>
  %y = linalg.exp ins(%f : tensor<3x3xf32>) outs(%w : tensor<3x3xf32>) -> tensor<3x3xf32>
  return %y : tensor<3x3xf32>
}

// Exported with a batch of one: the parameter has a dimension of extent one that
// is not the batch, and is broadcast.

// CHECK-LABEL: func.func @slope
// CHECK-SAME: tensor<5x2x3x3xf32>
// CHECK: tensor.expand_shape {{.*}} : tensor<2xf32> into tensor<1x2x1x1xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<5x2x3x3xf32>, tensor<1x2x1x1xf32>) outs(%{{.*}} : tensor<5x2x3x3xf32>)
func.func @slope(%x: tensor<1x2x3x3xf32> {prune.input = "x"}, %p: tensor<2xf32> {prune.param = #prune.param<"p", scale>}) -> tensor<1x2x3x3xf32> {
  %e = tensor.empty() : tensor<1x2x3x3xf32>
  %q = tensor.expand_shape %p [[0, 1, 2, 3]] output_shape [1, 2, 1, 1] : tensor<2xf32> into tensor<1x2x1x1xf32>
  %y = linalg.generic {indexing_maps = [#id4, #channel, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %q : tensor<1x2x3x3xf32>, tensor<1x2x1x1xf32>) outs(%e : tensor<1x2x3x3xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %0 = arith.mulf %in, %s : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}

// Tokens [B, T, C] as rows [T * B, C]. Which of the two dimensions a batch of one
// belongs to is decided by the weight, which has no room for it in the other.

// CHECK-LABEL: func.func @tokens
// CHECK: tensor.collapse_shape {{.*}} : tensor<3x5x4xf32> into tensor<60xf32>
// CHECK: tensor.expand_shape {{.*}} output_shape [15, 4] : tensor<60xf32> into tensor<15x4xf32>
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<15x4xf32>, tensor<4x4xf32>) outs(%{{.*}} : tensor<15x4xf32>)
// CHECK: tensor.expand_shape {{.*}} output_shape [3, 5, 4] : tensor<60xf32> into tensor<3x5x4xf32>
// CHECK: return %{{.*}} : tensor<3x5x4xf32>
func.func @tokens(%x: tensor<1x3x4xf32> {prune.input = "x"}, %w: tensor<4x4xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<3x1x4xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3x1x4xf32>
  %t = linalg.transpose ins(%x : tensor<1x3x4xf32>) outs(%e : tensor<3x1x4xf32>) permutation = [1, 0, 2]
  %f = tensor.collapse_shape %t [[0, 1, 2]] : tensor<3x1x4xf32> into tensor<12xf32>
  %r = tensor.expand_shape %f [[0, 1]] output_shape [3, 4] : tensor<12xf32> into tensor<3x4xf32>
  %g = tensor.empty() : tensor<3x4xf32>
  %i = linalg.fill ins(%z : f32) outs(%g : tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = linalg.matmul ins(%r, %w : tensor<3x4xf32>, tensor<4x4xf32>) outs(%i : tensor<3x4xf32>) -> tensor<3x4xf32>
  %c = tensor.collapse_shape %y [[0, 1]] : tensor<3x4xf32> into tensor<12xf32>
  %h = tensor.expand_shape %c [[0, 1, 2]] output_shape [3, 1, 4] : tensor<12xf32> into tensor<3x1x4xf32>
  return %h : tensor<3x1x4xf32>
}

// Rows of another tensor at the counter of the batch (nearest upsampling), and
// slices and padding beside it.

// CHECK-LABEL: func.func @gather
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<5x4xf32>)
// CHECK: tensor.extract %{{.*}} : tensor<5x2xf32>
// CHECK: tensor.extract_slice %{{.*}}[0, 1] [5, 2] [1, 1] : tensor<5x4xf32> to tensor<5x2xf32>
// CHECK: tensor.pad {{.*}}
// CHECK: tensor<5x2xf32> to tensor<5x3xf32>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [5, 3] [1, 1] : tensor<5x3xf32> into tensor<5x6xf32>
func.func @gather(%x: tensor<1x2xf32> {prune.input = "x"}) -> tensor<1x6xf32> {
  %two = arith.constant 2 : index
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4xf32>
  %u = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<1x4xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.divui %j, %two : index
    %v = tensor.extract %x[%i, %k] : tensor<1x2xf32>
    linalg.yield %v : f32
  } -> tensor<1x4xf32>
  %s = tensor.extract_slice %u[0, 1] [1, 2] [1, 1] : tensor<1x4xf32> to tensor<1x2xf32>
  %p = tensor.pad %s low[0, 1] high[0, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %z : f32
  } : tensor<1x2xf32> to tensor<1x3xf32>
  %f = tensor.empty() : tensor<1x6xf32>
  %g = linalg.fill ins(%z : f32) outs(%f : tensor<1x6xf32>) -> tensor<1x6xf32>
  %y = tensor.insert_slice %p into %g[0, 0] [1, 3] [1, 1] : tensor<1x3xf32> into tensor<1x6xf32>
  return %y : tensor<1x6xf32>
}

// What a batch of one is concatenated with is repeated for each row.

// CHECK-LABEL: func.func @class_token
// CHECK: %[[E:.*]] = tensor.empty() : tensor<5x1x4xf32>
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ins(%arg1 : tensor<1x1x4xf32>) outs(%[[E]] : tensor<5x1x4xf32>)
// CHECK: tensor.concat dim(1) %[[T]], %arg0 : (tensor<5x1x4xf32>, tensor<5x3x4xf32>) -> tensor<5x4x4xf32>
func.func @class_token(%x: tensor<1x3x4xf32> {prune.input = "x"}, %t: tensor<1x1x4xf32> {prune.param = #prune.param<"token", weight>}) -> tensor<1x4x4xf32> {
  %0 = tensor.concat dim(1) %t, %x : (tensor<1x1x4xf32>, tensor<1x3x4xf32>) -> tensor<1x4x4xf32>
  return %0 : tensor<1x4x4xf32>
}

// What has no batch and is sliced: a recurrent network's first state times its
// weights, cut into gates, and an empty tensor that padding is written into.

// CHECK-LABEL: func.func @gates
// CHECK: %[[ZEROS:.*]] = arith.constant dense<0.000000e+00> : tensor<5x3xf32>
// CHECK: %[[ALL:.*]] = linalg.matmul ins(%[[ZEROS]], %{{.*}} : tensor<5x3xf32>, tensor<3x8xf32>) outs(%{{.*}} : tensor<5x8xf32>)
// CHECK: %[[GATE:.*]] = tensor.extract_slice %[[ALL]][0, 4] [5, 4] [1, 1] : tensor<5x8xf32> to tensor<5x4xf32>
// CHECK: linalg.add ins(%{{.*}}, %[[GATE]] : tensor<5x4xf32>, tensor<5x4xf32>)
func.func @gates(%x: tensor<2x4xf32> {prune.input = "x"}, %w: tensor<3x8xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<2x4xf32> {
  %zeros = arith.constant dense<0.0> : tensor<2x3xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x8xf32>
  %f = tensor.empty() : tensor<2x4xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<2x8xf32>) -> tensor<2x8xf32>
  %a = linalg.matmul ins(%zeros, %w : tensor<2x3xf32>, tensor<3x8xf32>) outs(%i : tensor<2x8xf32>) -> tensor<2x8xf32>
  %g = tensor.extract_slice %a[0, 4] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %y = linalg.add ins(%x, %g : tensor<2x4xf32>, tensor<2x4xf32>) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @padded
// CHECK: %[[WHOLE:.*]] = tensor.empty() : tensor<5x1x6xf32>
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[WHOLE]][0, 0, 1] [5, 1, 4] [1, 1, 1] : tensor<5x1x6xf32> to tensor<5x1x4xf32>
// CHECK: tensor.insert_slice %{{.*}} into %[[PART]][0, 0, 0] [5, 1, 4]
func.func @padded(%x: tensor<1x1x4xf32> {prune.input = "x"}) -> tensor<1x1x4xf32> {
  %e = tensor.empty() : tensor<1x1x6xf32>
  %p = tensor.extract_slice %e[0, 0, 1] [1, 1, 4] [1, 1, 1] : tensor<1x1x6xf32> to tensor<1x1x4xf32>
  %y = tensor.insert_slice %x into %p[0, 0, 0] [1, 1, 4] [1, 1, 1] : tensor<1x1x4xf32> into tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}
