// Where the batch runs in parts, so that images stay in the cache, kernels are
// chosen for the images of a part: one of 512 by 512 here, not 16.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512})" --remarks-filter=".*" 2>&1 | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512 batch=16})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=WHOLE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=avx512 threads=2})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=THREADS

// CHECK: straight_line kernel: {{.*}} 262144 columns
// WHOLE: straight_line kernel: {{.*}} 4194304 columns
// THREADS: straight_line kernel: {{.*}} 524288 columns
func.func @forward(%x: tensor<16x2x512x512xf32> {prune.input = "x"}) -> tensor<16x2x512x512xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[2.0]]]]> : tensor<2x2x1x1xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<16x2x512x512xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<16x2x512x512xf32>) -> tensor<16x2x512x512xf32>
  %y = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<16x2x512x512xf32>, tensor<2x2x1x1xf32>) outs(%f : tensor<16x2x512x512xf32>) -> tensor<16x2x512x512xf32>
  return %y : tensor<16x2x512x512xf32>
}
