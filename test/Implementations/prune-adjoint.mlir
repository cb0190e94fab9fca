// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-differentiate{function=f})" | FileCheck %s

// A mask and dropout treat the adjoint as they treat the value.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<4xf32>, %{{.*}}, %[[M:[^:]*]]: tensor<4xi1>
func.func @f(%w: tensor<4xf32> {prune.param = #prune.param<"w", weight>}, %a: tensor<4xf32>, %o: tensor<f32>, %m: tensor<4xi1>) -> tensor<f32> {
  %t = prune.apply_mask %w, %m : tensor<4xf32>
  %l = linalg.dot ins(%t, %a : tensor<4xf32>, tensor<4xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  // CHECK: %[[D:.*]] = prune.apply_mask %[[A]], %[[M]] : tensor<4xf32>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<4xf32>, %{{.*}}, %[[STEP:[^:]*]]: i64
func.func @f(%w: tensor<4xf32> {prune.param = #prune.param<"w", weight>}, %a: tensor<4xf32>, %o: tensor<f32>, %step: i64) -> tensor<f32> {
  %t = prune.dropout %w, %step rate 0.25 seed 3 : tensor<4xf32>
  %l = linalg.dot ins(%t, %a : tensor<4xf32>, tensor<4xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  // CHECK: %[[D:.*]] = prune.dropout %[[A]], %[[STEP]] rate 2.500000e-01 seed 3 : tensor<4xf32>
  // CHECK-NEXT: return %{{.*}}, %[[D]]
  return %l : tensor<f32>
}

// -----

// The strength of a penalty takes in what comes from the loss.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[W:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[S:[^:]*]]: f32 {{{.*}}}, %[[A:[^:]*]]: tensor<f32>
func.func @f(%w: tensor<4xf32> {prune.param = #prune.param<"w", weight>}, %s: f32 {prune.param = #prune.param<"s", scale>}, %a: tensor<f32>) -> tensor<f32> {
  %p = prune.regularize hoyer_square %w, %s : tensor<4xf32>
  %l = arith.mulf %p, %a : tensor<f32>
  // CHECK: %[[X:.*]] = tensor.extract %[[A]][]
  // CHECK-NEXT: %[[XS:.*]] = arith.mulf %[[X]], %[[S]]
  // CHECK-NEXT: %[[DW:.*]] = prune.regularize_gradient hoyer_square %[[W]], %[[XS]] : tensor<4xf32>
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[P:.*]] = prune.regularize hoyer_square %[[W]], %[[ONE]] : tensor<4xf32>
  // CHECK-NEXT: %[[Y:.*]] = tensor.extract %[[P]][]
  // CHECK-NEXT: %[[DS:.*]] = arith.mulf %[[X]], %[[Y]]
  // CHECK-NEXT: return %{{.*}}, %[[DW]], %[[DS]]
  return %l : tensor<f32>
}

// -----

// The sign rule with the slope of a leaky rectifier.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[W:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[M:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[A:[^:]*]]: tensor<4xf32>
func.func @f(%w: tensor<4xf32> {prune.param = #prune.param<"w", weight>}, %m: tensor<4xf32> {prune.param = #prune.param<"m", scale>},
             %a: tensor<4xf32>, %o: tensor<f32>) -> tensor<f32> {
  %t = prune.gate %w, %m ste(<leaky_relu, slope = 0.25>) : tensor<4xf32>, tensor<4xf32>
  %l = linalg.dot ins(%t, %a : tensor<4xf32>, tensor<4xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  // The weight: where the gate is open.
  // CHECK: %[[DW:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[M]] : tensor<4xf32>, tensor<4xf32>)
  // CHECK-NEXT: ^bb0(%[[D:.*]]: f32, %[[X:.*]]: f32, %{{.*}}: f32):
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[OPEN:.*]] = arith.cmpf ogt, %[[X]], %[[Z]]
  // CHECK-NEXT: %[[Y:.*]] = arith.select %[[OPEN]], %[[D]], %[[Z]]
  // CHECK-NEXT: linalg.yield %[[Y]]
  // The gate: sign of the weight times slope.
  // CHECK: %[[DM:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[W]], %[[M]] :
  // CHECK-NEXT: ^bb0(%[[D:.*]]: f32, %[[V:.*]]: f32, %[[X:.*]]: f32, %{{.*}}: f32):
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[POS:.*]] = arith.cmpf ogt, %[[V]], %[[Z]]
  // CHECK-NEXT: %[[NEG:.*]] = arith.cmpf ogt, %[[Z]], %[[V]]
  // CHECK-NEXT: %[[MINUS:.*]] = arith.negf %[[D]]
  // CHECK-NEXT: %[[LOW:.*]] = arith.select %[[NEG]], %[[MINUS]], %[[Z]]
  // CHECK-NEXT: %[[FACTOR:.*]] = arith.select %[[POS]], %[[D]], %[[LOW]]
  // CHECK: %[[OPEN:.*]] = arith.cmpf ogt, %[[X]], %{{.*}}
  // CHECK: %[[C:.*]] = arith.constant 2.500000e-01
  // CHECK-NEXT: %[[LESS:.*]] = arith.mulf %[[FACTOR]], %[[C]]
  // CHECK-NEXT: %[[Y:.*]] = arith.select %[[OPEN]], %[[FACTOR]], %[[LESS]]
  // CHECK-NEXT: linalg.yield %[[Y]]
  // CHECK: return %{{.*}}, %[[DW]], %[[DM]]
  return %l : tensor<f32>
}

// -----

// The chain rule with the other estimators; the weight itself is no parameter.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[W:[^:]*]]: tensor<4xf32>, %[[M:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[A:[^:]*]]: tensor<4xf32>
func.func @f(%w: tensor<4xf32>, %m: tensor<4xf32> {prune.param = #prune.param<"m", scale>},
             %a: tensor<4xf32>, %o: tensor<f32>) -> tensor<f32> {
  %0 = prune.gate %w, %m ste(<linear>) rule chain : tensor<4xf32>, tensor<4xf32>
  %l0 = linalg.dot ins(%0, %a : tensor<4xf32>, tensor<4xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  %1 = prune.gate %w, %m ste(<hard_sigmoid>) rule chain : tensor<4xf32>, tensor<4xf32>
  %l1 = linalg.dot ins(%1, %a : tensor<4xf32>, tensor<4xf32>) outs(%l0 : tensor<f32>) -> tensor<f32>
  %2 = prune.gate %w, %m ste(<relu>) rule chain : tensor<4xf32>, tensor<4xf32>
  %l2 = linalg.dot ins(%2, %a : tensor<4xf32>, tensor<4xf32>) outs(%l1 : tensor<f32>) -> tensor<f32>
  %3 = prune.gate %w, %m ste(<softplus>) rule chain : tensor<4xf32>, tensor<4xf32>
  %l3 = linalg.dot ins(%3, %a : tensor<4xf32>, tensor<4xf32>) outs(%l2 : tensor<f32>) -> tensor<f32>
  // Softplus.
  // CHECK: linalg.generic {{.*}} ins(%[[A]], %[[W]], %[[M]] :
  // CHECK-NEXT: ^bb0(%[[D:.*]]: f32, %[[V:.*]]: f32, %[[X:.*]]: f32, %{{.*}}: f32):
  // CHECK-NEXT: %[[FACTOR:.*]] = arith.mulf %[[D]], %[[V]]
  // CHECK: %[[MINUS:.*]] = arith.negf %[[X]]
  // CHECK-NEXT: %[[EXP:.*]] = math.exp %[[MINUS]]
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[EXP]], %[[ONE]]
  // CHECK-NEXT: %[[Y:.*]] = arith.divf %[[FACTOR]], %[[SUM]]
  // CHECK-NEXT: linalg.yield %[[Y]]
  // Rectifier.
  // CHECK: linalg.generic {{.*}} ins(%[[A]], %[[W]], %[[M]] :
  // CHECK-NEXT: ^bb0(%[[D:.*]]: f32, %[[V:.*]]: f32, %[[X:.*]]: f32, %{{.*}}: f32):
  // CHECK-NEXT: %[[FACTOR:.*]] = arith.mulf %[[D]], %[[V]]
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[OPEN:.*]] = arith.cmpf ogt, %[[X]], %[[Z]]
  // CHECK-NEXT: %[[Y:.*]] = arith.select %[[OPEN]], %[[FACTOR]], %[[Z]]
  // CHECK-NEXT: linalg.yield %[[Y]]
  // Hard sigmoid.
  // CHECK: linalg.generic {{.*}} ins(%[[A]], %[[W]], %[[M]] :
  // CHECK: %[[ABS:.*]] = math.absf %[[X:.*]] : f32
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[INSIDE:.*]] = arith.cmpf ogt, %[[ONE]], %[[ABS]]
  // CHECK: arith.constant 5.0{{.*}}e-01
  // CHECK: arith.select %[[INSIDE]],
  // Linear.
  // CHECK: linalg.generic {{.*}} ins(%[[A]], %[[W]], %[[M]] :
  // CHECK-NEXT: ^bb0(%[[D:.*]]: f32, %[[V:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32):
  // CHECK-NEXT: %[[Y:.*]] = arith.mulf %[[D]], %[[V]]
  // CHECK: linalg.yield %[[Y]]
  return %l3 : tensor<f32>
}

// -----

// The loss with a factor of its own: it is read at run time.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[Z:[^:]*]]: tensor<4x3xf64> {{{.*}}}, %[[LABELS:[^:]*]]: tensor<4xi64>, %[[A:[^:]*]]: tensor<f64>
func.func @f(%z: tensor<4x3xf64> {prune.param = #prune.param<"z", weight>}, %y: tensor<4xi64>, %a: tensor<f64>) -> tensor<f64> {
  %e = prune.softmax_cross_entropy %z, %y : tensor<4x3xf64>, tensor<4xi64>
  %l = arith.mulf %e, %a : tensor<f64>
  // CHECK: %[[MAX:.*]] = linalg.reduce { arith.maximumf } ins(%[[Z]] :
  // CHECK: %[[EXP:.*]] = linalg.generic {{.*}} ins(%[[Z]], %[[MAX]] :
  // CHECK: %[[SUM:.*]] = linalg.reduce { arith.addf } ins(%[[EXP]] :
  // CHECK: %[[X:.*]] = tensor.extract %[[A]][]
  // CHECK: %[[SCALE:.*]] = arith.divf %[[X]], %{{.*}} : f64
  // CHECK: %[[D:.*]] = linalg.generic {{.*}} ins(%[[EXP]], %[[SUM]], %[[LABELS]] :
  // CHECK-NEXT: ^bb0(%[[E:.*]]: f64, %[[S:.*]]: f64, %[[Y:.*]]: i64, %{{.*}}: f64):
  // CHECK-NEXT: %[[P:.*]] = arith.divf %[[E]], %[[S]]
  // CHECK-NEXT: %[[J:.*]] = linalg.index 1
  // CHECK-NEXT: %[[K:.*]] = arith.index_cast %[[J]] : index to i64
  // CHECK-NEXT: %[[HOT:.*]] = arith.cmpi eq, %[[K]], %[[Y]]
  // CHECK: %[[LESS:.*]] = arith.subf %[[P]], %{{.*}}
  // CHECK-NEXT: %[[Q:.*]] = arith.select %[[HOT]], %[[LESS]], %[[P]]
  // CHECK-NEXT: %[[R:.*]] = arith.mulf %[[Q]], %[[SCALE]]
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// Shares of the classes take the place of the one-hot row.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}: tensor<4x3xf64> {{{.*}}}, %[[SHARES:[^:]*]]: tensor<4x3xf64>
func.func @f(%z: tensor<4x3xf64> {prune.param = #prune.param<"z", weight>}, %t: tensor<4x3xf64>) -> tensor<f64> {
  %l = prune.softmax_cross_entropy %z, %t : tensor<4x3xf64>, tensor<4x3xf64>
  // CHECK: %[[D:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[SHARES]] :
  // CHECK-NEXT: ^bb0(%[[E:.*]]: f64, %[[S:.*]]: f64, %[[T:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[P:.*]] = arith.divf %[[E]], %[[S]]
  // CHECK-NEXT: %[[LESS:.*]] = arith.subf %[[P]], %[[T]]
  // CHECK-NEXT: %[[R:.*]] = arith.mulf %[[LESS]], %{{.*}}
  // CHECK-NEXT: linalg.yield %[[R]]
  // CHECK: return %{{.*}}, %[[D]]
  return %l : tensor<f64>
}

// -----

// The adjoint of the input is a batch normalization without mean and bias, what
// goes to scale and bias are the sums of the training form.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3x4xf64> {{{.*}}}, %[[G:[^:]*]]: tensor<3xf64> {{{.*}}}, %{{[^:]*}}: tensor<3xf64> {{{.*}}}, %[[M:[^:]*]]: tensor<3xf64>, %[[V:[^:]*]]: tensor<3xf64>, %[[A:[^:]*]]: tensor<2x3x4xf64>
func.func @f(%x: tensor<2x3x4xf64> {prune.param = #prune.param<"x", weight>}, %g: tensor<3xf64> {prune.param = #prune.param<"g", scale>},
             %b: tensor<3xf64> {prune.param = #prune.param<"b", bias>}, %m: tensor<3xf64>, %v: tensor<3xf64>,
             %a: tensor<2x3x4xf64>, %o: tensor<f64>) -> tensor<f64> {
  %y = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5 : tensor<2x3x4xf64>, tensor<3xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>]
    ins(%y, %a : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[ZEROS:.*]] = arith.constant dense<0.0{{.*}}> : tensor<3xf64>
  // CHECK: %[[DX:.*]] = prune.batch_norm %[[A]], %[[G]], %[[ZEROS]], %[[ZEROS]], %[[V]] epsilon
  // CHECK: %{{.*}}, %[[DG:.*]], %[[DB:.*]] = prune.batch_norm_gradient %[[X]], %[[G]], %[[M]], %[[V]], %[[A]] epsilon
  // CHECK: return %{{.*}}, %[[DX]], %[[DG]], %[[DB]]
  return %l : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3x4xf64> {{{.*}}}, %[[G:[^:]*]]: tensor<3xf64> {{{.*}}}, %[[B:[^:]*]]: tensor<3xf64> {{{.*}}}, %[[A:[^:]*]]: tensor<2x3x4xf64>
func.func @f(%x: tensor<2x3x4xf64> {prune.param = #prune.param<"x", weight>}, %g: tensor<3xf64> {prune.param = #prune.param<"g", scale>},
             %b: tensor<3xf64> {prune.param = #prune.param<"b", bias>}, %a: tensor<2x3x4xf64>, %o: tensor<f64>) -> tensor<f64> {
  // CHECK: %{{.*}}, %[[M:.*]], %[[V:.*]] = prune.batch_norm_training %[[X]], %[[G]], %[[B]]
  %y, %m, %v = prune.batch_norm_training %x, %g, %b epsilon 1.0e-5 : tensor<2x3x4xf64>, tensor<3xf64>
  %l = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>]
    ins(%y, %a : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%o : tensor<f64>) -> tensor<f64>
  // CHECK: %[[DX:.*]], %[[DG:.*]], %[[DB:.*]] = prune.batch_norm_gradient %[[X]], %[[G]], %[[M]], %[[V]], %[[A]]
  // CHECK: return %{{.*}}, %[[DX]], %[[DG]], %[[DB]]
  return %l : tensor<f64>
}

// -----

// The gate of a group: the sum of its factors, times one slope.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[W:[^:]*]]: tensor<4x3xf32> {{{.*}}}, %[[M:[^:]*]]: tensor<4xf32> {{{.*}}}, %[[A:[^:]*]]: tensor<4x3xf32>
func.func @f(%w: tensor<4x3xf32> {prune.param = #prune.param<"w", weight>}, %m: tensor<4xf32> {prune.param = #prune.param<"m", auxiliary>},
             %a: tensor<4x3xf32>, %o: tensor<f32>) -> tensor<f32> {
  %t = prune.gate %w, %m ste(<relu>) rule chain granularity(<channel, axis = 0>) : tensor<4x3xf32>, tensor<4xf32>
  %p = arith.mulf %t, %a : tensor<4x3xf32>
  %l = linalg.reduce { arith.addf } ins(%p : tensor<4x3xf32>) outs(%o : tensor<f32>) dimensions = [0, 1]
  // CHECK: %[[DW:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[DT:.*]], %[[M]] : tensor<4x3xf32>, tensor<4xf32>)
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[DT]], %[[W]] : tensor<4x3xf32>, tensor<4x3xf32>)
  // CHECK: arith.mulf
  // CHECK: arith.addf
  // CHECK: %[[DM:.*]] = linalg.generic {{.*}} ins(%[[SUM]], %[[M]] : tensor<4xf32>, tensor<4xf32>)
  // CHECK: return %{{.*}}, %[[DW]], %[[DM]]
  return %l : tensor<f32>
}

// -----

// What a pattern decompresses, its adjoint compresses, and the other way round.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}, %[[A:[^:]*]]: tensor<2xf32>
func.func @f(%v: tensor<3xf32> {prune.param = #prune.param<"v", weight>}, %a: tensor<2xf32>, %o: tensor<f32>) -> tensor<f32> {
  %w = prune.decompress %v pattern(dense<[0, 2, 3]> : tensor<3xi32>) : tensor<3xf32> -> tensor<5xf32>
  %p = prune.compress %w pattern(dense<[1, 3]> : tensor<2xi32>) : tensor<5xf32> -> tensor<2xf32>
  %l = linalg.dot ins(%p, %a : tensor<2xf32>, tensor<2xf32>) outs(%o : tensor<f32>) -> tensor<f32>
  // CHECK: %[[D:.*]] = prune.decompress %[[A]] pattern(dense<[1, 3]> : tensor<2xi32>) : tensor<2xf32> -> tensor<5xf32>
  // CHECK-NEXT: %[[G:.*]] = prune.compress %[[D]] pattern(dense<[0, 2, 3]> : tensor<3xi32>) : tensor<5xf32> -> tensor<3xf32>
  // CHECK-NEXT: return %{{.*}}, %[[G]]
  return %l : tensor<f32>
}
