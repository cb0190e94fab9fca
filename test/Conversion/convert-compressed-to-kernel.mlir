// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel,canonicalize)" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(convert-compressed-to-kernel,canonicalize)" | diff %t.mlir -
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel)" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel)" --remark-policy=all --remarks-filter=convert-compressed-to-kernel 2>&1 >%t | FileCheck %s --check-prefix=REMARK
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-compressed-to-kernel,convert-prune-to-kernel,convert-linalg-to-onednn,canonicalize,cse)" | FileCheck %s --check-prefix=ALL

// STAT-DAG: 4 num-products-converted
// STAT-DAG: 1 num-gradients-converted

// REMARK: [Missed] WeightDecompressed | Category:convert-compressed-to-kernel | {{.*}}the gradient is computed densely and compressed
// REMARK: [Missed] WeightDecompressed | Category:convert-compressed-to-kernel | {{.*}}reads the weight decompressed
// REMARK-NOT: Missed

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#d1 = affine_map<(d0, d1) -> (d1)>

// The pattern of a 2x3 weight: (0, 0), (0, 2), (1, 1). In the order of its columns the
// values are 0, 2, 1.

// CHECK-LABEL: func @forward
// CHECK-SAME: (%[[X:.*]]: tensor<8x3xf32>, %[[V:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<2xf32>)
func.func @forward(%x: tensor<8x3xf32>, %v: tensor<3xf32>, %b: tensor<2xf32>) -> tensor<8x2xf32> {
  // CHECK-DAG: %[[I:.*]] = arith.constant dense_resource<pattern.indices> : tensor<3xi32>
  // CHECK-DAG: %[[P:.*]] = arith.constant dense_resource<pattern.pointers> : tensor<3xi32>
  // CHECK: %[[XT:.*]] = linalg.transpose ins(%[[X]]
  // CHECK: %[[Y:.*]] = kernel.spmm ins(%[[V]], %[[I]], %[[P]], %[[XT]] : {{.*}}) bias(%[[B]] : tensor<2xf32>) outs(%{{.*}} : tensor<2x8xf32>) -> tensor<2x8xf32>
  // CHECK: linalg.transpose ins(%[[Y]]
  %w = prune.decompress %v pattern(dense<[0, 2, 4]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %i = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<8x2xf32>) dimensions = [0]
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w : tensor<8x3xf32>, tensor<2x3xf32>)
      outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %y : tensor<8x2xf32>
}

// The gradient of the input: the transpose of the weight, with gathered values.
// CHECK-LABEL: func @backward_data
// CHECK-SAME: (%[[DY:.*]]: tensor<8x2xf32>, %[[V:.*]]: tensor<3xf32>, %[[START:.*]]: tensor<3x8xf32>)
func.func @backward_data(%dy: tensor<8x2xf32>, %v: tensor<3xf32>, %start: tensor<3x8xf32>) -> (tensor<8x3xf32>, tensor<3x8xf32>) {
  // CHECK-DAG: %[[ORDER:.*]] = arith.constant dense_resource<pattern.order> : tensor<3xi32>
  // CHECK: %[[GATHERED:.*]] = linalg.generic {{.*}} ins(%[[ORDER]] : tensor<3xi32>)
  // CHECK: tensor.extract %[[V]]
  // CHECK: %[[DX:.*]] = kernel.spmm ins(%[[GATHERED]], %{{.*}}, %{{.*}}, %{{.*}} : tensor<3xf32>, tensor<3xi32>, tensor<4xi32>, tensor<2x8xf32>) outs(%{{.*}} : tensor<3x8xf32>)
  // CHECK: linalg.transpose ins(%[[DX]]
  %w = prune.decompress %v pattern(dense<[0, 2, 4]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %dx = linalg.matmul ins(%dy, %w : tensor<8x2xf32>, tensor<2x3xf32>) outs(%i : tensor<8x3xf32>) -> tensor<8x3xf32>
  // A result that is feature-major is not transposed; what it starts from is added.
  // CHECK: %[[PRODUCT:.*]] = kernel.spmm
  // CHECK: arith.addf %[[PRODUCT]], %[[START]]
  %dt = linalg.matmul indexing_maps = [#km, #nk, #mn] ins(%w, %dy : tensor<2x3xf32>, tensor<8x2xf32>) outs(%start : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %dx, %dt : tensor<8x3xf32>, tensor<3x8xf32>
}

// CHECK-LABEL: func @backward_weights
// CHECK-SAME: (%[[DY:.*]]: tensor<8x2xf32>, %[[X:.*]]: tensor<3x8xf32>)
func.func @backward_weights(%dy: tensor<8x2xf32>, %x: tensor<3x8xf32>) -> tensor<3xf32> {
  // CHECK: %[[DYT:.*]] = linalg.transpose ins(%[[DY]]
  // CHECK: %[[G:.*]] = kernel.sddmm ins(%{{.*}}, %{{.*}}, %[[DYT]], %[[X]] : tensor<3xi32>, tensor<3xi32>, tensor<2x8xf32>, tensor<3x8xf32>) outs(%{{.*}} : tensor<3xf32>) -> tensor<3xf32>
  // CHECK-NEXT: return %[[G]]
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  %dw = linalg.matmul indexing_maps = [#km, #nk, #mn] ins(%dy, %x : tensor<8x2xf32>, tensor<3x8xf32>) outs(%i : tensor<2x3xf32>) -> tensor<2x3xf32>
  %g = prune.compress %dw pattern(dense<[0, 2, 4]> : tensor<3xi32>) : tensor<2x3xf32> -> tensor<3xf32>
  return %g : tensor<3xf32>
}

// A gradient that is also returned densely, and a weight that is added to another.
// CHECK-LABEL: func @kept
func.func @kept(%dy: tensor<2x8xf32>, %x: tensor<3x8xf32>, %v: tensor<3xf32>, %i: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>) {
  // CHECK: prune.decompress
  // CHECK: linalg.matmul
  // CHECK: prune.compress
  %w = prune.decompress %v pattern(dense<[0, 2, 4]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  %dw = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%dy, %x : tensor<2x8xf32>, tensor<3x8xf32>) outs(%i : tensor<2x3xf32>) -> tensor<2x3xf32>
  %g = prune.compress %dw pattern(dense<[0, 2, 4]> : tensor<3xi32>) : tensor<2x3xf32> -> tensor<3xf32>
  %sum = arith.addf %dw, %w : tensor<2x3xf32>
  return %sum, %g : tensor<2x3xf32>, tensor<3xf32>
}

// Transpositions move into a sum over the batch, and what is left of them is one
// operation of the runtime.
// ALL-LABEL: func @bias
// ALL-NOT: linalg.transpose
// ALL: kernel.transpose ins(%{{.*}} : tensor<8x3xf32>)
// ALL-NOT: transpose
// ALL: %[[Y:.*]] = kernel.spmm
// ALL-NOT: transpose
// ALL: linalg.generic {{.*}} ins(%[[Y]] : tensor<2x8xf32>)
// ALL-NOT: transpose
// ALL: linalg.reduce { arith.addf } ins(%[[Y]] : tensor<2x8xf32>) {{.*}} dimensions = [1]
// ALL-NOT: transpose
// ALL: return
func.func @bias(%x: tensor<8x3xf32>, %v: tensor<3xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = prune.decompress %v pattern(dense<[0, 2, 4]> : tensor<3xi32>) : tensor<3xf32> -> tensor<2x3xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w : tensor<8x3xf32>, tensor<2x3xf32>)
      outs(%i : tensor<8x2xf32>) -> tensor<8x2xf32>
  %eb = tensor.empty() : tensor<2xf32>
  %ib = linalg.fill ins(%zero : f32) outs(%eb : tensor<2xf32>) -> tensor<2xf32>
  %sum = linalg.generic {indexing_maps = [#id, #d1], iterator_types = ["reduction", "parallel"]}
      ins(%y : tensor<8x2xf32>) outs(%ib : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %named = linalg.reduce { arith.addf } ins(%y : tensor<8x2xf32>) outs(%ib : tensor<2xf32>) dimensions = [0]
  return %sum, %named : tensor<2xf32>, tensor<2xf32>
}
