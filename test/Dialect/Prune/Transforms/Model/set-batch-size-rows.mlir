// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-set-batch-size{batch=5})" \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark -verify-diagnostics | FileCheck %s

// What a batch of one row did in places where several rows cannot be, each row
// does by itself.

// CHECK-DAG: #[[$ROWS:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$SUMS:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>
// CHECK-DAG: #[[$FIRST:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d1, d0, d3)>
// CHECK-DAG: #[[$SECOND:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[$BOTH:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#kept = affine_map<(d0, d1, d2, d3) -> (0, d1, 0, 0)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>
#t = affine_map<(d0, d1, d2) -> (d0, d2)>
#u = affine_map<(d0, d1, d2) -> (d1, d2)>
#tu = affine_map<(d0, d1, d2) -> (d0, d1)>

// The sums of an instance normalization.

// CHECK-LABEL: func.func @instance
// CHECK-SAME: %[[X:.*]]: tensor<5x2x3x3xf32>
// CHECK: %[[S:.*]] = linalg.generic {indexing_maps = [#[[$ROWS]], #[[$SUMS]]], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%[[X]] : tensor<5x2x3x3xf32>) outs(%{{.*}} : tensor<5x2x1x1xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[X]], %[[S]] : tensor<5x2x3x3xf32>, tensor<5x2x1x1xf32>)
func.func @instance(%x: tensor<1x2x3x3xf32> {prune.input = "x"}) -> tensor<1x2x3x3xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x1x1xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  // expected-remark @below {{reduces a batch of one row; from now on each row by itself}}
  %s = linalg.generic {indexing_maps = [#id4, #kept], iterator_types = ["reduction", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<1x2x3x3xf32>) outs(%i : tensor<1x2x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %out : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x1x1xf32>
  %f = tensor.empty() : tensor<1x2x3x3xf32>
  %y = linalg.generic {indexing_maps = [#id4, #channel, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %s : tensor<1x2x3x3xf32>, tensor<1x2x1x1xf32>) outs(%f : tensor<1x2x3x3xf32>) {
  ^bb0(%in: f32, %sum: f32, %out: f32):
    %0 = arith.subf %in, %sum : f32
    linalg.yield %0 : f32
  } -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}

// Sums without a dimension for the batch: it becomes a factor of the channels.

// CHECK-LABEL: func.func @dropped
// CHECK-SAME: %[[X:.*]]: tensor<5x4x3xf32>
// CHECK: %[[S:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[X]] : tensor<5x4x3xf32>) outs(%{{.*}} : tensor<5x4xf32>)
// CHECK: %[[F:.*]] = tensor.collapse_shape %[[S]] {{\[}}[0, 1]] : tensor<5x4xf32> into tensor<20xf32>
// CHECK: tensor.expand_shape %[[F]] {{\[}}[0, 1, 2]] output_shape [5, 4, 1] : tensor<20xf32> into tensor<5x4x1xf32>
func.func @dropped(%x: tensor<1x4x3xf32> {prune.input = "x"}) -> tensor<1x4x1xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  // expected-remark @below {{reduces a batch of one row}}
  %s = linalg.reduce {arith.addf} ins(%x : tensor<1x4x3xf32>) outs(%i : tensor<4xf32>) dimensions = [0, 2]
  %y = tensor.expand_shape %s [[0, 1, 2]] output_shape [1, 4, 1] : tensor<4xf32> into tensor<1x4x1xf32>
  return %y : tensor<1x4x1xf32>
}

// Tokens against tokens: the one row is a factor of both.

// CHECK-LABEL: func.func @tokens
// CHECK-DAG: %[[A:.*]] = tensor.expand_shape %{{.*}} {{\[}}[0, 1], [2]] output_shape [3, 5, 4] : tensor<15x4xf32> into tensor<3x5x4xf32>
// CHECK-DAG: %[[B:.*]] = tensor.expand_shape %{{.*}} {{\[}}[0, 1], [2]] output_shape [5, 3, 4] : tensor<15x4xf32> into tensor<5x3x4xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$FIRST]], #[[$SECOND]], #[[$BOTH]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%[[A]], %[[B]] : tensor<3x5x4xf32>, tensor<5x3x4xf32>) outs(%{{.*}} : tensor<5x3x3xf32>)
func.func @tokens(%x: tensor<1x3x4xf32> {prune.input = "x"}) -> tensor<1x3x3xf32> {
  %z = arith.constant 0.0 : f32
  %p = tensor.empty() : tensor<3x1x4xf32>
  %t = linalg.transpose ins(%x : tensor<1x3x4xf32>) outs(%p : tensor<3x1x4xf32>) permutation = [1, 0, 2]
  %a = tensor.collapse_shape %t [[0, 1], [2]] : tensor<3x1x4xf32> into tensor<3x4xf32>
  %b = tensor.collapse_shape %x [[0, 1], [2]] : tensor<1x3x4xf32> into tensor<3x4xf32>
  %e = tensor.empty() : tensor<3x3xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<3x3xf32>) -> tensor<3x3xf32>
  %c = linalg.contract indexing_maps = [#t, #u, #tu] ins(%a, %b : tensor<3x4xf32>, tensor<3x4xf32>) outs(%i : tensor<3x3xf32>) -> tensor<3x3xf32>
  %y = tensor.expand_shape %c [[0, 1], [2]] output_shape [1, 3, 3] : tensor<3x3xf32> into tensor<1x3x3xf32>
  return %y : tensor<1x3x3xf32>
}

// The counter of a loop over the one row was zero.

// CHECK-LABEL: func.func @counter
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<5x4xf32>) outs(%{{.*}} : tensor<5x4xf32>)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-NEXT: %[[COLUMN:.*]] = linalg.index 1
// CHECK-NEXT: arith.addi %[[ZERO]], %[[COLUMN]]
func.func @counter(%x: tensor<1x4xf32> {prune.input = "x"}) -> tensor<1x4xf32> {
  %e = tensor.empty() : tensor<1x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = linalg.index 0 : index
    %c = linalg.index 1 : index
    %s = arith.addi %r, %c : index
    %i = arith.index_cast %s : index to i32
    %v = arith.sitofp %i : i32 to f32
    %0 = arith.addf %in, %v : f32
    linalg.yield %0 : f32
  } -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
