// RUN: prune-opt %s --emit-bytecode -o %t.bc
// RUN: prune-opt %t.bc -o %t.1.mlir
// RUN: prune-opt %s -o %t.2.mlir
// RUN: diff %t.1.mlir %t.2.mlir
// RUN: prune-opt %t.bc --emit-bytecode -o %t.3.bc
// RUN: cmp %t.bc %t.3.bc
// RUN: prune-opt %t.bc | FileCheck %s

// Resources, attributes and optional operands survive bytecode bit for bit.
// CHECK-LABEL: func @everything
// CHECK: arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2x2xf32>
// CHECK: dense_resource<mask> : tensor<2x2xi1>
// CHECK: prune.sgd_update {{.*}} velocity %{{.*}} mask %{{.*}} {momentum = 9.000000e-01 : f64, nesterov}
// CHECK: mask: "0x0100000001000001"
func.func @everything(%g: tensor<2x2xf32> {prune.state = "velocity:w"}, %lr: f32, %t: i64) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense_resource<w> : tensor<2x2xf32>
  %m = arith.constant dense_resource<mask> : tensor<2x2xi1>
  %a = prune.apply_mask %w, %m : tensor<2x2xf32>
  %b = prune.gate %a, %g ste(<leaky_relu, slope = 0.1>) rule chain : tensor<2x2xf32>, tensor<2x2xf32>
  %d = prune.dropout %b, %t rate 0.3 seed -7 : tensor<2x2xf32>
  %r = prune.regularize_gradient hoyer %d, %lr : tensor<2x2xf32>
  %s = prune.score %r criterion(<magnitude, p = 0.1>) granularity(<vector, axis = 1>) : tensor<2x2xf32> -> tensor<2xf32>
  %k = prune.select_mask %s selection(<sparsity, 0.3>) granularity(<vector, axis = 1>) : (tensor<2xf32>) -> tensor<2x2xi1>
  %x, %v = prune.sgd_update %w, %r, lr %lr velocity %g mask %k {momentum = 0.9 : f64, nesterov}
      : (tensor<2x2xf32>, tensor<2x2xf32>, f32, tensor<2x2xf32>, tensor<2x2xi1>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
  return %x, %v : tensor<2x2xf32>, tensor<2x2xf32>
}
{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F000000400000404000008040",
      mask: "0x0100000001000001"
    }
  }
#-}
