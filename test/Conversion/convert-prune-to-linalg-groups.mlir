// Gates and penalties of groups.

// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-linalg,cse)" | FileCheck %s

// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$FILTER:.*]] = affine_map<(d0, d1, d2, d3) -> (d0)>

// The auxiliary parameter of its filter opens or closes an element.
// CHECK-LABEL: func @gate
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$FILTER]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%{{.*}}, %{{.*}} : tensor<5x3x2x2xf32>, tensor<5xf32>)
// CHECK-NEXT: ^bb0(%[[W:.*]]: f32, %[[M:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[OPEN:.*]] = arith.cmpf ogt, %[[M]], %
// CHECK-NEXT: %[[T:.*]] = arith.select %[[OPEN]], %[[W]], %
// CHECK-NEXT: linalg.yield %[[T]]
func.func @gate(%w: tensor<5x3x2x2xf32>, %m: tensor<5xf32>) -> tensor<5x3x2x2xf32> {
  %0 = prune.gate %w, %m ste(<softplus>) granularity(<channel, axis = 0>) : tensor<5x3x2x2xf32>, tensor<5xf32>
  return %0 : tensor<5x3x2x2xf32>
}

// Penalty and gradient share the sums of squares and what is added up of them;
// the loop over the weight multiplies by one factor per group.
// CHECK-LABEL: func @group_hoyer_square
// CHECK: %[[Q:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[$ROW]]], iterator_types = ["parallel", "reduction"]}
// CHECK: %[[T:.*]]:2 = linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[Q]]
// CHECK: math.sqrt
// CHECK-NOT: "reduction"
// CHECK: %[[F:.*]] = linalg.generic {{.*}} ins(%[[Q]] :
// CHECK: math.sqrt
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$ROW]], #{{.*}}], iterator_types = ["parallel", "parallel"]} ins(%{{.*}}, %[[F]] :
// CHECK: arith.mulf
func.func @group_hoyer_square(%w: tensor<3x4xf32>, %s: f32) -> (tensor<f32>, tensor<3x4xf32>) {
  %0 = prune.regularize group_hoyer_square %w, %s granularity(<channel, axis = 0>) : tensor<3x4xf32>
  %1 = prune.regularize_gradient group_hoyer_square %w, %s granularity(<channel, axis = 0>) : tensor<3x4xf32>
  return %0, %1 : tensor<f32>, tensor<3x4xf32>
}

// CHECK-LABEL: func @group_lasso
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$COLUMN]]], iterator_types = ["reduction", "parallel"]}
// CHECK: arith.divf
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$COLUMN]], #{{.*}}], iterator_types = ["parallel", "parallel"]}
func.func @group_lasso(%w: tensor<3x4xf32>, %s: f32) -> tensor<3x4xf32> {
  %0 = prune.regularize_gradient group_lasso %w, %s granularity(<channel, axis = 1>) : tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// Blocks become dimensions of their own.
// CHECK-LABEL: func @blocks
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2, 3]] {{.*}} into tensor<2x2x2x3xf32>
// CHECK: iterator_types = ["parallel", "reduction", "parallel", "reduction"]
func.func @blocks(%w: tensor<4x6xf32>, %s: f32) -> tensor<f32> {
  %0 = prune.regularize group_lasso %w, %s granularity(<block, shape = [2, 3]>) : tensor<4x6xf32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func @open_gates
// CHECK: arith.cmpf ogt
// CHECK: arith.addf
// CHECK: linalg.generic
// CHECK: math.exp
func.func @open_gates(%m: tensor<3x4xf32>, %s: f32) -> (tensor<f32>, tensor<3x4xf32>) {
  %0 = prune.regularize open_gates %m, %s ste(<softplus>) : tensor<3x4xf32>
  %1 = prune.regularize_gradient open_gates %m, %s ste(<softplus>) : tensor<3x4xf32>
  return %0, %1 : tensor<f32>, tensor<3x4xf32>
}

// A limit, and a mask that holds: one loop still.
// CHECK-LABEL: func @update
// CHECK: linalg.generic
// CHECK: ^bb0(%{{.*}}: f32, %[[MASK:.*]]: i1, %[[OLD:.*]]: f32):
// CHECK: arith.minimumf
// CHECK: %[[NEW:.*]] = arith.maximumf
// CHECK: arith.select %[[MASK]], %{{.*}}, %[[OLD]]
// CHECK-NOT: linalg.generic
func.func @update(%w: tensor<4xf32>, %g: tensor<4xf32>, %m: tensor<4xi1>, %lr: f32) -> tensor<4xf32> {
  %0 = prune.sgd_update %w, %g, lr %lr mask %m {freeze_masked, clamp = 1.0 : f64}
      : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xi1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
