// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{compress compress-min-zeros=0.5 mask momentum=0.9},prune-cpu-pipeline{stop-after=buffer})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{compress compress-min-zeros=0.5 mask momentum=0.9},prune-cpu-pipeline)" | FileCheck %s --check-prefix=LLVM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{compress compress-min-zeros=0.5 mask momentum=0.9},prune-cpu-pipeline{reference})" | FileCheck %s --check-prefix=REFERENCE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{compress compress-ignore=fc* mask momentum=0.9})" | FileCheck %s --check-prefix=IGNORED

// A step on compressed weights reads and updates the values where they lie, and makes
// neither a dense weight nor a dense gradient of one. The gradient of the bias is a
// sum along the rows of what is feature-major; transpositions are left of the input
// and around the loss. The values of the second weight are gathered for the product with its
// transpose.

// CHECK: func.func @train_step(%[[V1:[^:]*]]: memref<4xf32> {{[^%]*}}%[[B1:[^:]*]]: memref<6xf32> {{[^%]*}}%[[V2:[^:]*]]: memref<5xf32> {{[^%]*}}%[[U1:[^:]*]]: memref<4xf32> {{[^%]*}}%[[UB:[^:]*]]: memref<6xf32> {{[^%]*}}%[[U2:[^:]*]]: memref<5xf32>
// CHECK-NOT: copy
// CHECK-NOT: memref<6x8xf32>
// CHECK: kernel.transpose ins(%{{.*}} : memref<4x8xf32>) outs(%[[XT:.*]] : memref<8x4xf32>)
// CHECK: kernel.spmm ins(%[[V1]], %{{.*}}, %{{.*}}, %[[XT]] : {{.*}}) bias(%[[B1]] : memref<6xf32>) outs(%[[Y1:.*]] : memref<6x4xf32>) {activation = #kernel.activation<relu>}
// CHECK: kernel.spmm ins(%[[V2]], %{{.*}}, %{{.*}}, %[[Y1]] : {{.*}}) outs(%{{.*}} : memref<3x4xf32>)
// CHECK: memref.load %[[V2]]
// CHECK: kernel.spmm ins(%{{.*}} : memref<5xf32>, memref<5xi32>, memref<7xi32>, memref<3x4xf32>) outs(%{{.*}} : memref<6x4xf32>)
// CHECK: kernel.sddmm ins({{.*}}, %[[XT]] : memref<4xi32>, memref<7xi32>, memref<6x4xf32>, memref<8x4xf32>) outs(%{{.*}} : memref<4xf32>)
// CHECK-NOT: copy
// CHECK-NOT: memref<6x8xf32>
// CHECK: return

// LLVM: llvm.func @train_step
// LLVM-DAG: llvm.call @prune_rt_spmm_f32
// LLVM-DAG: llvm.call @prune_rt_sddmm_f32
// LLVM-NOT: memrefCopy

// REFERENCE: llvm.func @train_step
// REFERENCE-NOT: llvm.call @prune_rt_

// IGNORED: func.func @train_step
// IGNORED-SAME: prune.state = "mask:fc1.weight"
// IGNORED-NOT: prune.decompress
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward(%x: tensor<4x8xf32> {prune.input = "input"},
    %w1: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight", weight>,
                          prune.mask = dense<[[true, false, false, false, false, false, false, false], [false, true, false, false, false, false, false, false],
                                              [false, false, false, false, false, false, false, false], [false, false, true, false, false, false, false, false],
                                              [false, false, false, false, false, false, false, false], [false, false, false, false, false, false, false, true]]> : tensor<6x8xi1>},
    %b1: tensor<6xf32> {prune.param = #prune.param<"fc1.bias", bias>},
    %w2: tensor<3x6xf32> {prune.param = #prune.param<"fc2.weight", weight>,
                          prune.mask = dense<[[false, false, false, false, true, false], [false, true, true, false, false, false], [false, false, false, true, false, true]]> : tensor<3x6xi1>})
    -> (tensor<4x3xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<4x6xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<6xf32>) outs(%e1 : tensor<4x6xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w1 : tensor<4x8xf32>, tensor<6x8xf32>) outs(%i1 : tensor<4x6xf32>) -> tensor<4x6xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z1 : tensor<4x6xf32>) outs(%e1 : tensor<4x6xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<4x6xf32>
  %e2 = tensor.empty() : tensor<4x3xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y2 = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%y1, %w2 : tensor<4x6xf32>, tensor<3x6xf32>) outs(%i2 : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %y2 : tensor<4x3xf32>
}
