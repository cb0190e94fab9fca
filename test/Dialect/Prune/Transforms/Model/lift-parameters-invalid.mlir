// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-lift-parameters)"

// expected-error@below {{expected a function that nothing refers to}}
func.func @callee() {
  %0 = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  return
}
func.func @caller() {
  call @callee() : () -> ()
  return
}
