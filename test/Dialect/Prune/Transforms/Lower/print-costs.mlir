// What the cost model thinks, as text; the module itself is not changed.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-print-costs{isa=none})" -o %t.mlir 2>&1 | FileCheck %s
// RUN: prune-opt %s | diff - %t.mlir
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-print-costs{batch=64 isa=avx512})" -o /dev/null 2>&1 | FileCheck %s --check-prefix=BATCH

// CHECK-LABEL: costs of @forward
// CHECK-NEXT: "fc1.weight" linalg.matmul: 3x2 weights, 33.3 % zeros, 4 columns, dense {{[0-9.]+}} us, csr {{[0-9.]+}} us, lanes {{[0-9.]+}} us; best {{dense|csr|lanes}}
// CHECK-NEXT: "{{.*}}" linalg.matmul: dense only, {{.+}}
// BATCH: "fc1.weight" linalg.matmul: 3x2 weights, 33.3 % zeros, 64 columns, dense {{[0-9.]+}} us, csr {{[0-9.]+}} us, straight_line {{[0-9.]+}} us
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<4x2xf32>, %w2: tensor<1x3xf32> {prune.param = #prune.param<"fc2.weight", weight>}) -> tensor<4x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x2xf32>, tensor<3x2xf32>)
      outs(%i1 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %e2 = tensor.empty() : tensor<4x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x3xf32>, tensor<1x3xf32>)
      outs(%i2 : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y2 : tensor<4x1xf32>
}

// Four rows with the same zeros are a block, which generated code takes for less; the last two
// rows are none.
// BATCH-LABEL: costs of @blocks
// BATCH-NEXT: "fc.weight" linalg.matmul: 10x2 weights, 50.0 % zeros in blocks of 4 rows, 64 columns
// BATCH-LABEL: costs of @fine
// BATCH-NEXT: "fc.weight" linalg.matmul: 10x2 weights, 50.0 % zeros, 64 columns
func.func @blocks(%x: tensor<4x2xf32>) -> tensor<4x10xf32> {
  %w = arith.constant {prune.param = #prune.param<"fc.weight", weight>} dense<[[1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]> : tensor<10x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x10xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x10xf32>) -> tensor<4x10xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x2xf32>, tensor<10x2xf32>)
      outs(%i : tensor<4x10xf32>) -> tensor<4x10xf32>
  return %y : tensor<4x10xf32>
}
func.func @fine(%x: tensor<4x2xf32>) -> tensor<4x10xf32> {
  %w = arith.constant {prune.param = #prune.param<"fc.weight", weight>} dense<[[1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]> : tensor<10x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x10xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x10xf32>) -> tensor<4x10xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x2xf32>, tensor<10x2xf32>)
      outs(%i : tensor<4x10xf32>) -> tensor<4x10xf32>
  return %y : tensor<4x10xf32>
}
