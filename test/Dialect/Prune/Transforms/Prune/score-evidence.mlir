// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=wanda parameters=fc*})" | FileCheck %s --check-prefix=WANDA
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=wanda parameters=fc*},prune-select-masks{sparsity=0.5})" | FileCheck %s --check-prefix=MASK
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=wanda parameters=fc*},prune-select-masks{sparsity=0.5 scope=row})" | FileCheck %s --check-prefix=ROW
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=random seed=3})" | FileCheck %s --check-prefix=NOISE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=random seed=3})" -o %t.one
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=random seed=3})" -o %t.two
// RUN: diff %t.one %t.two
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=random seed=4})" | not diff %t.one -
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=geometric_median granularity=channel:0 parameters=conv*})" | FileCheck %s --check-prefix=DISTANCE
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=batch_norm_scale granularity=channel:0})" --remarks-filter=prune-score 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=taylor})" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=wanda parameters=fc*},prune-select-masks{std-factor=1})" 2>&1 | FileCheck %s --check-prefix=STD

// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel:0},prune-select-masks{sparsity=0.5 scope=row})" 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{threshold=0.5 scope=row})" 2>&1 | FileCheck %s --check-prefix=THRESHOLD
// RUN: sed 's/1.0, 2.0\]\]> : tensor<1x2xf32>/1.0, -2.0]]> : tensor<1x2xf32>/' %s | not prune-opt --pass-pipeline="builtin.module(prune-score{criterion=wanda parameters=fc*},prune-select-masks{sparsity=0.5})" 2>&1 | FileCheck %s --check-prefix=SIGN
// RUN: sed 's/1.0, 2.0\]\]> : tensor<1x2xf32>/1.0, 0x7FC00000]]> : tensor<1x2xf32>/' %s | not prune-opt --pass-pipeline="builtin.module(prune-score{criterion=wanda parameters=fc*},prune-select-masks{sparsity=0.5})" 2>&1 | FileCheck %s --check-prefix=NAN

// ROWS: error: scope row expects several groups in each output channel, got granularity #prune.granularity<channel, axis = 0>
// THRESHOLD: error: expected a sparsity with scope row
// SIGN: error: expected finite non-negative evidence 'input_norm' about 'fc.weight', got -2.0
// NAN: error: expected finite non-negative evidence 'input_norm' about 'fc.weight', got nan
// MISSING: error: criterion 'taylor' expects evidence 'gradient' about parameter 'conv.weight'
// STD: error: std-factor is a threshold of magnitudes, got criterion #prune.criterion<wanda>

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// The evidence is moved to the weight, and goes when the mask is chosen.
// WANDA: %[[W:.*]] = arith.constant {prune.param = #prune.param<"fc.weight", weight>}
// WANDA-NEXT: %[[N:.*]] = arith.constant {prune.evidence = #prune.evidence<"fc.weight", input_norm>}
// WANDA-NEXT: prune.score %[[W]], %[[N]] criterion(<wanda>) granularity(<unstructured>) : tensor<2x2xf32>, tensor<1x2xf32> -> tensor<2x2xf32>

// Scores 3 4 / 6 5.
// MASK-NOT: prune.evidence = #prune.evidence<"fc.weight"
// MASK: arith.constant dense_resource<mask_fc.weight> : tensor<2x2xi1>
// MASK: mask_fc.weight: "0x{{.*}}00000101"

// One of each row.
// ROW: mask_fc.weight: "0x{{.*}}00010100"

// NOISE-COUNT-2: prune.score %{{.*}}, %{{.*}} criterion(<random>)
// NOISE: noise_conv.weight:

// Filters (1, 2), (4, 6), (1, 2): distances 5, 10, 5.
// DISTANCE: %[[D:.*]] = arith.constant {prune.evidence = #prune.evidence<"conv.weight", distance>} dense_resource<distance_conv.weight> : tensor<3x1x1x1xf32>
// DISTANCE-NEXT: prune.score %{{.*}}, %[[D]] criterion(<geometric_median>) granularity(<channel, axis = 0>) : tensor<3x2x1x1xf32>, tensor<3x1x1x1xf32> -> tensor<3xf32>
// DISTANCE: distance_conv.weight: "0x{{[0-9]+}}0000A040000020410000A040"

// SCALE: remark: [Missed] WeightNotScored{{.*}}fc.weight{{.*}}no batch normalization of constant scale is behind its layer
// SCALE: prune.score %{{.*}}, %{{.*}} criterion(<batch_norm_scale>) granularity(<channel, axis = 0>) : tensor<3x2x1x1xf32>, tensor<3x1x1x1xf32> -> tensor<3xf32>
// SCALE-NOT: prune.score
// SCALE: scale_conv.weight: "0x{{[0-9]+}}00003F000080BF00000040"
func.func @forward(%x: tensor<1x2x1x1xf32>, %y: tensor<1x2xf32>) -> (tensor<1x3x1x1xf32>, tensor<1x2xf32>) {
  %w = arith.constant {prune.param = #prune.param<"conv.weight", weight>} dense<[[[[1.0]], [[2.0]]], [[[4.0]], [[6.0]]], [[[1.0]], [[2.0]]]]> : tensor<3x2x1x1xf32>
  %scale = arith.constant {prune.param = #prune.param<"bn.weight", scale>} dense<[0.5, -1.0, 2.0]> : tensor<3xf32>
  %shift = arith.constant {prune.param = #prune.param<"bn.bias", scale>} dense<0.0> : tensor<3xf32>
  %mean = arith.constant dense<0.0> : tensor<3xf32>
  %variance = arith.constant dense<1.0> : tensor<3xf32>
  %v = arith.constant {prune.param = #prune.param<"fc.weight", weight>} dense<[[-3.0, 2.0], [6.0, 2.5]]> : tensor<2x2xf32>
  %zero = arith.constant 0.0 : f32
  %n = arith.constant {prune.evidence = #prune.evidence<"fc.weight", input_norm>} dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %e = tensor.empty() : tensor<1x3x1x1xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x1x1xf32>, tensor<3x2x1x1xf32>) outs(%i : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  %1 = prune.batch_norm %0, %scale, %shift, %mean, %variance epsilon 1.0e-05 : tensor<1x3x1x1xf32>, tensor<3xf32>
  %f = tensor.empty() : tensor<1x2xf32>
  %j = linalg.fill ins(%zero : f32) outs(%f : tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %v : tensor<1x2xf32>, tensor<2x2xf32>) outs(%j : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %1, %2 : tensor<1x3x1x1xf32>, tensor<1x2xf32>
}
