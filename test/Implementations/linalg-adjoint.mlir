// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-differentiate{function=f},cse)" | FileCheck %s

// A contraction in every transposition gives contractions over exchanged maps,
// matrix products in the terms of linalg.matmul; an initial value gets the
// adjoint as it is.

// CHECK-DAG: #[[$MN:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$MK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$NK:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x2xf64> {{{.*}}}, %[[W:[^:]*]]: tensor<4x3xf64> {{{.*}}}, %{{.*}}: tensor<3x2xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<3x2xf64>
func.func @f(%x: tensor<4x2xf64> {prune.param = #prune.param<"x", weight>}, %w: tensor<4x3xf64> {prune.param = #prune.param<"w", weight>},
             %i: tensor<3x2xf64> {prune.param = #prune.param<"i", bias>}, %a: tensor<3x2xf64>, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%w, %x : tensor<4x3xf64>, tensor<4x2xf64>) outs(%i : tensor<3x2xf64>) -> tensor<3x2xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%0, %a : tensor<3x2xf64>, tensor<3x2xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: linalg.contract
  // CHECK: %[[DW:.*]] = linalg.matmul indexing_maps = [#[[$MK]], #[[$NK]], #[[$MN]]] ins(%[[X]], %[[A]] :
  // CHECK: %[[DX:.*]] = linalg.matmul ins(%[[W]], %[[A]] :
  // CHECK-NEXT: return %{{.*}}, %[[DX]], %[[DW]], %[[A]]
  return %l : tensor<f64>
}

// -----

// CHECK-DAG: #[[$BMN:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$BMK:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$BKN:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3x4xf64>, %{{.*}}: tensor<2x4x5xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<2x3x5xf64>
func.func @f(%x: tensor<2x3x4xf64>, %w: tensor<2x4x5xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<2x3x5xf64>, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.batch_matmul ins(%x, %w : tensor<2x3x4xf64>, tensor<2x4x5xf64>) outs(%a : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>]
    ins(%0, %a : tensor<2x3x5xf64>, tensor<2x3x5xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[D:.*]] = linalg.contract indexing_maps = [#[[$BMN]], #[[$BMK]], #[[$BKN]]] ins(%[[A]], %[[X]] :
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// A product of a matrix and a vector: an outer product and a contraction. Both
// factors of the last product are one value, its adjoint is built once.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<3xf64> {{{.*}}}, %[[W:[^:]*]]: tensor<4x3xf64>
func.func @f(%x: tensor<3xf64> {prune.param = #prune.param<"x", weight>}, %w: tensor<4x3xf64> {prune.param = #prune.param<"w", weight>},
             %i: tensor<4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.matvec ins(%w, %x : tensor<4x3xf64>, tensor<3xf64>) outs(%i : tensor<4xf64>) -> tensor<4xf64>
  %l = linalg.dot ins(%0, %0 : tensor<4xf64>, tensor<4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[Y:.*]] = linalg.matvec
  // CHECK: %[[DY:.*]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<4xf64>)
  // CHECK-NEXT: ^bb0(%[[E:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[TWICE:.*]] = arith.addf %[[E]], %[[E]]
  // CHECK-NEXT: linalg.yield %[[TWICE]]
  // CHECK: %[[DW:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[DY]], %[[X]] :
  // CHECK-NEXT: ^bb0(%[[P:.*]]: f64, %[[Q:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[R:.*]] = arith.mulf %[[P]], %[[Q]]
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: %[[DX:.*]] = linalg.contract {{.*}} ins(%[[DY]], %[[W]] :
  // CHECK-NEXT: return %{{.*}}, %[[DX]], %[[DW]]
  return %l : tensor<f64>
}

// -----

// A contraction in lower precision: the adjoint is converted element by element.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x4xf16>, %{{.*}}: tensor<4x3xf16> {{{.*}}}, %[[A:[^:]*]]: tensor<2x3xf32>
func.func @f(%x: tensor<2x4xf16>, %w: tensor<4x3xf16> {prune.param = #prune.param<"w", weight>}, %a: tensor<2x3xf32>, %o: tensor<f32>) -> tensor<f32> {
  %0 = linalg.matmul ins(%x, %w : tensor<2x4xf16>, tensor<4x3xf16>) outs(%a : tensor<2x3xf32>) -> tensor<2x3xf32>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%0, %a : tensor<2x3xf32>, tensor<2x3xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  // CHECK: %[[D:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[X]] : tensor<2x3xf32>, tensor<2x4xf16>) outs(%{{.*}} : tensor<4x3xf16>)
  // CHECK: %[[E:.*]] = arith.extf
  // CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %[[E]] : f32
  // CHECK: %[[T:.*]] = arith.truncf %[[P]] : f32 to f16
  // CHECK: arith.addf %{{.*}}, %[[T]] : f16
  // CHECK: return %{{.*}}, %[[D]]
  return %l : tensor<f32>
}

// -----

// A broadcast gives a sum, a sum a broadcast, a transposition a transposition.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}: tensor<2x3x4xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<5x4x2xf64>
func.func @f(%w: tensor<2x3x4xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<5x4x2xf64>, %i: tensor<2x4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.reduce { arith.addf } ins(%w : tensor<2x3x4xf64>) outs(%i : tensor<2x4xf64>) dimensions = [1]
  %e0 = tensor.empty() : tensor<4x2xf64>
  %1 = linalg.transpose ins(%0 : tensor<2x4xf64>) outs(%e0 : tensor<4x2xf64>) permutation = [1, 0]
  %e1 = tensor.empty() : tensor<5x4x2xf64>
  %2 = linalg.broadcast ins(%1 : tensor<4x2xf64>) outs(%e1 : tensor<5x4x2xf64>) dimensions = [0]
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>]
    ins(%2, %a : tensor<5x4x2xf64>, tensor<5x4x2xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: linalg.contract
  // CHECK: %[[D1:.*]] = linalg.reduce { arith.addf } ins(%[[A]] : tensor<5x4x2xf64>) {{.*}} dimensions = [0]
  // CHECK: %[[D0:.*]] = linalg.transpose ins(%[[D1]] : tensor<4x2xf64>) {{.*}} permutation = [1, 0]
  // CHECK: %[[D:.*]] = linalg.broadcast ins(%[[D0]] : tensor<2x4xf64>) {{.*}} dimensions = [1]
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// A generic that is a transposition of three dimensions becomes one as well.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}: tensor<2x3x4xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<3x4x2xf64>
func.func @f(%w: tensor<2x3x4xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<3x4x2xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.empty() : tensor<3x4x2xf64>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (k, i, j)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%w : tensor<2x3x4xf64>) outs(%e : tensor<3x4x2xf64>) {
    ^bb0(%in: f64, %out: f64):
      linalg.yield %in : f64
  } -> tensor<3x4x2xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>]
    ins(%0, %a : tensor<3x4x2xf64>, tensor<3x4x2xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[D:.*]] = linalg.transpose ins(%[[A]] : tensor<3x4x2xf64>) {{.*}} permutation = [2, 0, 1]
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// A maximum over a dimension: in equal shares to the elements that equal the
// result.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[W:[^:]*]]: tensor<2x3xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<2xf64>
func.func @f(%w: tensor<2x3xf64> {prune.param = #prune.param<"w", weight>}, %a: tensor<2xf64>, %i: tensor<2xf64>, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.reduce { arith.maximumf } ins(%w : tensor<2x3xf64>) outs(%i : tensor<2xf64>) dimensions = [1]
  %l = linalg.dot ins(%0, %a : tensor<2xf64>, tensor<2xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[M:.*]] = linalg.reduce { arith.maximumf }
  // CHECK: %[[ZERO:.*]] = arith.constant 0.0
  // CHECK: %[[N:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[W]], %[[M]] :
  // CHECK-NEXT: ^bb0(%[[X:.*]]: f64, %[[Y:.*]]: f64, %[[SUM:.*]]: f64):
  // CHECK-NEXT: %[[TIED:.*]] = arith.cmpf oeq, %[[X]], %[[Y]]
  // CHECK-NEXT: %[[ONE:.*]] = arith.uitofp %[[TIED]]
  // CHECK-NEXT: %[[NEXT:.*]] = arith.addf %[[SUM]], %[[ONE]]
  // CHECK-NEXT: linalg.yield %[[NEXT]]
  // CHECK: %[[SHARE:.*]] = arith.divf %[[A]], %[[N]]
  // CHECK: %[[D:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[W]], %[[M]], %[[SHARE]] :
  // CHECK-NEXT: ^bb0(%[[X:.*]]: f64, %[[Y:.*]]: f64, %[[G:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[TOP:.*]] = arith.cmpf oeq, %[[X]], %[[Y]]
  // CHECK-NEXT: %[[R:.*]] = arith.select %[[TOP]], %[[G]], %[[ZERO]]
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// A bias inside an element-wise body: its sum goes on from the adjoint of the
// first operand. The sigmoid needs its result only.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}: tensor<3x4xf64> {{{.*}}}, %{{.*}}: tensor<4xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<3x4xf64>
func.func @f(%x: tensor<3x4xf64> {prune.param = #prune.param<"x", weight>}, %b: tensor<4xf64> {prune.param = #prune.param<"b", bias>}, %a: tensor<3x4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.empty() : tensor<3x4xf64>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<3x4xf64>, tensor<4xf64>) outs(%e : tensor<3x4xf64>) {
    ^bb0(%in: f64, %bias: f64, %out: f64):
      %one = arith.constant 1.0 : f64
      %s = arith.addf %in, %bias : f64
      %n = arith.negf %s : f64
      %x1 = math.exp %n : f64
      %d = arith.addf %x1, %one : f64
      %y = arith.divf %one, %d : f64
      linalg.yield %y : f64
  } -> tensor<3x4xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%0, %a : tensor<3x4xf64>, tensor<3x4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[Y:.*]] = linalg.generic
  // CHECK: linalg.contract
  // CHECK: %[[DX:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[Y]] :
  // CHECK-NEXT: ^bb0(%[[G:.*]]: f64, %[[P:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[Q:.*]] = arith.subf %[[ONE]], %[[P]]
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[P]], %[[Q]]
  // CHECK-NEXT: %[[R:.*]] = arith.mulf %[[G]], %[[S]]
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: %[[DB:.*]] = linalg.reduce { arith.addf } ins(%[[DX]] :
  // CHECK-NEXT: return %{{.*}}, %[[DX]], %[[DB]]
  return %l : tensor<f64>
}

// -----

// Named and element-wise operations, the initial value as an input, several
// results, a scalar input.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4xf64> {{{.*}}}, %[[S:[^:]*]]: f64 {{{.*}}}, %[[A:[^:]*]]: tensor<4xf64>, %[[B:[^:]*]]: tensor<4xf64>
func.func @f(%x: tensor<4xf64> {prune.param = #prune.param<"x", weight>}, %s: f64 {prune.param = #prune.param<"s", scale>},
             %a: tensor<4xf64>, %b: tensor<4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.empty() : tensor<4xf64>
  // CHECK: %[[Y:.*]] = linalg.elementwise
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<tanh> ins(%x : tensor<4xf64>) outs(%e : tensor<4xf64>) -> tensor<4xf64>
  // CHECK: %[[M:.*]] = linalg.map { math.exp }
  %1 = linalg.map { math.exp } ins(%0 : tensor<4xf64>) outs(%e : tensor<4xf64>)
  %2, %3 = linalg.generic {indexing_maps = [affine_map<(i) -> ()>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%s : f64) outs(%1, %e : tensor<4xf64>, tensor<4xf64>) {
    ^bb0(%scale: f64, %init: f64, %out: f64):
      %p = arith.mulf %init, %scale : f64
      %q = arith.addf %init, %scale : f64
      linalg.yield %p, %q : f64, f64
  } -> (tensor<4xf64>, tensor<4xf64>)
  %l0 = linalg.dot ins(%2, %a : tensor<4xf64>, tensor<4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  %l = linalg.dot ins(%3, %b : tensor<4xf64>, tensor<4xf64>) outs(%l0 : tensor<f64>) -> tensor<f64>
  // CHECK: %[[DM:.*]] = linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%[[B]], %[[A]], %[[S]] : tensor<4xf64>, tensor<4xf64>, f64)
  // CHECK-NEXT: ^bb0(%[[G:.*]]: f64, %[[H:.*]]: f64, %[[C:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[H]], %[[C]]
  // CHECK-NEXT: %[[R:.*]] = arith.addf %[[G]], %[[P]]
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[B]], %[[A]], %[[M]] : {{.*}} outs(%{{.*}} : tensor<f64>)
  // CHECK: %[[DS:.*]] = tensor.extract %[[SUM]][] : tensor<f64>
  // CHECK: %[[DY:.*]] = linalg.generic {{.*}} ins(%[[DM]], %[[M]] :
  // CHECK-NEXT: ^bb0(%[[G:.*]]: f64, %[[H:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[G]], %[[H]]
  // CHECK-NEXT: linalg.yield %[[P]]
  // CHECK: %[[DX:.*]] = linalg.generic {{.*}} ins(%[[DY]], %[[Y]] :
  // CHECK: return %{{.*}}, %[[DX]], %[[DS]]
  return %l : tensor<f64>
}

// -----

// The sum of what is uniform: the adjoint of a mean is a fill.

// CHECK-LABEL: func.func @f(
func.func @f(%w: tensor<2x4xf64> {prune.param = #prune.param<"w", weight>}, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.reduce { arith.addf } ins(%w : tensor<2x4xf64>) outs(%o : tensor<f64>) dimensions = [0, 1]
  %c = arith.constant dense<0.125> : tensor<f64>
  %l = arith.mulf %0, %c : tensor<f64>
  // CHECK: %[[SHARE:.*]] = arith.constant 1.250000e-01 : f64
  // CHECK: %[[D:.*]] = linalg.fill ins(%[[SHARE]] : f64) outs(%{{.*}} : tensor<2x4xf64>)
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// The same rule on a convolution and a pooling: loops that index the operand only
// in a sum are summed over.

// CHECK-DAG: #[[$OUT:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$FILTER:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d4, d5, d6)>
// CHECK-DAG: #[[$IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 + d5, d3 + d6)>
// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x2x6x6xf64> {{{.*}}}, %[[W:[^:]*]]: tensor<3x2x3x3xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<1x3x2x2xf64>
func.func @f(%x: tensor<1x2x6x6xf64> {prune.param = #prune.param<"x", weight>}, %w: tensor<3x2x3x3xf64> {prune.param = #prune.param<"w", weight>},
             %a: tensor<1x3x2x2xf64>, %i: tensor<1x3x4x4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x6x6xf64>, tensor<3x2x3x3xf64>) outs(%i : tensor<1x3x4x4xf64>) -> tensor<1x3x4x4xf64>
  %window = tensor.empty() : tensor<2x2xf64>
  %1 = linalg.pooling_nchw_sum {strides = dense<2> : vector<2xi64>} ins(%0, %window : tensor<1x3x4x4xf64>, tensor<2x2xf64>) outs(%a : tensor<1x3x2x2xf64>) -> tensor<1x3x2x2xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k, l) -> (i, j, k, l)>, affine_map<(i, j, k, l) -> (i, j, k, l)>, affine_map<(i, j, k, l) -> ()>]
    ins(%1, %a : tensor<1x3x2x2xf64>, tensor<1x3x2x2xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[WINDOW:.*]] = tensor.empty() : tensor<2x2xf64>
  // The window comes along for the extent of its loops.
  // CHECK: %[[DY:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[WINDOW]] :
  // CHECK-NEXT: ^bb0(%[[G:.*]]: f64, %{{.*}}: f64, %[[ACC:.*]]: f64):
  // CHECK-NEXT: %[[R:.*]] = arith.addf %[[ACC]], %[[G]]
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: %[[DX:.*]] = linalg.generic {indexing_maps = [#[[$OUT]], #[[$FILTER]], #[[$IMAGE]]]{{.*}} ins(%[[DY]], %[[W]] :
  // CHECK: %[[DW:.*]] = linalg.generic {indexing_maps = [#[[$OUT]], #[[$IMAGE]], #[[$FILTER]]]{{.*}} ins(%[[DY]], %[[X]] :
  // CHECK: return %{{.*}}, %[[DX]], %[[DW]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[A:[^:]*]]: tensor<2x3xf64>
func.func @f(%x: tensor<2x3xf64> {prune.param = #prune.param<"x", weight>}, %a: tensor<2x3xf64>, %o: tensor<f64>) -> tensor<f64> {
  %e = tensor.empty() : tensor<2x3xf64>
  // CHECK: %[[Y:.*]] = linalg.softmax
  %0 = linalg.softmax dimension(1) ins(%x : tensor<2x3xf64>) outs(%e : tensor<2x3xf64>) -> tensor<2x3xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>]
    ins(%0, %a : tensor<2x3xf64>, tensor<2x3xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %[[Y]] : tensor<2x3xf64>
  // CHECK: %[[SUM:.*]] = linalg.reduce { arith.addf } ins(%[[P]] : tensor<2x3xf64>) {{.*}} dimensions = [1]
  // CHECK: %[[D:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[SUM]], %[[Y]] :
  // CHECK: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// Max pooling of images sends the adjoint to the first maximum only.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x2x7x6xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<1x2x3x4xf64>
func.func @f(%x: tensor<1x2x7x6xf64> {prune.param = #prune.param<"x", weight>}, %a: tensor<1x2x3x4xf64>, %i: tensor<1x2x3x4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %window = tensor.empty() : tensor<3x2xf64>
  // CHECK: %[[Y:.*]] = linalg.pooling_nchw_max
  %0 = linalg.pooling_nchw_max {strides = dense<[2, 1]> : vector<2xi64>, dilations = dense<[1, 2]> : vector<2xi64>}
    ins(%x, %window : tensor<1x2x7x6xf64>, tensor<3x2xf64>) outs(%i : tensor<1x2x3x4xf64>) -> tensor<1x2x3x4xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k, l) -> (i, j, k, l)>, affine_map<(i, j, k, l) -> (i, j, k, l)>, affine_map<(i, j, k, l) -> ()>]
    ins(%0, %a : tensor<1x2x3x4xf64>, tensor<1x2x3x4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[DX:.*]] = prune.max_pool_gradient %[[X]], %[[Y]], %[[A]] window [3, 2] strides [2, 1] dilations [1, 2]
  // CHECK: return %{{.*}}, %[[DX]]
  return %l : tensor<f64>
}
