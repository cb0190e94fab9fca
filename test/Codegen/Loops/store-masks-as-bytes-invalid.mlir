// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-store-masks-as-bytes)" -split-input-file -verify-diagnostics

func.func @unknown(%m: tensor<4xi1>) -> tensor<4xi32> {
  // expected-error @below {{works on a tensor of i1 in a way that has no byte form}}
  %r = arith.extui %m : tensor<4xi1> to tensor<4xi32>
  return %r : tensor<4xi32>
}
