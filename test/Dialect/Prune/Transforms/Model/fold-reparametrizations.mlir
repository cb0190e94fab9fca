// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(prune-fold-reparametrizations,canonicalize))" -o %t.mlir
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(func.func(prune-fold-reparametrizations))" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS %}
// RUN: FileCheck %s < %t.mlir
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(func.func(prune-fold-reparametrizations,canonicalize))" | diff %t.mlir -
// RUN: prune-opt %s --pass-pipeline="builtin.module(func.func(prune-fold-reparametrizations))" --remarks-filter=".*" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// STATS: 4 num-parameters-evaluated

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0, 0)>
#out = affine_map<(d0, d1) -> (d1)>
#vec = affine_map<(d0) -> (d0)>

// A weight and a bias under masks, as torch.nn.utils.prune keeps them.

// CHECK-LABEL: func.func @masked
// CHECK-DAG: %[[W:.*]] = arith.constant dense_resource<[[$W:fc.weight[_1]*]]> : tensor<2x3xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense_resource<[[$B:fc.bias]]> : tensor<2xf32>
// CHECK-NOT: arith.mulf
// CHECK: linalg.matmul indexing_maps = {{.*}} ins(%{{.*}}, %[[W]] :
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[B]] :
// REMARK-DAG: remark: {{.*}}evaluated 'fc.bias', which was computed from constants
func.func @masked(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant {prune.param = #prune.param<"fc.weight_orig", scale>} dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %m = arith.constant {prune.param = #prune.param<"fc.weight_mask", buffer>} dense<[[1.0, 0.0], [0.0, 1.0], [1.0, 0.5]]> : tensor<3x2xf32>
  %b = arith.constant {prune.param = #prune.param<"fc.bias_orig", scale>} dense<[1.0, 2.0]> : tensor<2xf32>
  %n = arith.constant {prune.param = #prune.param<"fc.bias_mask", buffer>} dense<[0.0, 1.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %f = tensor.empty() : tensor<2xf32>
  %g = tensor.empty() : tensor<4x2xf32>
  %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m, %w : tensor<3x2xf32>, tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %v: f32, %o: f32):
    %0 = arith.mulf %in, %v : f32
    linalg.yield %0 : f32
  } -> tensor<3x2xf32>
  %q = linalg.mul ins(%n, %b : tensor<2xf32>, tensor<2xf32>) outs(%f : tensor<2xf32>) -> tensor<2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%g : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %p : tensor<4x3xf32>, tensor<3x2xf32>) outs(%i : tensor<4x2xf32>) -> tensor<4x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #out, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %q : tensor<4x2xf32>, tensor<2xf32>) outs(%g : tensor<4x2xf32>) {
  ^bb0(%in: f32, %v: f32, %o: f32):
    %0 = arith.addf %in, %v : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}

// A direction and a length: sqrt(3^2 + 4^2) is 5, so the row (3, 4) with length
// 10 is (6, 8).

// CHECK-LABEL: func.func @direction
// CHECK-DAG: %[[W:.*]] = arith.constant dense_resource<[[$N:net.weight]]> : tensor<1x2xf32>
// CHECK-NOT: math.powf
// CHECK: linalg.transpose ins(%[[W]] : tensor<1x2xf32>)
func.func @direction(%x: tensor<4x2xf32>, %i: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %g = arith.constant {prune.param = #prune.param<"net.parametrizations.weight.original0", scale>} dense<10.0> : tensor<1x1xf32>
  %v = arith.constant {prune.param = #prune.param<"net.parametrizations.weight.original1", scale>} dense<[[3.0, 4.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<1x1xf32>
  %f = tensor.empty() : tensor<1x2xf32>
  %h = tensor.empty() : tensor<2x1xf32>
  %j = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1xf32>) -> tensor<1x1xf32>
  %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%v : tensor<1x2xf32>) outs(%j : tensor<1x1xf32>) {
  ^bb0(%in: f32, %o: f32):
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  } -> tensor<1x1xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g, %s : tensor<1x1xf32>, tensor<1x1xf32>) outs(%e : tensor<1x1xf32>) {
  ^bb0(%in: f32, %n: f32, %o: f32):
    %0 = math.powf %n, %half : f32
    %1 = arith.divf %in, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<1x1xf32>
  %w = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%v, %r : tensor<1x2xf32>, tensor<1x1xf32>) outs(%f : tensor<1x2xf32>) {
  ^bb0(%in: f32, %n: f32, %o: f32):
    %0 = arith.mulf %in, %n : f32
    linalg.yield %0 : f32
  } -> tensor<1x2xf32>
  %t = linalg.transpose ins(%w : tensor<1x2xf32>) outs(%h : tensor<2x1xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<4x2xf32>, tensor<2x1xf32>) outs(%i : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// Integers with a scale and a zero point: (i - 1) * 0.5.

// CHECK-LABEL: func.func @quantized
// CHECK: arith.constant dense_resource<[[$Q:conv.weight]]> : tensor<1x1x1x2xf32>
// CHECK-NOT: arith.sitofp
func.func @quantized(%x: tensor<1x1x1x2xf32>, %i: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %scale = arith.constant 0.5 : f32
  %one = arith.constant 1 : i32
  %w = arith.constant dense<[[[[-3, 5]]]]> : tensor<1x1x1x2xi8> loc("conv.weight_quantized")
  %e = tensor.empty() : tensor<1x1x1x2xf32>
  %d = linalg.map ins(%w : tensor<1x1x1x2xi8>) outs(%e : tensor<1x1x1x2xf32>) (%in: i8, %o: f32) {
    %0 = arith.extsi %in : i8 to i32
    %1 = arith.subi %0, %one : i32
    %2 = arith.sitofp %1 : i32 to f32
    %3 = arith.mulf %2, %scale : f32
    linalg.yield %3 : f32
  }
  %y = linalg.conv_2d_nchw_fchw ins(%x, %d : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) outs(%i : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// Left alone: an activation as a factor, a parameter of unknown value, and an
// operation that cannot be evaluated.

// CHECK-LABEL: func.func @kept
// CHECK: linalg.exp
// CHECK: linalg.abs
// CHECK: arith.remf
// REMARK-DAG: remark: {{.*}}operand #1 is computed from a parameter whose value is not known through 'linalg.abs' and is no weight that can be pruned
// REMARK-DAG: remark: {{.*}}operand #1 is computed from constants through 'arith.remf' and is no weight that can be pruned
func.func @kept(%x: tensor<2x2xf32>, %p: tensor<2x2xf32> {prune.param = #prune.param<"p", scale>}) -> tensor<2x2xf32> {
  %two = arith.constant 2.0 : f32
  %c = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %a = linalg.exp ins(%x : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %a : tensor<2x2xf32>, tensor<2x2xf32>) outs(%x : tensor<2x2xf32>) -> tensor<2x2xf32>
  %b = linalg.abs ins(%p : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = linalg.matmul ins(%0, %b : tensor<2x2xf32>, tensor<2x2xf32>) outs(%x : tensor<2x2xf32>) -> tensor<2x2xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%in: f32, %o: f32):
    %m = arith.remf %in, %two : f32
    linalg.yield %m : f32
  } -> tensor<2x2xf32>
  %2 = linalg.matmul ins(%1, %d : tensor<2x2xf32>, tensor<2x2xf32>) outs(%x : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// fc.weight is (1 0 5; 0 4 3), fc.bias (0 2), net.weight (6 8), conv.weight (-2 2).
// CHECK-DAG: [[$W]]: "0x100000000000803F000000000000A04000000000000080400000{{4040}}"
// CHECK-DAG: [[$B]]: "0x100000000000000000000040"
// CHECK-DAG: [[$N]]: "0x100000000000C04000000041"
// CHECK-DAG: [[$Q]]: "0x10000000000000C000000040"
