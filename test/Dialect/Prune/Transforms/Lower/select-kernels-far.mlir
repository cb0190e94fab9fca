// A kernel has to be predicted faster than the dense one by more where few
// columns use weights that the second cache does not hold: those predictions
// are further off.

// RUN: sed 's/"call": 1000/"call": 35000/' %S/Inputs/sparse-is-free.json > %t.near.json
// RUN: sed 's/1048576/16/' %t.near.json > %t.far.json
// RUN: sed 's/1048576/16/; s/"call": 1000/"call": 270000/' %S/Inputs/sparse-is-free.json > %t.columns.json
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=%t.near.json})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=NEAR
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=%t.far.json})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=FAR
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=%t.columns.json})" --remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=COLUMNS

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// NEAR: Kernel=csr, Layer=few, {{.*}}8 columns, dense 53.20 us, csr 43.00 us
// FAR: Kernel=dense, Layer=few, {{.*}}8 columns, dense 53.20 us, csr 43.00 us
func.func @few(%x: tensor<8x4xf32>) -> tensor<8x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"few", weight>} dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %empty = tensor.empty() : tensor<8x2xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %w : tensor<8x4xf32>, tensor<2x4xf32>) outs(%filled : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}

// COLUMNS: Kernel=csr, Layer=many, {{.*}}65 columns, dense 418.00 us, csr 335.00 us
func.func @many(%x: tensor<65x4xf32>) -> tensor<65x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"many", weight>} dense<[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %empty = tensor.empty() : tensor<65x2xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<65x2xf32>) -> tensor<65x2xf32>
  %z = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %w : tensor<65x4xf32>, tensor<2x4xf32>) outs(%filled : tensor<65x2xf32>) -> tensor<65x2xf32>
  return %z : tensor<65x2xf32>
}
