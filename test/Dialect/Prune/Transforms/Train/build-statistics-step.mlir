// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-build-statistics-step)" | FileCheck %s

// Nothing behind the last batch normalization is computed; parameters are state
// that is read, statistics state that is returned.

// CHECK-LABEL: func.func @forward(
// CHECK-LABEL: func.func @statistics_step(
// CHECK-SAME: %[[G:[^:]*]]: tensor<4xf32> {prune.param = #prune.param<"bn.weight", scale>, prune.state = "bn.weight"}
// CHECK-SAME: %[[M:[^:]*]]: tensor<4xf32> {prune.param = #prune.param<"bn.mean", buffer>, prune.state = "bn.mean"}
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x4xf32> {prune.input = "input"}, %[[SHARE:[^:]*]]: f32 {prune.input = "momentum"})
// CHECK-SAME: -> (tensor<4xf32> {prune.state = "bn.mean"}, tensor<4xf32> {prune.state = "bn.var"})
// CHECK: %{{.*}}, %[[MEAN:.*]], %[[VAR:.*]] = prune.batch_norm_training %[[X]], %[[G]]
// CHECK: arith.subf %{{.*}}, %[[SHARE]]
// CHECK: %[[M1:.*]] = linalg.generic {{.*}} ins(%[[M]], %[[MEAN]] :
// CHECK: %[[V1:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[VAR]] :
// CHECK-NOT: math.tanh
// CHECK: return %[[M1]], %[[V1]]
func.func @forward(%x: tensor<2x4xf32> {prune.input = "input"}, %g: tensor<4xf32> {prune.param = #prune.param<"bn.weight", scale>},
                   %b: tensor<4xf32> {prune.param = #prune.param<"bn.bias", bias>}, %m: tensor<4xf32> {prune.param = #prune.param<"bn.mean", buffer>},
                   %v: tensor<4xf32> {prune.param = #prune.param<"bn.var", buffer>}) -> (tensor<2x4xf32> {prune.output = "logits"}) {
  %y = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  %z = math.tanh %y : tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}
