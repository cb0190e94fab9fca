// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-differentiate)" | FileCheck %s

// Each rule multiplies the adjoint %a of the result %y by the derivative.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.exp %[[W]]
  %y = math.exp %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[Y]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.exp2 %[[W]]
  %y = math.exp2 %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[A]], %[[Y]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant 0.693147{{.*}} : f64
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[P]], %[[C]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.expm1 %[[W]]
  %y = math.expm1 %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[Y]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.log %[[W]]
  %y = math.log %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[W]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.log1p %[[W]]
  %y = math.log1p %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[W]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.log2 %[[W]]
  %y = math.log2 %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.constant 0.693147{{.*}} : f64
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[W]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.log10 %[[W]]
  %y = math.log10 %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.constant 2.302585{{.*}} : f64
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[W]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.sqrt %[[W]]
  %y = math.sqrt %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[Y]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.rsqrt %[[W]]
  %y = math.rsqrt %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[Y]], %[[Y]]
  // CHECK-NEXT: %[[Q:.*]] = arith.mulf %[[P]], %[[Y]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant -5.0{{.*}}e-01
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[Q]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.cbrt %[[W]]
  %y = math.cbrt %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[Y]], %[[Y]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant 3.0
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[P]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.sin %[[W]]
  %y = math.sin %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[S:.*]] = math.cos %[[W]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.cos %[[W]]
  %y = math.cos %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = math.sin %[[W]]
  // CHECK-NEXT: %[[S:.*]] = arith.negf %[[P]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.atan %[[W]]
  %y = math.atan %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[W]], %[[W]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[P]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.divf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.sinh %[[W]]
  %y = math.sinh %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[S:.*]] = math.cosh %[[W]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.cosh %[[W]]
  %y = math.cosh %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[S:.*]] = math.sinh %[[W]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.tanh %[[W]]
  %y = math.tanh %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[Y]], %[[Y]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[S:.*]] = arith.subf %[[C]], %[[P]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.erf %[[W]]
  %y = math.erf %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[W]], %[[W]]
  // CHECK-NEXT: %[[N:.*]] = arith.negf %[[P]]
  // CHECK-NEXT: %[[E:.*]] = math.exp %[[N]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant 1.128379{{.*}} : f64
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[E]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.erfc %[[W]]
  %y = math.erfc %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[W]], %[[W]]
  // CHECK-NEXT: %[[N:.*]] = arith.negf %[[P]]
  // CHECK-NEXT: %[[E:.*]] = math.exp %[[N]]
  // CHECK-NEXT: %[[C:.*]] = arith.constant -1.128379{{.*}} : f64
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[E]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.absf %[[W]]
  %y = math.absf %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[C:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[P:.*]] = arith.cmpf ogt, %[[W]], %[[C]]
  // CHECK-NEXT: %[[N:.*]] = arith.cmpf ogt, %[[C]], %[[W]]
  // CHECK-NEXT: %[[M:.*]] = arith.negf %[[A]]
  // CHECK-NEXT: %[[S:.*]] = arith.select %[[N]], %[[M]], %[[C]]
  // CHECK-NEXT: %[[D:.*]] = arith.select %[[P]], %[[A]], %[[S]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.floor %[[W]]
  %y = math.floor %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.constant 0.0
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.ceil %[[W]]
  %y = math.ceil %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.constant 0.0
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.round %[[W]]
  %y = math.round %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.constant 0.0
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.roundeven %[[W]]
  %y = math.roundeven %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.constant 0.0
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}, %a: f64) -> f64 {
  // CHECK: %[[Y:.*]] = math.trunc %[[W]]
  %y = math.trunc %w : f64
  // CHECK-NEXT: %[[L:.*]] = arith.mulf %[[Y]], %[[A]]
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[D:.*]] = arith.constant 0.0
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64 {{.*}}, %[[Z:[^:]*]]: f64 {{.*}}, %[[A:[^:]*]]: f64)
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>},
                %z: f64 {prune.param = #prune.param<"z", weight>}, %a: f64) -> f64 {
  %y = math.fma %v, %w, %z : f64
  // CHECK: %[[L:.*]] = arith.mulf
  %l = arith.mulf %y, %a : f64
  // CHECK-NEXT: %[[DV:.*]] = arith.mulf %[[A]], %[[W]]
  // CHECK-NEXT: %[[DW:.*]] = arith.mulf %[[A]], %[[V]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]], %[[A]]
  return %l : f64
}

// -----

// A square needs no power.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}) -> f64 {
  // CHECK: %[[TWO:.*]] = arith.constant 2.0
  %two = arith.constant 2.0 : f64
  // CHECK-NEXT: %[[L:.*]] = math.powf
  %l = math.powf %w, %two : f64
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[W]], %[[TWO]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[V:[^:]*]]: f64 {{.*}}, %[[W:[^:]*]]: f64
func.func @loss(%v: f64 {prune.param = #prune.param<"v", weight>}, %w: f64 {prune.param = #prune.param<"w", weight>}) -> f64 {
  // CHECK: %[[L:.*]] = math.powf
  %l = math.powf %v, %w : f64
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.0
  // CHECK-NEXT: %[[LESS:.*]] = arith.subf %[[W]], %[[ONE]]
  // CHECK-NEXT: %[[P:.*]] = math.powf %[[V]], %[[LESS]]
  // CHECK-NEXT: %[[DP:.*]] = arith.mulf %[[P]], %[[W]]
  // CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[NONE:.*]] = arith.cmpf oeq, %[[W]], %[[ZERO]]
  // CHECK-NEXT: %[[DV:.*]] = arith.select %[[NONE]], %[[ZERO]], %[[DP]]
  // CHECK-NEXT: %[[LOG:.*]] = math.log %[[V]]
  // CHECK-NEXT: %[[DL:.*]] = arith.mulf %[[L]], %[[LOG]]
  // CHECK-NEXT: %[[NULL:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[ATZERO:.*]] = arith.cmpf oeq, %[[V]], %[[NULL]]
  // CHECK-NEXT: %[[NEGATIVE:.*]] = arith.cmpf ogt, %[[NULL]], %[[W]]
  // CHECK-NEXT: %[[REST:.*]] = arith.select %[[NEGATIVE]], %[[DL]], %[[NULL]]
  // CHECK-NEXT: %[[DW:.*]] = arith.select %[[ATZERO]], %[[REST]], %[[DL]]
  // CHECK-NEXT: return %[[L]], %[[DV]], %[[DW]]
  return %l : f64
}

// -----

// Integer exponents: a square needs no power, any other constant the one before,
// and what is one everywhere has no slope.

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f64
func.func @loss(%w: f64 {prune.param = #prune.param<"w", weight>}) -> f64 {
  %zero = arith.constant 0 : i64
  %two = arith.constant 2 : i64
  %inverse = arith.constant -1 : i64
  %one = math.fpowi %w, %zero : f64, i64
  %square = math.fpowi %w, %two : f64, i64
  %quotient = math.fpowi %w, %inverse : f64, i64
  // CHECK: %[[S:.*]] = arith.addf
  %s = arith.addf %square, %quotient : f64
  %l = arith.addf %s, %one : f64
  // CHECK: %[[L:.*]] = arith.addf %[[S]]
  // CHECK-NEXT: %[[LESS:.*]] = arith.constant -2 : i64
  // CHECK-NEXT: %[[P:.*]] = math.fpowi %[[W]], %[[LESS]]
  // CHECK-NEXT: %[[MINUS:.*]] = arith.constant -1.0
  // CHECK-NEXT: %[[DQ:.*]] = arith.mulf %[[P]], %[[MINUS]]
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[DS:.*]] = arith.mulf %[[W]], %[[TWO]]
  // CHECK-NEXT: %[[D:.*]] = arith.addf %[[DQ]], %[[DS]]
  // CHECK-NEXT: return %[[L]], %[[D]]
  return %l : f64
}

// -----

// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[W:[^:]*]]: f32 {{.*}}, %[[N:[^:]*]]: i32
func.func @loss(%w: f32 {prune.param = #prune.param<"w", weight>}, %n: i32) -> f32 {
  // CHECK: %[[L:.*]] = math.fpowi
  %l = math.fpowi %w, %n : f32, i32
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1 : i32
  // CHECK-NEXT: %[[NONE:.*]] = arith.constant 0 : i32
  // CHECK-NEXT: %[[LESS:.*]] = arith.subi %[[N]], %[[ONE]]
  // CHECK-NEXT: %[[P:.*]] = math.fpowi %[[W]], %[[LESS]]
  // CHECK-NEXT: %[[F:.*]] = arith.sitofp %[[N]]
  // CHECK-NEXT: %[[D:.*]] = arith.mulf %[[P]], %[[F]]
  // CHECK-NEXT: %[[ISZERO:.*]] = arith.cmpi eq, %[[N]], %[[NONE]]
  // CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0.0
  // CHECK-NEXT: %[[DW:.*]] = arith.select %[[ISZERO]], %[[ZERO]], %[[D]]
  // CHECK-NEXT: return %[[L]], %[[DW]]
  return %l : f32
}
