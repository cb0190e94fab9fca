// A convolution and a sparse product become code; what cannot stays.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx512})" --remarks-filter=".*" 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=avx2})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=AVX2
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=portable})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=STREAM
// RUN: env PRUNE_MAX_ISA=base prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=host})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=STREAM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=none})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=NONE

// The plan is the same for all instruction sets.
// AVX2: {{[0-9]+}} bytes of avx2 code, 1 panels of an image
// AVX2-LABEL: func @convolution
// AVX2: kernel.generated
// AVX2-SAME: isa = "avx2"
// AVX2-SAME: panels = array<i32: 0, 0, 983091, 0, 0, 0, 0>
// AVX2-SAME: shape = array<i64: 1, 1, 4, 4, 8, 4, 2, 3, 3, 1, 1, 0, 0, 4, 4, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 1, 3>
// AVX2-SAME: stream = dense_resource<stream> : tensor<5xf32>

// Six numbers, and for each of two rows its place, its bias, how many weights
// there are, and two numbers for each.
// STREAM: 72 bytes of a stream, 1 panels of an image
// STREAM-LABEL: func @convolution
// STREAM: kernel.generated
// STREAM-SAME: isa = "portable"
// STREAM-SAME: panels = array<i32: 0, 0, 983091, 0, 0, 0, 0>
// STREAM-SAME: stream = dense_resource<stream> : tensor<18xf32>

// NONE: no code is generated: there is none for this processor
// NONE-NOT: kernel.generated

// Two rows, three taps that are not zero; 2x2 results are one panel of planes
// of 4x4, whose lanes 0, 1, 4 and 5 are results.
// REMARK-DAG: {{[0-9]+}} bytes of avx512 code, 1 panels of an image
// CHECK-LABEL: func @convolution
func.func @convolution(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant dense<[[[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]],
                             [[[0.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]]]]> : tensor<2x1x3x3xf32>
  %b = arith.constant dense<[4.0, 5.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  // CHECK: kernel.generated ins(%{{.*}} : tensor<1x1x4x4xf32>) outs(%{{.*}} : tensor<1x2x2x2xf32>)
  // CHECK-SAME: isa = "avx512"
  // CHECK-SAME: panels = array<i32: 0, 0, 983091, 0, 0, 0, 0>
  // CHECK-SAME: prune.kernel = #prune.kernel<straight_line>
  // CHECK-SAME: segments = array<i64: 0, 0>
  // CHECK-SAME: shape = array<i64: 1, 1, 4, 4, 8, 4, 2, 3, 3, 1, 1, 0, 0, 4, 4, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 1, 3>
  // CHECK-SAME: stream = dense_resource<stream> : tensor<5xf32>
  %y = onednn.convolution ins(%x, %w : tensor<1x1x4x4xf32>, tensor<2x1x3x3xf32>) bias(%b : tensor<2xf32>)
      outs(%e : tensor<1x2x2x2xf32>) {prune.kernel = #prune.kernel<straight_line>, activation = #kernel.activation<relu>,
      constant_weights, dilations = array<i64: 1, 1>, groups = 1 : i64, padding = array<i64: 0, 0, 0, 0>,
      strides = array<i64: 1, 1>} -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// Two channels by themselves, with the same code and weights of their own.
// REMARK-DAG: {{[0-9]+}} bytes of avx512 code, 1 panels of an image
// CHECK-LABEL: func @depthwise
func.func @depthwise(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %w = arith.constant dense<[[[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]],
                             [[[3.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 4.0]]]]> : tensor<2x1x3x3xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  // CHECK: kernel.generated
  // CHECK-SAME: segments = array<i64: 0, 0, 0, 2>
  // CHECK-SAME: shape = array<i64: 1, 2, 4, 4, 8, 4, 2, 3, 3, 1, 1, 0, 0, 4, 4, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 4>
  // CHECK-SAME: stream = dense_resource<stream{{.*}}> : tensor<4xf32>
  %y = onednn.convolution ins(%x, %w : tensor<1x2x4x4xf32>, tensor<2x1x3x3xf32>)
      outs(%e : tensor<1x2x2x2xf32>) {prune.kernel = #prune.kernel<straight_line>,
      constant_weights, dilations = array<i64: 1, 1>, groups = 2 : i64, padding = array<i64: 0, 0, 0, 0>,
      strides = array<i64: 1, 1>} -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// Forty columns are two panels and one of eight lanes.
// REMARK-DAG: {{[0-9]+}} bytes of avx512 code, 3 panels of an image
// CHECK-LABEL: func @product
func.func @product(%x: tensor<3x40xf32>) -> tensor<2x40xf32> {
  %v = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %i = arith.constant dense<[0, 2, 1]> : tensor<3xi32>
  %p = arith.constant dense<[0, 2, 3]> : tensor<3xi32>
  %e = tensor.empty() : tensor<2x40xf32>
  // CHECK: kernel.generated
  // CHECK-SAME: panels = array<i32: 0, 0, -1, 0, 0, 0, 0, 48, 16, -1, 0, 0, 0, 0, 96, 32, 16711935, 0, 0, 0, 0>
  // CHECK-SAME: shape = array<i64: 1, 3, 1, 40, 80, 40, 40, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 80, 0, 0, 0, 0, 0, 1, 3>
  %y = kernel.spmm ins(%v, %i, %p, %x : tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3x40xf32>)
      outs(%e : tensor<2x40xf32>) {prune.kernel = #prune.kernel<straight_line>} -> tensor<2x40xf32>
  return %y : tensor<2x40xf32>
}

// REMARK-DAG: no code is generated: its activation is not relu
// REMARK-DAG: no code is generated: its weight or bias is no constant
// CHECK-LABEL: func @refused
func.func @refused(%x: tensor<3x40xf32>, %b: tensor<2xf32>) -> (tensor<2x40xf32>, tensor<2x40xf32>, tensor<2x40xf32>) {
  %v = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %i = arith.constant dense<[0, 2, 1]> : tensor<3xi32>
  %p = arith.constant dense<[0, 2, 3]> : tensor<3xi32>
  %e = tensor.empty() : tensor<2x40xf32>
  // CHECK-NOT: kernel.generated
  %y0 = kernel.spmm ins(%v, %i, %p, %x : tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3x40xf32>)
      outs(%e : tensor<2x40xf32>) {activation = #kernel.activation<tanh>,
      prune.kernel = #prune.kernel<straight_line>} -> tensor<2x40xf32>
  %y1 = kernel.spmm ins(%v, %i, %p, %x : tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3x40xf32>)
      bias(%b : tensor<2xf32>) outs(%e : tensor<2x40xf32>)
      {prune.kernel = #prune.kernel<straight_line>} -> tensor<2x40xf32>
  // No kernel of this family was chosen.
  %y2 = kernel.spmm ins(%v, %i, %p, %x : tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3x40xf32>)
      outs(%e : tensor<2x40xf32>) {prune.kernel = #prune.kernel<csr>} -> tensor<2x40xf32>
  return %y0, %y1, %y2 : tensor<2x40xf32>, tensor<2x40xf32>, tensor<2x40xf32>
}
