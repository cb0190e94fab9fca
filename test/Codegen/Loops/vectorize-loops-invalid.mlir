// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops{vector-width=100})" 2>&1 | FileCheck %s

// CHECK: option vector-width is 100, expected a power of two of at least 64
func.func @f() {
  return
}
