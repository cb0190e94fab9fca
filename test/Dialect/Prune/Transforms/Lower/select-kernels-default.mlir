// The built-in figures: mostly zeros at many columns are worth a sparse kernel.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none})" | FileCheck %s --check-prefix=MANY
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none batch=1})" | FileCheck %s --check-prefix=ONE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512})" | FileCheck %s --check-prefix=CODE

// MANY: linalg.matmul {prune.kernel = #prune.kernel<csr>}
// ONE: linalg.matmul {prune.kernel = #prune.kernel<csr>}
// CODE: linalg.matmul {prune.kernel = #prune.kernel<straight_line>}
func.func @zeros(%x: tensor<256x512xf32>, %i: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %w = arith.constant dense<0.0> : tensor<512x512xf32>
  %z = linalg.matmul ins(%x, %w : tensor<256x512xf32>, tensor<512x512xf32>) outs(%i : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %z : tensor<256x512xf32>
}

// MANY: linalg.matmul {prune.kernel = #prune.kernel<dense>}
// ONE: linalg.matmul {prune.kernel = #prune.kernel<dense>}
// CODE: linalg.matmul {prune.kernel = #prune.kernel<dense>}
func.func @ones(%x: tensor<256x512xf32>, %i: tensor<256x512xf32>) -> tensor<256x512xf32> {
  %w = arith.constant dense<1.0> : tensor<512x512xf32>
  %z = linalg.matmul ins(%x, %w : tensor<256x512xf32>, tensor<512x512xf32>) outs(%i : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %z : tensor<256x512xf32>
}

// A convolution of which nine of ten weights are zero, and one of groups.
// MANY: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<dense>
// CODE: linalg.conv_2d_nchw_fchw {{.*}}prune.kernel = #prune.kernel<straight_line>
func.func @convolution(%x: tensor<1x64x30x30xf32>, %i: tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32> {
  %w = arith.constant dense<0.0> : tensor<64x64x3x3xf32>
  %z = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x64x30x30xf32>, tensor<64x64x3x3xf32>) outs(%i : tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32>
  return %z : tensor<1x64x28x28xf32>
}
