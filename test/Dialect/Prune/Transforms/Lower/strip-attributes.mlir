// RUN: prune-opt %s -prune-strip-attributes | FileCheck %s
// A tool that knows nothing of us reads the result.
// RUN: prune-opt %s -prune-strip-attributes | mlir-opt | FileCheck %s
// RUN: prune-opt %s -prune-strip-attributes --emit-bytecode | mlir-opt | FileCheck %s

// CHECK-NOT: prune
// CHECK: func.func @f(%{{.*}}: tensor<2x2xf32> {bufferization.writable = false}, %{{.*}}: tensor<2xf32>) -> tensor<2x2xf32>
// CHECK-NOT: prune
// CHECK: arith.constant dense<1.000000e+00> : tensor<2x2xf32>
// CHECK: linalg.matmul
// CHECK-NOT: prune
#x = affine_map<(r, o, i) -> (r, i)>
#w = affine_map<(r, o, i) -> (o, i)>
#y = affine_map<(r, o, i) -> (r, o)>
func.func @f(%x: tensor<2x2xf32> {prune.input = "x", bufferization.writable = false},
             %b: tensor<2xf32> {prune.param = #prune.param<"b", bias>, prune.kept = [array<i64: 0, 1>]})
    -> (tensor<2x2xf32> {prune.output = "y"}) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<2x2xf32>) dimensions = [0]
  %1 = linalg.matmul indexing_maps = [#x, #w, #y] {prune.kernel = #prune.kernel<dense>}
      ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%0 : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}
