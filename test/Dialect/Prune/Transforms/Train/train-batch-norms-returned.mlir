// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-batch-norms)" | FileCheck %s

// The function returns the normalizations themselves, one of them twice.

// CHECK-LABEL: func.func @loss(
func.func @loss(%x: tensor<2x4xf32>, %g: tensor<4xf32>,
                %m: tensor<4xf32> {prune.param = #prune.param<"mean", buffer>},
                %v: tensor<4xf32> {prune.param = #prune.param<"var", buffer>},
                %n: tensor<4xf32> {prune.param = #prune.param<"mean2", buffer>},
                %w: tensor<4xf32> {prune.param = #prune.param<"var2", buffer>})
    -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  // CHECK: %[[Y:[^,]*]], %[[YM:[^,]*]], %{{.*}} = prune.batch_norm_training
  %y = prune.batch_norm %x, %g, %g, %m, %v epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  // CHECK: %[[Z:[^,]*]], %{{.*}}, %{{.*}} = prune.batch_norm_training %[[Y]]
  %z = prune.batch_norm %y, %g, %g, %n, %w epsilon 1.0e-5 : tensor<2x4xf32>, tensor<4xf32>
  // CHECK: return %[[Y]], %[[Z]], %[[Y]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} :
  return %y, %z, %y : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}
