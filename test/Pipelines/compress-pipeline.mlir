// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=0.5 stop-after=scored})" | FileCheck %s --check-prefix=SCORED
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=0.5 stop-after=masked})" | FileCheck %s --check-prefix=MASKED
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=0.5 stop-after=folded})" | FileCheck %s --check-prefix=FOLDED
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=0.5})" | FileCheck %s --check-prefix=COMPACT
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{std-factor=fc1.*:2.0,*:0.1 ignore=fc2.*})" | FileCheck %s --check-prefix=IGNORE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{granularity=channel:0 sparsity=0.5 parameters=fc1.*})" | FileCheck %s --check-prefix=CHANNEL
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{threshold=100 allow-empty=true})" | FileCheck %s --check-prefix=NOTHING
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{criterion=random seed=2 sparsity=0.5 stop-after=scored})" | FileCheck %s --check-prefix=RANDOM
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-compress-pipeline{criterion=magnitute sparsity=0.5})" 2>&1 | FileCheck %s --check-prefix=NAME

// RANDOM: prune.score %{{.*}}, %{{.*}} criterion(<random>)
// NAME: Cannot find option named 'magnitute'

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// SCORED-COUNT-2: prune.score
// MASKED-NOT: prune.score
// MASKED-COUNT-2: prune.apply_mask
// FOLDED-NOT: prune.apply_mask
// FOLDED: linalg.matmul {{.*}} -> tensor<8x3xf32>
// FOLDED: linalg.matmul {{.*}} -> tensor<8x2xf32>
// COMPACT: linalg.matmul {{.*}} -> tensor<8x2xf32>
// COMPACT: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<8x2xf32>, tensor<2x2xf32>)
// IGNORE: linalg.matmul {{.*}} -> tensor<8x1xf32>
// Half of three channels: one, as two would be no nearer.
// CHANNEL: linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<8x2xf32>, tensor<2x2xf32>)
// Even then the network gives its bias.
// NOTHING-NOT: linalg.matmul
// NOTHING: linalg.broadcast
func.func @forward(%x: tensor<8x2xf32> {prune.input = "input"}) -> (tensor<8x2xf32> {prune.output = "logits"}) {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0, 0.1], [0.2, 0.3], [-0.4, -0.6]]> : tensor<3x2xf32>
  %b1 = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense<[0.5, 1.0, 1.5]> : tensor<3xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[3.0, 4.0, 1.0], [1.0, -1.0, 2.0]]> : tensor<2x3xf32>
  %b2 = arith.constant {prune.param = #prune.param<"fc2.bias", bias>} dense<[0.25, -0.25]> : tensor<2xf32>
  %e1 = tensor.empty() : tensor<8x3xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<3xf32>) outs(%e1 : tensor<8x3xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<8x2xf32>, tensor<3x2xf32>) outs(%i1 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x3xf32>) outs(%e1 : tensor<8x3xf32>) {
    ^bb0(%in: f32, %out: f32):
      %zero = arith.constant 0.0 : f32
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
  } -> tensor<8x3xf32>
  %e2 = tensor.empty() : tensor<8x2xf32>
  %i2 = linalg.broadcast ins(%b2 : tensor<2xf32>) outs(%e2 : tensor<8x2xf32>) dimensions = [0]
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x3xf32>, tensor<2x3xf32>) outs(%i2 : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z2 : tensor<8x2xf32>
}
