// Channels change places between two layers, so that one of two keeps more.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{n=1 m=2})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{n=1 m=2},prune-permute-channels{n=1 m=2})" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{n=1 m=2})" --remarks-filter=".*" 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{n=1 m=2})" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 1 num-groups-permuted

// REMARK-DAG: [Missed] ChannelsNotMoved{{.*}}Parameters=fc1.weight{{.*}}Reason="an argument of the function"
// REMARK-DAG: [Passed] ChannelsPermuted{{.*}}Channels=4, KeptAfter=8.947368e-01, KeptBefore=5.263158e-01, Parameters=fc2.weight
// REMARK-DAG: [Missed] ChannelsNotMoved{{.*}}Parameters=fc4.weight{{.*}}Reason="the number of channels is no multiple of m"

// The largest two weights were neighbors. Rows, bias and a vector without a
// name move with the columns.
// CHECK-LABEL: func @forward
// CHECK-DAG: "fc1.weight", weight>} dense_resource<fc1.weight{{.*}}> : tensor<4x2xf32>
// CHECK-DAG: "fc1.bias", bias>} dense_resource<fc1.bias{{.*}}> : tensor<4xf32>
// CHECK-DAG: arith.constant dense_resource<permuted{{.*}}> : tensor<4xf32>
// CHECK-DAG: "fc2.weight", weight>} dense_resource<fc2.weight{{.*}}> : tensor<1x4xf32>

// CHECK-LABEL: func @three
// CHECK: "fc3.weight", weight>} dense<{{.*}}1.000000e+00], [2.000000e+00], [3.000000e+00]]>

// 3 3, 2 2, 1 1, 4 4
// CHECK-DAG: fc1.weight{{.*}}: "0x10000000000040400000404000000040000000400000803F0000803F0000804000008040"
// 7, 6, 5, 8
// CHECK-DAG: fc1.bias{{.*}}: "0x100000000000E0400000C0400000A04000000041"
// 1, 8, 9, 1
// CHECK-DAG: fc2.weight{{.*}}: "0x100000000000803F00000041000010410000803F"
// 0.3, 0.2, 0.1, 0.4
// CHECK-DAG: permuted{{.*}}: "0x100000009A99993ECDCC4C3ECDCCCC3DCDCCCC3E"

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]> : tensor<4x2xf32>
  %b1 = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense<[5.0, 6.0, 7.0, 8.0]> : tensor<4xf32>
  %scale = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[9.0, 8.0, 1.0, 1.0]]> : tensor<1x4xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<3x4xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<4xf32>) outs(%e1 : tensor<3x4xf32>) dimensions = [0]
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<3x2xf32>, tensor<4x2xf32>)
      outs(%i1 : tensor<3x4xf32>) -> tensor<3x4xf32>
  %wide = linalg.broadcast ins(%scale : tensor<4xf32>) outs(%e1 : tensor<3x4xf32>) dimensions = [0]
  %z1 = linalg.mul ins(%y1, %wide : tensor<3x4xf32>, tensor<3x4xf32>) outs(%e1 : tensor<3x4xf32>) -> tensor<3x4xf32>
  %e2 = tensor.empty() : tensor<3x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<3x1xf32>) -> tensor<3x1xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%z1, %w2 : tensor<3x4xf32>, tensor<1x4xf32>)
      outs(%i2 : tensor<3x1xf32>) -> tensor<3x1xf32>
  return %y2 : tensor<3x1xf32>
}

func.func @three(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %w1 = arith.constant {prune.param = #prune.param<"fc3.weight", weight>} dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc4.weight", weight>} dense<[[9.0, 8.0, 1.0]]> : tensor<1x3xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<3x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<3x3xf32>) -> tensor<3x3xf32>
  %y1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<3x1xf32>, tensor<3x1xf32>)
      outs(%i1 : tensor<3x3xf32>) -> tensor<3x3xf32>
  %e2 = tensor.empty() : tensor<3x1xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<3x1xf32>) -> tensor<3x1xf32>
  %y2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<3x3xf32>, tensor<1x3xf32>)
      outs(%i2 : tensor<3x1xf32>) -> tensor<3x1xf32>
  return %y2 : tensor<3x1xf32>
}
