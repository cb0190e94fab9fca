// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-linalg,cse)" | FileCheck %s
// Every granularity and kind goes down to loops.
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-prune-to-linalg,func.func(linalg-generalize-named-ops),one-shot-bufferize{bufferize-function-boundaries},func.func(convert-linalg-to-loops))" | FileCheck %s --check-prefix=LOOPS

// LOOPS-NOT: {{prune|linalg}}.

// CHECK-LABEL: func @mask
// CHECK-SAME: (%[[W:.*]]: tensor<3x4xf32>, %[[M:.*]]: tensor<3x4xi1>)
// CHECK: linalg.generic {{.*}} ins(%[[W]], %[[M]]
// CHECK-NEXT: ^bb0(%[[VALUE:.*]]: f32, %[[KEEP:.*]]: i1, %{{.*}}: f32):
// CHECK-NEXT: %[[KEPT:.*]] = arith.select %[[KEEP]], %[[VALUE]], %{{.*}} : f32
// CHECK-NEXT: linalg.yield %[[KEPT]]
func.func @mask(%w: tensor<3x4xf32>, %m: tensor<3x4xi1>) -> tensor<3x4xf32> {
  %0 = prune.apply_mask %w, %m : tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// CHECK-LABEL: func @gate
// CHECK: arith.cmpf ogt
// CHECK: arith.select
func.func @gate(%w: tensor<3x4xf32>, %m: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = prune.gate %w, %m ste(<softplus>) : tensor<3x4xf32>, tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// The sums of the weight are computed once for penalty and gradient, and the
// gradient is one element-wise loop.
// CHECK-LABEL: func @hoyer_square
// CHECK-COUNT-1: iterator_types = ["reduction", "reduction"]
// CHECK-NOT: "reduction"
// CHECK: iterator_types = ["parallel", "parallel"]
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @hoyer_square(%w: tensor<3x4xf32>, %s: f32) -> (tensor<f32>, tensor<3x4xf32>) {
  %0 = prune.regularize hoyer_square %w, %s : tensor<3x4xf32>
  %1 = prune.regularize_gradient hoyer_square %w, %s : tensor<3x4xf32>
  return %0, %1 : tensor<f32>, tensor<3x4xf32>
}

// The gradient of L1 and L2 needs no sums.
// CHECK-LABEL: func @l1_l2_gradients
// CHECK-NOT: "reduction"
// CHECK: return
func.func @l1_l2_gradients(%w: tensor<3x4xf32>, %s: f32) -> (tensor<3x4xf32>, tensor<3x4xf32>) {
  %0 = prune.regularize_gradient l1 %w, %s : tensor<3x4xf32>
  %1 = prune.regularize_gradient l2 %w, %s : tensor<3x4xf32>
  return %0, %1 : tensor<3x4xf32>, tensor<3x4xf32>
}

// CHECK-LABEL: func @hoyer
func.func @hoyer(%w: tensor<7xf64>, %s: f64) -> (tensor<f64>, tensor<7xf64>) {
  // CHECK: math.sqrt {{.*}} : f64
  %0 = prune.regularize hoyer %w, %s : tensor<7xf64>
  %1 = prune.regularize_gradient hoyer %w, %s : tensor<7xf64>
  return %0, %1 : tensor<f64>, tensor<7xf64>
}

// An update is one loop nest over the state it replaces.
// CHECK-LABEL: func @sgd
// CHECK-SAME: (%[[W:.*]]: tensor<3x4xf32>, %[[G:.*]]: tensor<3x4xf32>, %[[V:.*]]: tensor<3x4xf32>, %[[M:.*]]: tensor<3x4xi1>, %{{.*}}: f32)
// CHECK-COUNT-1: linalg.generic {{.*}} ins(%[[G]], %[[M]] : {{.*}}) outs(%[[W]], %[[V]] :
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @sgd(%w: tensor<3x4xf32>, %g: tensor<3x4xf32>, %v: tensor<3x4xf32>, %m: tensor<3x4xi1>, %lr: f32)
    -> (tensor<3x4xf32>, tensor<3x4xf32>) {
  %0, %1 = prune.sgd_update %w, %g, lr %lr velocity %v mask %m {momentum = 0.9 : f64, nesterov, weight_decay = 1.0e-4 : f64}
      : (tensor<3x4xf32>, tensor<3x4xf32>, f32, tensor<3x4xf32>, tensor<3x4xi1>) -> (tensor<3x4xf32>, tensor<3x4xf32>)
  return %0, %1 : tensor<3x4xf32>, tensor<3x4xf32>
}

// The bias corrections are computed in double precision, once.
// CHECK-LABEL: func @adam
// CHECK-COUNT-2: math.powf {{.*}} : f64
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @adam(%w: tensor<5xf32>, %g: tensor<5xf32>, %m: tensor<5xf32>, %u: tensor<5xf32>, %t: i64, %lr: f32)
    -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
  %0, %1, %2 = prune.adam_update %w, %g, lr %lr step %t moments %m, %u
      : (tensor<5xf32>, tensor<5xf32>, f32, i64, tensor<5xf32>, tensor<5xf32>) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  return %0, %1, %2 : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
}

// CHECK-LABEL: func @loss
// CHECK: math.exp
// CHECK: math.log
func.func @loss(%z: tensor<5x10xf32>, %y: tensor<5xi32>) -> tensor<f32> {
  %0 = prune.softmax_cross_entropy %z, %y : tensor<5x10xf32>, tensor<5xi32>
  return %0 : tensor<f32>
}

// Shares of the classes weigh the logits; no class is compared.
// CHECK-LABEL: func @soft_loss
// CHECK-SAME: %[[Z:[^:]*]]: tensor<5x10xf32>, %[[T:[^:]*]]: tensor<5x10xf32>
// CHECK-NOT: arith.cmpi
// CHECK: linalg.generic {{.*}} ins(%[[Z]], %[[T]] :
// CHECK-NEXT: ^bb0(%[[ZE:.*]]: f32, %[[TE:.*]]: f32, %[[SUM:.*]]: f32):
// CHECK-NEXT: %[[TERM:.*]] = arith.mulf %[[ZE]], %[[TE]]
// CHECK-NEXT: arith.addf %[[SUM]], %[[TERM]]
func.func @soft_loss(%z: tensor<5x10xf32>, %t: tensor<5x10xf32>) -> tensor<f32> {
  %0 = prune.softmax_cross_entropy %z, %t : tensor<5x10xf32>, tensor<5x10xf32>
  return %0 : tensor<f32>
}

// Integer arithmetic on the position only: any element can be drawn alone.
// CHECK-LABEL: func @dropout
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// CHECK: arith.muli {{.*}} : i32
// CHECK: arith.cmpi uge
func.func @dropout(%x: tensor<3x4xf32>, %t: i64) -> tensor<3x4xf32> {
  %0 = prune.dropout %x, %t rate 0.5 seed 7 : tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// CHECK-LABEL: func @scores
func.func @scores(%w: tensor<4x8xf32>, %k: tensor<4x3x2x2xf32>)
    -> (tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<1x4xf32>, tensor<4x3xf32>) {
  // CHECK: math.absf
  %0 = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<4x8xf32> -> tensor<4x8xf32>
  // CHECK: "parallel", "reduction"
  // CHECK: math.sqrt
  %1 = prune.score %w criterion(<magnitude, p = 2.0>) granularity(<channel, axis = 0>) : tensor<4x8xf32> -> tensor<4xf32>
  %2 = prune.score %w criterion(<magnitude>) granularity(<vector, axis = 1>) : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK: tensor.expand_shape {{.*}} output_shape [1, 4, 4, 2]
  %3 = prune.score %w criterion(<magnitude, p = 3.0>) granularity(<block, shape = [4, 2]>) : tensor<4x8xf32> -> tensor<1x4xf32>
  %4 = prune.score %k criterion(<magnitude>) granularity(<filter_plane>) : tensor<4x3x2x2xf32> -> tensor<4x3xf32>
  return %0, %1, %2, %3, %4 : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<1x4xf32>, tensor<4x3xf32>
}

// Evidence is read where it broadcasts to; blocks at the edge are smaller, and a
// mean is over the elements that there are.
// CHECK-LABEL: func @criteria
func.func @criteria(%w: tensor<5x8xf32>, %n: tensor<1x8xf32>, %e: tensor<5x8xf32>)
    -> (tensor<5x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>) {
  // CHECK: arith.constant dense_resource<group_sizes> : tensor<2x8xf32>
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<5x8xf32>, tensor<1x8xf32>)
  // CHECK: math.absf
  // CHECK-NEXT: arith.mulf
  %0 = prune.score %w, %n criterion(<wanda>) granularity(<unstructured>) : tensor<5x8xf32>, tensor<1x8xf32> -> tensor<5x8xf32>
  // CHECK: tensor.pad {{.*}} low[0, 0] high[3, 0]
  // CHECK: tensor.expand_shape {{.*}} output_shape [2, 4, 8]
  // CHECK: math.absf
  %1 = prune.score %w criterion(<magnitude>) granularity(<block, shape = [4, 1]>) : tensor<5x8xf32> -> tensor<2x8xf32>
  // CHECK: arith.divf
  %2 = prune.score %w, %e criterion(<apoz>) granularity(<block, shape = [4, 1]>) : tensor<5x8xf32>, tensor<5x8xf32> -> tensor<2x8xf32>
  return %0, %1, %2 : tensor<5x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>
}

// CHECK-LABEL: func @selections
func.func @selections(%s: tensor<4x8xf32>, %c: tensor<4xf32>, %b: tensor<1x4xf32>)
    -> (tensor<4x8xi1>, tensor<4x8xi1>, tensor<4x8xi1>, tensor<4x8xi1>) {
  // CHECK: arith.cmpf ugt
  %0 = prune.select_mask %s selection(<threshold, 0.1>) granularity(<unstructured>) : (tensor<4x8xf32>) -> tensor<4x8xi1>
  %1 = prune.select_mask %c selection(<threshold, 0.1>) granularity(<channel, axis = 0>) : (tensor<4xf32>) -> tensor<4x8xi1>
  %2 = prune.select_mask %b selection(<threshold, 0.1>) granularity(<block, shape = [4, 2]>) : (tensor<1x4xf32>) -> tensor<4x8xi1>
  // CHECK: "parallel", "parallel", "parallel", "reduction"
  %3 = prune.select_mask %s selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 1>) : (tensor<4x8xf32>) -> tensor<4x8xi1>
  return %0, %1, %2, %3 : tensor<4x8xi1>, tensor<4x8xi1>, tensor<4x8xi1>, tensor<4x8xi1>
}

// One pass for both sums, in double precision and over images last; one for the
// elements. The loop over channels between them has several results.
// CHECK-LABEL: func @batch_norm_training
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK: arith.extf
// CHECK: -> (tensor<8x4xf64>, tensor<8x4xf64>)
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel"]
// CHECK: -> (tensor<4xf64>, tensor<4xf64>)
// CHECK: %[[S:.*]]:3 = linalg.generic
// CHECK: math.sqrt
// CHECK: -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%{{.*}}, %[[S]]#0, %[[S]]#2, %{{.*}} :
// CHECK: return %[[Y]], %[[S]]#0, %[[S]]#1
func.func @batch_norm_training(%x: tensor<8x4x5x5xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>)
    -> (tensor<8x4x5x5xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0, %1, %2 = prune.batch_norm_training %x, %g, %b epsilon 1.0e-5 : tensor<8x4x5x5xf32>, tensor<4xf32>
  return %0, %1, %2 : tensor<8x4x5x5xf32>, tensor<4xf32>, tensor<4xf32>
}

// Rows have no image to add up first.
// CHECK-LABEL: func @batch_norm_gradient
// CHECK-COUNT-1: iterator_types = ["reduction", "parallel"]
// CHECK-NOT: "reduction"
// CHECK: return
func.func @batch_norm_gradient(%x: tensor<8x4xf32>, %g: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>)
    -> (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0, %1, %2 = prune.batch_norm_gradient %x, %g, %m, %v, %x epsilon 1.0e-5 : tensor<8x4xf32>, tensor<4xf32>
  return %0, %1, %2 : tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @batch_norm
// CHECK: %[[L:.*]]:2 = linalg.generic
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[L]]#0, %[[L]]#1 :
// CHECK: arith.mulf
// CHECK-NEXT: arith.addf
// CHECK-NEXT: linalg.yield
func.func @batch_norm(%x: tensor<8x4x5x5xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<8x4x5x5xf32> {
  %0 = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5 : tensor<8x4x5x5xf32>, tensor<4xf32>
  return %0 : tensor<8x4x5x5xf32>
}

// The smallest position that equals the maximum, then the sum over windows.
// CHECK-LABEL: func @max_pool_gradient
// CHECK: %[[P:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
// CHECK: arith.cmpf oeq
// CHECK: arith.minsi
// CHECK: -> tensor<1x2x2x2xi32>
// CHECK: linalg.generic {{.*}} ins(%[[P]], %{{.*}}
// CHECK: arith.cmpi eq
// CHECK: arith.addf
// CHECK: -> tensor<1x2x5x5xf32>
func.func @max_pool_gradient(%x: tensor<1x2x5x5xf32>, %y: tensor<1x2x2x2xf32>, %d: tensor<1x2x2x2xf32>) -> tensor<1x2x5x5xf32> {
  %0 = prune.max_pool_gradient %x, %y, %d window [3, 3] strides [2, 2] dilations [1, 1] : tensor<1x2x5x5xf32>, tensor<1x2x2x2xf32>
  return %0 : tensor<1x2x5x5xf32>
}

// The scores of all weights are ranked together, and the bytes of groups spread over their elements.
// CHECK-LABEL: func @sparsity
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<2x2xf32>, %[[R:.*]]: f32)
func.func @sparsity(%a: tensor<4x8xf32>, %b: tensor<2x2xf32>, %r: f32) -> (tensor<8x16xi1>, tensor<4x4xi1>) {
  // CHECK-DAG: %[[FLAT_A:.*]] = tensor.collapse_shape %[[A]] {{.*}} into tensor<32xf32>
  // CHECK-DAG: %[[FLAT_B:.*]] = tensor.collapse_shape %[[B]] {{.*}} into tensor<4xf32>
  // CHECK-DAG: %[[FIRST:.*]] = tensor.insert_slice %[[FLAT_A]] into %{{.*}}[0] [32] [1]
  // CHECK: %[[BOTH:.*]] = tensor.insert_slice %[[FLAT_B]] into %[[FIRST]][32] [4] [1]
  // CHECK: %[[WIDE:.*]] = arith.extf %[[R]] : f32 to f64
  // CHECK: %[[KEPT:.*]] = kernel.select_groups ins(%[[BOTH]] : tensor<36xf32>) sparsity(%[[WIDE]]) outs(%{{.*}} : tensor<36xi8>) groups = [32, 4, 4, 4]
  // CHECK: tensor.extract_slice %[[KEPT]][0] [32] [1]
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<8x16xi1>)
  // CHECK: tensor.extract_slice %[[KEPT]][32] [4] [1]
  %0, %1 = prune.select_mask %a, %b selection(<sparsity>) value %r : f32 granularity(<block, shape = [2, 2]>)
      : (tensor<4x8xf32>, tensor<2x2xf32>) -> (tensor<8x16xi1>, tensor<4x4xi1>)
  return %0, %1 : tensor<8x16xi1>, tensor<4x4xi1>
}

// An l1 step is part of the loop of the update; that of a group needs the norms of the new weight.
// CHECK-LABEL: func @proximal
// CHECK-COUNT-1: linalg.generic
// CHECK: arith.maximumf
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @proximal(%w: tensor<3x4xf32>, %g: tensor<3x4xf32>, %lr: f32) -> tensor<3x4xf32> {
  %0 = prune.sgd_update %w, %g, lr %lr : (tensor<3x4xf32>, tensor<3x4xf32>, f32) -> tensor<3x4xf32>
  %1 = prune.proximal l1 %0, %lr : tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// CHECK-LABEL: func @group_proximal
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
// CHECK: math.sqrt
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
func.func @group_proximal(%w: tensor<3x4xf32>, %g: tensor<3x4xf32>, %lr: f32) -> tensor<3x4xf32> {
  %0 = prune.sgd_update %w, %g, lr %lr : (tensor<3x4xf32>, tensor<3x4xf32>, f32) -> tensor<3x4xf32>
  %1 = prune.proximal group_lasso %0, %lr granularity(<channel, axis = 0>) : tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// Values are written into zeros, and read by a loop over the pattern.
// CHECK-LABEL: func @compressed
// CHECK-SAME: (%[[V:.*]]: tensor<2xf32>, %[[W:.*]]: tensor<2x3xf32>)
func.func @compressed(%v: tensor<2xf32>, %w: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2xf32>) {
  // CHECK-DAG: %[[PATTERN:.*]] = arith.constant dense<[1, 5]> : tensor<2xi32>
  // CHECK: %[[ZEROS:.*]] = linalg.fill {{.*}} -> tensor<6xf32>
  // CHECK: %[[FLAT:.*]] = scf.for %[[P:.*]] = {{.*}} iter_args(%[[STATE:.*]] = %[[ZEROS]])
  // CHECK-DAG: %[[INDEX:.*]] = tensor.extract %[[PATTERN]][%[[P]]]
  // CHECK-DAG: %[[VALUE:.*]] = tensor.extract %[[V]][%[[P]]]
  // CHECK: tensor.insert %[[VALUE]] into %[[STATE]]
  // CHECK: tensor.expand_shape %[[FLAT]] {{.*}} into tensor<2x3xf32>
  %0 = prune.decompress %v pattern(dense<[1, 5]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x3xf32>
  // CHECK: %[[ROW:.*]] = tensor.collapse_shape %[[W]] {{.*}} into tensor<6xf32>
  // CHECK: linalg.generic {{.*}} ins(%[[PATTERN]] : tensor<2xi32>)
  // CHECK: tensor.extract %[[ROW]]
  %1 = prune.compress %w pattern(dense<[1, 5]> : tensor<2xi32>) : tensor<2x3xf32> -> tensor<2xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<2xf32>
}
