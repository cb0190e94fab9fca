// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-verify-kernels)" -split-input-file -verify-diagnostics

func.func @missing(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error@below {{expected a kernel in 'prune.kernel'}}
  %z = linalg.matmul ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// -----

func.func @masked(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>, %m: tensor<4x2xi1>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  %t = prune.apply_mask %w, %m : tensor<4x2xf32>
  // expected-error@below {{cannot run the kernel csr: its weight is no constant}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %t : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// -----

func.func @batched(%x: tensor<3x8x4xf32>, %i: tensor<3x8x2xf32>) -> tensor<3x8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<3x4x2xf32>
  // expected-error@below {{cannot run the kernel csr: it is no product of two static f32 matrices}}
  %z = linalg.batch_matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %w : tensor<3x8x4xf32>, tensor<3x4x2xf32>) outs(%i : tensor<3x8x2xf32>) -> tensor<3x8x2xf32>
  return %z : tensor<3x8x2xf32>
}

// -----

func.func @unknown_setting(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error@below {{the plan of 'straight_line' has 'blocks', 'image_lanes', 'segment_bytes', 'tile_rows', not 'rows'}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<straight_line, {rows = 3}>}
      ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// -----

func.func @no_settings(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error@below {{the plan of 'csr' has no settings, not 'rows'}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<csr, {rows = 3}>}
      ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// -----

func.func @setting_out_of_range(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error@below {{expected 'tile_rows' in the plan to be a number from 1 to 30}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<straight_line, {tile_rows = 31}>}
      ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// -----

func.func @setting_is_no_number(%x: tensor<8x4xf32>, %i: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error@below {{expected 'blocks' in the plan to be a number from 0 to 1}}
  %z = linalg.matmul {prune.kernel = #prune.kernel<straight_line, {blocks = "yes"}>}
      ins(%x, %w : tensor<8x4xf32>, tensor<4x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}
