// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-simplify-imports)" \
// RUN:   --remarks-filter=".*" --remark-format=emitRemark -verify-diagnostics | FileCheck %s
// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-simplify-imports,prune-simplify-imports)" \
// RUN:   | FileCheck %s
// RUN: %if statistics %{ prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-simplify-imports)" \
// RUN:   --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS %}

// STATS-DAG: (S) 1 num-assertions-removed
// STATS-DAG: (S) 2 num-globals-inlined
// STATS-DAG: (S) 4 num-selects-replaced

#id = affine_map<(d0) -> (d0)>

// Batch normalization as torch-mlir writes it: an epsilon in double precision
// and an assertion that no variance is zero.

// CHECK-LABEL: func @normalization
// CHECK-NOT: f64
// CHECK-NOT: cf.assert
// CHECK: %[[EPS:.*]] = arith.constant 9.99999974E-6 : f32
// CHECK: arith.addf %{{.*}}, %[[EPS]] : f32
func.func @normalization(%var: tensor<5xf32>) -> tensor<5xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %eps = arith.constant 1.0e-05 : f64
  %e = tensor.empty() : tensor<5xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%var : tensor<5xf32>) outs(%e : tensor<5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %t = arith.truncf %eps : f64 to f32
    %a = arith.addf %in, %t : f32
    %c = arith.cmpf one, %a, %zero : f32
    // expected-remark@below {{removed a run-time assertion: unimplemented: tensor with zero element}}
    cf.assert %c, "unimplemented: tensor with zero element"
    %d = arith.divf %one, %a : f32
    linalg.yield %d : f32
  } -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

// CHECK-LABEL: func @extrema
// CHECK-SAME: (%[[X:.*]]: f32)
func.func @extrema(%x: f32) -> (f32, f32, f32, f32, f32, f32, f32) {
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.0
  // CHECK-DAG: %[[SIX:.*]] = arith.constant 6.0
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %nan = arith.constant 0x7FC00000 : f32
  // A NaN takes the same way through both forms of these four.
  // CHECK: %[[A:.*]] = arith.maximumf %[[X]], %[[ZERO]]
  %c0 = arith.cmpf ugt, %x, %zero : f32
  %0 = arith.select %c0, %x, %zero : f32
  // CHECK: %[[B:.*]] = arith.maximumf %[[X]], %[[ZERO]]
  %c1 = arith.cmpf olt, %x, %zero : f32
  %1 = arith.select %c1, %zero, %x : f32
  // CHECK: %[[C:.*]] = arith.minimumf %[[X]], %[[SIX]]
  %c2 = arith.cmpf ult, %x, %six : f32
  %2 = arith.select %c2, %x, %six : f32
  // CHECK: %[[D:.*]] = arith.minimumf %[[X]], %[[SIX]]
  %c3 = arith.cmpf ogt, %x, %six : f32
  %3 = arith.select %c3, %six, %x : f32
  // An ordered comparison sends NaN to zero, a maximum would not.
  // CHECK: %[[E:.*]] = arith.select
  %c4 = arith.cmpf ogt, %x, %zero : f32
  %4 = arith.select %c4, %x, %zero : f32
  // An unordered comparison with NaN is true.
  %c5 = arith.cmpf ugt, %x, %nan : f32
  %5 = arith.select %c5, %x, %nan : f32
  // Other arms.
  // CHECK: %[[G:.*]] = arith.select
  %c6 = arith.cmpf ugt, %x, %zero : f32
  %6 = arith.select %c6, %x, %six : f32
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[D]], %[[E]], %[[X]], %[[G]]
  return %0, %1, %2, %3, %4, %5, %6 : f32, f32, f32, f32, f32, f32, f32
}

// -----

// CHECK-NOT: ml_program.global private
// CHECK: ml_program.global public @shared
// CHECK: ml_program.global private mutable @seed
ml_program.global private @weight(dense<[1.0, 2.0]> : tensor<2xf32>) : tensor<2xf32>
ml_program.global private mutable @unused(dense<0> : tensor<i64>) : tensor<i64>
ml_program.global public @shared(dense<[3.0, 4.0]> : tensor<2xf32>) : tensor<2xf32>
// expected-remark@below {{global 'seed' is left alone: it has users other than loads of its initial value}}
ml_program.global private mutable @seed(dense<0> : tensor<i64>) : tensor<i64>

// CHECK-LABEL: func @globals
func.func @globals() -> (tensor<2xf32>, tensor<2xf32>, tensor<i64>) {
  // CHECK: %[[W:.*]] = arith.constant dense<[1.0{{.*}}, 2.0{{.*}}]> : tensor<2xf32>
  %0 = ml_program.global_load_const @weight : tensor<2xf32>
  // CHECK: %[[S:.*]] = arith.constant dense<[3.0{{.*}}, 4.0{{.*}}]> : tensor<2xf32>
  %1 = ml_program.global_load @shared : tensor<2xf32>
  // CHECK: ml_program.global_load @seed
  %2 = ml_program.global_load @seed : tensor<i64>
  ml_program.global_store @seed = %2 : tensor<i64>
  // CHECK: return %[[W]], %[[S]]
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<i64>
}

// -----

#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// The position of the maximum, which softmax does not read.

// CHECK-LABEL: func @unused_result
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{[^,]*}} : tensor<2xf32>)
// CHECK-NOT: linalg.index
// CHECK: -> tensor<2xf32>
func.func @unused_result(%x: tensor<2x3xf32>, %m: tensor<2xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  %0:2 = linalg.generic {indexing_maps = [#map, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x3xf32>) outs(%m, %i : tensor<2xf32>, tensor<2xi64>) {
  ^bb0(%in: f32, %out: f32, %pos: i64):
    %1 = linalg.index 1 : index
    %2 = arith.index_cast %1 : index to i64
    %3 = arith.maximumf %in, %out : f32
    %4 = arith.cmpf ogt, %in, %out : f32
    %5 = arith.select %4, %2, %pos : i64
    linalg.yield %3, %5 : f32, i64
  } -> (tensor<2xf32>, tensor<2xi64>)
  return %0#0 : tensor<2xf32>
}

// -----

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#unit = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>

// The unit dimensions of a global pooling are a reshape; one slice of two.

// CHECK: #[[$KEPT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-LABEL: func @pool
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 0] [2, 3, 2, 2] [1, 1, 2, 2]
// CHECK: %[[SUM:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[$KEPT]]]
// CHECK: -> tensor<2x3xf32>
// CHECK: %[[UNIT:.*]] = tensor.expand_shape %[[SUM]] {{\[\[}}0], [1, 2, 3]] output_shape [2, 3, 1, 1]
// CHECK: return %[[UNIT]]
func.func @pool(%x: tensor<2x3x4x4xf32>) -> tensor<2x3x1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %r = tensor.extract_slice %x[0, 0, 0, 0] [2, 3, 2, 4] [1, 1, 2, 1] : tensor<2x3x4x4xf32> to tensor<2x3x2x4xf32>
  %c = tensor.extract_slice %r[0, 0, 0, 0] [2, 3, 2, 2] [1, 1, 1, 2] : tensor<2x3x2x4xf32> to tensor<2x3x2x2xf32>
  %e = tensor.empty() : tensor<2x3x1x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x1x1xf32>) -> tensor<2x3x1x1xf32>
  %y = linalg.generic {indexing_maps = [#all, #unit], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%c : tensor<2x3x2x2xf32>) outs(%f : tensor<2x3x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<2x3x1x1xf32>
  return %y : tensor<2x3x1x1xf32>
}

// -----

// Two windows of 2 x 2 need no padding of 4 x 4; the first window does need a row.

// CHECK-LABEL: func @ceil_mode
// CHECK: tensor.pad %{{.*}} low[0, 0, 1, 0] high[0, 0, 0, 0]
// CHECK: tensor<1x1x4x4xf32> to tensor<1x1x5x4xf32>
// CHECK: linalg.pooling_nchw_max {{.*}} ins(%{{.*}} : tensor<1x1x5x4xf32>
func.func @ceil_mode(%x: tensor<1x1x4x4xf32>, %i: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %lowest = arith.constant 0xFF800000 : f32
  %window = tensor.empty() : tensor<2x2xf32>
  %p = tensor.pad %x low[0, 0, 1, 0] high[0, 0, 1, 2] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %lowest : f32
  } : tensor<1x1x4x4xf32> to tensor<1x1x6x6xf32>
  %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%p, %window : tensor<1x1x6x6xf32>, tensor<2x2xf32>) outs(%i : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// -----

// Padding by less than nothing cuts.
// CHECK-LABEL: func @cut
// CHECK: %[[S:.*]] = tensor.extract_slice %{{.*}}[0, 1] [3, 3] [1, 1] : tensor<4x4xf32> to tensor<3x3xf32>
// CHECK: tensor.pad %[[S]] low[2, 0] high[0, 1]
// CHECK: tensor<3x3xf32> to tensor<5x4xf32>
func.func @cut(%x: tensor<4x4xf32>) -> tensor<5x4xf32> {
  %z = arith.constant 0.0 : f32
  %p = tensor.pad %x low[2, -1] high[-1, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %z : f32
  } : tensor<4x4xf32> to tensor<5x4xf32>
  return %p : tensor<5x4xf32>
}
