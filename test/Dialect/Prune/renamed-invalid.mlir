// RUN: prune-opt %s --split-input-file --verify-diagnostics

// Operations that had other names before version 0.1.
func.func @compress(%w: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @below {{custom op 'prune.pack' is called 'prune.compress' now}}
  %0 = prune.pack %w pattern(dense<[1, 3]> : tensor<2xi32>) : tensor<2x3xf32> -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @decompress(%v: tensor<2xf32>) -> tensor<2x3xf32> {
  // expected-error @below {{custom op 'prune.unpack' is called 'prune.decompress' now}}
  %0 = prune.unpack %v pattern(dense<[1, 3]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
