// Kernels that were measured go before predictions, for layers of the same name
// and size.

// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=none model=%S/Inputs/sparse-is-free.json tuned=%S/Inputs/tuned.json})" --remarks-filter="prune-select-kernels" 2>&1 | FileCheck %s
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{tuned=%S/Inputs/no-call.json})" 2>&1 | FileCheck %s --check-prefix=VERSION
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{tuned=%S/Inputs/missing.json})" 2>&1 | FileCheck %s --check-prefix=MISSING

// VERSION: error: cannot use the tuned kernels '{{.*}}no-call.json': expected an object with 'version' 1
// MISSING: error: cannot use the tuned kernels '{{.*}}missing.json': No such file

// CHECK-DAG: Layer=fc1.weight, NonZeros=3, {{.*}}lanes kernel: measured fastest; 2x3 weights
// CHECK-DAG: Layer=fc2.weight, NonZeros=1, {{.*}}csr kernel: predicted fastest; 2x2 weights

// CHECK-LABEL: func @forward
// CHECK: linalg.matmul {{.*}}{prune.kernel = #prune.kernel<lanes>}
// CHECK: linalg.matmul {{.*}}{prune.kernel = #prune.kernel<csr>}
func.func @forward(%x: tensor<8x3xf32>, %i: tensor<8x2xf32>, %j: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]> : tensor<3x2xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[0.0, 0.0], [0.0, 2.0]]> : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w1 : tensor<8x3xf32>, tensor<3x2xf32>) outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z = linalg.matmul ins(%y, %w2 : tensor<8x2xf32>, tensor<2x2xf32>) outs(%j : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z : tensor<8x2xf32>
}
