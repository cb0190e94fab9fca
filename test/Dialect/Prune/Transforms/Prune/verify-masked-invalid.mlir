// RUN: prune-opt %s -split-input-file -verify-diagnostics --pass-pipeline="builtin.module(prune-verify-masked)"

func.func @plain(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<1.0> : tensor<2x2xf32>
  // expected-error@below {{expected weight 'fc1.weight' to be used through prune.apply_mask, got 'linalg.matmul'}}
  %0 = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x2xf32>) outs(%x : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @dynamic(%x: tensor<1x2xf32>, %m: tensor<2x2xi1>) -> tensor<1x2xf32> {
  %w = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<1.0> : tensor<2x2xf32>
  // expected-error@below {{expected a constant mask of weight 'fc1.weight'}}
  %t = prune.apply_mask %w, %m : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x2xf32>) outs(%x : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @score(%w: tensor<2x2xf32>) {
  // expected-error@below {{expected masks, got scores}}
  %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2x2xf32> -> tensor<2x2xf32>
  return
}
