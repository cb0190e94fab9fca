// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-approximate-math)" | FileCheck %s

// CHECK-LABEL: func.func @vector
// CHECK-NOT: math.exp %
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: math.tanh
// CHECK: return
func.func @vector(%x: vector<16xf32>) -> vector<16xf32> {
  %e = math.exp %x : vector<16xf32>
  %l = math.log %e : vector<16xf32>
  %t = math.tanh %l : vector<16xf32>
  return %t : vector<16xf32>
}

// Polynomials are for f32 only, and for functions that LLVM has no vectors of.
// CHECK-LABEL: func.func @kept
// CHECK: math.exp %{{.*}} : vector<8xf64>
// CHECK: math.sqrt %{{.*}} : vector<16xf32>
func.func @kept(%x: vector<8xf64>, %y: vector<16xf32>) -> (vector<8xf64>, vector<16xf32>) {
  %e = math.exp %x : vector<8xf64>
  %s = math.sqrt %y : vector<16xf32>
  return %e, %s : vector<8xf64>, vector<16xf32>
}
