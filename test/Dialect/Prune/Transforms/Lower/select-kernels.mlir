// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=%S/Inputs/sparse-is-free.json},prune-verify-kernels)" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none kernel=csr},prune-verify-kernels)" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefixes=CHECK,CSR
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none kernel=dense},prune-verify-kernels)" | FileCheck %s --check-prefix=DENSE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none},prune-verify-kernels)" | FileCheck %s --check-prefix=DENSE

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Eight columns lie half way between 1 and 64: dense 2 + 2*8*8/1.5 and sparse
// 1 + 2*2*8/4 microseconds, at 1.5 and 4 operations a microsecond.
// AUTO: Kernel=csr, Layer=fc1.weight, {{.*}}csr kernel: predicted fastest; 2x4 weights, 75.0 % zeros, 8 columns, dense 53.20 us, csr 9.00 us
// CSR: csr kernel: forced; 2x4 weights, 75.0 % zeros, 8 columns
// AUTO: Layer=fc2.weight, {{.*}}dense kernel: its weight is no constant
// CSR: Layer=fc2.weight, {{.*}}dense kernel: its weight is no constant

// CHECK-LABEL: func @forward
// DENSE-LABEL: func @forward
func.func @forward(%x: tensor<8x4xf32>, %w2: tensor<3x2xf32> {prune.param = #prune.param<"fc2.weight", weight>},
                   %a: tensor<8x4xf32>, %b: tensor<4x2xf32>) -> (tensor<8x3xf32>, tensor<8x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %e1 = tensor.empty() : tensor<8x2xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x2xf32>) -> tensor<8x2xf32>
  // CHECK: linalg.matmul {{.*}}{prune.kernel = #prune.kernel<csr>}
  // DENSE: linalg.matmul {{.*}}{prune.kernel = #prune.kernel<dense>}
  %z1 = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %w1 : tensor<8x4xf32>, tensor<2x4xf32>) outs(%f1 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %e2 = tensor.empty() : tensor<8x3xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  // CHECK: linalg.matmul {{.*}}{prune.kernel = #prune.kernel<dense>}
  %z2 = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%z1, %w2 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%f2 : tensor<8x3xf32>) -> tensor<8x3xf32>
  // A product of two activations has no weight and no kernel.
  // CHECK-NOT: prune.kernel
  %z3 = linalg.matmul ins(%a, %b : tensor<8x4xf32>, tensor<4x2xf32>) outs(%f1 : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z2, %z3 : tensor<8x3xf32>, tensor<8x2xf32>
}
