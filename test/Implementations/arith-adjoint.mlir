// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-differentiate)" | FileCheck %s

// The adjoint of the result %y is %a.

// The adjoint itself, no operation.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = arith.addf %[[V]]
  %y = arith.addf %v, %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: return %[[L]], %[[A]], %[[A]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = arith.subf %[[V]]
  %y = arith.subf %v, %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[DW:.*]] = arith.negf %[[A]]
  // CHECK-NEXT: return %[[L]], %[[A]], %[[DW]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = arith.mulf %[[V]]
  %y = arith.mulf %v, %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[DV:.*]] = arith.mulf %[[A]], %[[W]]
  // CHECK-NEXT: %[[DW:.*]] = arith.mulf %[[A]], %[[V]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]]
  return %l : f64
}

// -----

// A square.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %y = arith.mulf %w, %w : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[W]], %[[W]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// The quotient is read, not computed again.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = arith.divf %[[V]]
  %y = arith.divf %v, %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[DV:.*]] = arith.divf %[[A]], %[[W]]
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[DV]], %[[Y]]
  // CHECK-NEXT: %[[DW:.*]] = arith.negf %[[P]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %y = arith.negf %w : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.negf %[[A]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %n = arith.truncf %w : f64 to f32
  %y = arith.extf %n : f32 to f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[T:.*]] = arith.truncf %[[A]] : f64 to f32
  // CHECK-NEXT: %[[D:.*]] = arith.extf %[[T]] : f32 to f64
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// Every adjoint goes to one of the two values.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = arith.maximumf %[[V]]
  %y = arith.maximumf %v, %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.cmpf ogt, %[[Y]], %[[W]]
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[DV:.*]] = arith.select %[[C]], %[[A]], %[[Z]]
  // CHECK-NEXT: %[[DW:.*]] = arith.select %[[C]], %[[Z]], %[[A]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = arith.minnumf %[[V]]
  %y = arith.minnumf %v, %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.cmpf ogt, %[[W]], %[[Y]]
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[DV:.*]] = arith.select %[[C]], %[[A]], %[[Z]]
  // CHECK-NEXT: %[[DW:.*]] = arith.select %[[C]], %[[Z]], %[[A]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]]
  return %l : f64
}

// -----

// The second value is the one that is needed.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %c = arith.constant 3.0 : f64
  %y = arith.minimumf %c, %w : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.cmpf ogt, %[[THREE:.*]], %[[Y]]
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[D:.*]] = arith.select %[[C]], %[[A]], %[[Z]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// A rectifier as a selection: the condition is recomputed from the result, which
// is kept anyway.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %c = arith.constant 0.0 : f64
  %p = arith.cmpf olt, %w, %c : f64
  %y = arith.select %p, %c, %w : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.cmpf ogt, %[[Y]], %[[ZERO:.*]] :
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[D:.*]] = arith.select %[[C]], %[[A]], %[[Z]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// A minimum as a selection.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %c = arith.constant 0.0 : f64
  %p = arith.cmpf ugt, %c, %w : f64
  %y = arith.select %p, %w, %c : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.cmpf ogt, %[[ZERO:.*]], %[[Y]] :
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[D:.*]] = arith.select %[[C]], %[[A]], %[[Z]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// A selection that is no extremum keeps its condition.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64, %[[C:[^:]*]]: i1)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64, %c: i1) -> f64 {
  %y = arith.select %c, %v, %w : f64
  // CHECK: %[[L:.*]] = arith.mulf
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[Z:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[DV:.*]] = arith.select %[[C]], %[[A]], %[[Z]]
  // CHECK-NEXT: %[[DW:.*]] = arith.select %[[C]], %[[Z]], %[[A]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]]
  return %l : f64
}

// -----

// A sigmoid needs nothing but its result.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %c = arith.constant 1.0 : f64
  %n = arith.negf %w : f64
  %e = math.exp %n : f64
  %s = arith.addf %c, %e : f64
  %y = arith.divf %c, %s : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[Y:.*]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[R:.*]] = arith.subf %[[ONE]], %[[Y]]
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[Y]], %[[R]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// A comparison and a conversion to an integer pass no gradient on.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  %i = arith.fptosi %w : f64 to i32
  %f = arith.sitofp %i : i32 to f64
  %c = arith.cmpf ogt, %w, %a : f64
  %g = arith.uitofp %c : i1 to f64
  %s = arith.addf %f, %g : f64
  // CHECK: %[[L:.*]] = arith.mulf %[[S:.*]], %[[W]]
  %l = arith.mulf %s, %w : f64
  // CHECK-NEXT: return %[[L]], %[[S]]
  return %l : f64
}

// -----

// The same rules, element by element.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: tensor<f32> {{.*}}, %[[A:[^:]*]]: tensor<f32>)
func.func @loss(%w: tensor<f32> {prune.param = #prune.param<"w", weight>}, %a: tensor<f32>) -> tensor<f32> {
  %c = arith.constant dense<0.0> : tensor<f32>
  // CHECK: %[[Y:.*]] = arith.maximumf
  %y = arith.maximumf %w, %c : tensor<f32>
  // CHECK-NEXT: %[[L:.*]] = arith.mulf
  %l = arith.mulf %y, %a : tensor<f32>
  // CHECK-NEXT: %[[C:.*]] = arith.cmpf ogt, %[[Y]], %{{.*}} : tensor<f32>
  // CHECK-NEXT: %[[Z:.*]] = arith.constant dense<0.0{{.*}}> : tensor<f32>
  // CHECK-NEXT: %[[D:.*]] = arith.select %[[C]], %[[A]], %[[Z]] : tensor<i1>, tensor<f32>
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : tensor<f32>
}
