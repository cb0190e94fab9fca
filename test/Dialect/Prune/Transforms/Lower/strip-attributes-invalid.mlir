// RUN: prune-opt %s -prune-strip-attributes -verify-diagnostics

func.func @f(%w: tensor<2xf32>, %m: tensor<2xi1>) -> tensor<2xf32> {
  // expected-error @below {{'prune.apply_mask' op is left, expected operations of MLIR alone (convert-prune-to-linalg)}}
  %0 = prune.apply_mask %w, %m : tensor<2xf32>
  return %0 : tensor<2xf32>
}
