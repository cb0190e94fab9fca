// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-expand-powers)' --split-input-file | FileCheck %s
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-expand-powers,prune-expand-powers)' --split-input-file | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline='builtin.module(prune-expand-powers)' --split-input-file -o /dev/null \
// RUN:   --prune-pass-statistics 2>&1 | FileCheck %s --check-prefix=STATISTICS %}

// STATISTICS: 5 num-powers-expanded

// CHECK-LABEL: func.func @constants(
// CHECK-SAME: %[[X:[^:]*]]: f32, %[[V:[^:]*]]: vector<4xf64>
func.func @constants(%x: f32, %v: vector<4xf64>) -> (f32, f32, f32, f32, vector<4xf64>) {
  %none = arith.constant 0 : i64
  %one = arith.constant 1 : i8
  %thirteen = arith.constant 13 : i64
  %inverse = arith.constant -2 : i32
  %three = arith.constant dense<3> : vector<4xi64>
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1.0
  %a = math.fpowi %x, %none : f32, i64
  %b = math.fpowi %x, %one : f32, i8
  // 13 = 1 + 4 + 8
  // CHECK: %[[X2:.*]] = arith.mulf %[[X]], %[[X]]
  // CHECK-NEXT: %[[X4:.*]] = arith.mulf %[[X2]], %[[X2]]
  // CHECK-NEXT: %[[X5:.*]] = arith.mulf %[[X]], %[[X4]]
  // CHECK-NEXT: %[[X8:.*]] = arith.mulf %[[X4]], %[[X4]]
  // CHECK-NEXT: %[[X13:.*]] = arith.mulf %[[X5]], %[[X8]]
  %c = math.fpowi %x, %thirteen : f32, i64
  // CHECK: %[[S:.*]] = arith.mulf %[[X]], %[[X]]
  // CHECK: %[[Q:.*]] = arith.divf %{{.*}}, %[[S]]
  %d = math.fpowi %x, %inverse : f32, i32
  // CHECK: %[[V2:.*]] = arith.mulf %[[V]], %[[V]]
  // CHECK-NEXT: %[[V3:.*]] = arith.mulf %[[V]], %[[V2]]
  %e = math.fpowi %v, %three : vector<4xf64>, vector<4xi64>
  // CHECK: return %[[ONE]], %[[X]], %[[X13]], %[[Q]], %[[V3]]
  return %a, %b, %c, %d, %e : f32, f32, f32, f32, vector<4xf64>
}

// -----

// An exponent that is not known, or large.

// STATISTICS: 2 num-powers-expanded

// CHECK-LABEL: func.func @others(
// CHECK-SAME: %[[X:[^:]*]]: f32, %[[N:[^:]*]]: i64
func.func @others(%x: f32, %n: i64) -> (f32, f32) {
  // CHECK: %[[SIZE:.*]] = math.absf %[[X]]
  // CHECK: %[[F:.*]] = arith.sitofp %[[N]] : i64 to f32
  // CHECK: %[[P:.*]] = math.powf %[[SIZE]], %[[F]]
  // CHECK: %[[BIT:.*]] = arith.andi %[[N]], %{{.*}}
  // CHECK: %[[ODD:.*]] = arith.cmpi eq, %[[BIT]]
  // CHECK: %[[SIGNED:.*]] = math.copysign %[[P]], %[[X]]
  // CHECK: arith.select %[[ODD]], %[[SIGNED]], %[[P]]
  %a = math.fpowi %x, %n : f32, i64
  %big = arith.constant 17 : i64
  // CHECK: math.powf
  %b = math.fpowi %x, %big : f32, i64
  return %a, %b : f32, f32
}

// -----

// A tensor of unknown extents waits until its elements are scalars.

// CHECK-LABEL: func.func @dynamic(
func.func @dynamic(%x: tensor<?xf32>, %n: tensor<?xi64>) -> tensor<?xf32> {
  // CHECK: math.fpowi
  %a = math.fpowi %x, %n : tensor<?xf32>, tensor<?xi64>
  return %a : tensor<?xf32>
}
