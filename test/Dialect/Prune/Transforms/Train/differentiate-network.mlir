// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-loss,prune-differentiate,cse)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-insert-loss,prune-differentiate,cse)" | FileCheck %s --check-prefix=COUNT

// The gradient of a fully connected network is the list that a person would
// write: per layer one contraction for the weight, one sum for the bias, one
// contraction for what comes in (none for the input of the network), one
// element-wise mask that reads the activation and not what was before it.
// Nothing of the forward pass is computed again.

// Three products forward, three for the weights, two for what comes in.
// COUNT-LABEL: func.func @loss(
// COUNT-COUNT-8: linalg.matmul
// COUNT-NOT: linalg.matmul

// CHECK-DAG: #[[$KM:.*]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK-DAG: #[[$KN:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$MN:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @loss(
// CHECK-SAME: %[[X:.*]]: tensor<8x6xf32> {prune.input = "input"}, %[[LABELS:.*]]: tensor<8xi32>
// CHECK-SAME: %[[W1:.*]]: tensor<5x6xf32> {{{[^}]*}}}, %[[B1:.*]]: tensor<5xf32> {{{[^}]*}}},
// CHECK-SAME: %[[W2:.*]]: tensor<4x5xf32> {{{[^}]*}}}, %[[B2:.*]]: tensor<4xf32> {{{[^}]*}}},
// CHECK-SAME: %[[W3:.*]]: tensor<3x4xf32> {{{[^}]*}}}, %[[B3:.*]]: tensor<3xf32>

// Forward: the three layers and the loss.
// CHECK: %[[Z1:.*]] = linalg.matmul {{.*}} ins(%[[X]], %[[W1]] :
// CHECK: %[[Y1:.*]] = linalg.generic {{.*}} ins(%[[Z1]] :
// CHECK: %[[Z2:.*]] = linalg.matmul {{.*}} ins(%[[Y1]], %[[W2]] :
// CHECK: %[[Y2:.*]] = linalg.generic {{.*}} ins(%[[Z2]] :
// CHECK: %[[Z3:.*]] = linalg.matmul {{.*}} ins(%[[Y2]], %[[W3]] :
// CHECK-NEXT: %[[LOSS:.*]] = prune.softmax_cross_entropy %[[Z3]], %[[LABELS]]

// The adjoint of the loss: softmax minus one hot, over the batch.
// CHECK: linalg.reduce { arith.maximumf } ins(%[[Z3]] :
// CHECK: %[[EXP:.*]] = linalg.generic {{.*}} ins(%[[Z3]],
// CHECK: %[[SUM:.*]] = linalg.reduce { arith.addf } ins(%[[EXP]] :
// CHECK: %[[SCALE:.*]] = arith.constant 1.250000e-01 : f32
// CHECK-NEXT: %[[DZ3:.*]] = linalg.generic {{.*}} ins(%[[EXP]], %[[SUM]], %[[LABELS]] :
// CHECK: arith.mulf %{{.*}}, %[[SCALE]]
// CHECK-NEXT: linalg.yield
// CHECK-NEXT: } -> tensor<8x3xf32>

// Layer 3.
// CHECK-NEXT: %[[O1:.*]] = linalg.fill
// CHECK-NEXT: %[[DY2:.*]] = linalg.matmul ins(%[[DZ3]], %[[W3]] : {{.*}} outs(%[[O1]] :
// CHECK-NEXT: tensor.empty() : tensor<3x4xf32>
// CHECK-NEXT: %[[O2:.*]] = linalg.fill
// CHECK-NEXT: %[[DW3:.*]] = linalg.matmul indexing_maps = [#[[$KM]], #[[$KN]], #[[$MN]]] ins(%[[DZ3]], %[[Y2]] : {{.*}} outs(%[[O2]] :
// CHECK-NEXT: tensor.empty() : tensor<3xf32>
// CHECK-NEXT: %[[O3:.*]] = linalg.fill
// CHECK-NEXT: %[[DB3:.*]] = linalg.reduce { arith.addf } ins(%[[DZ3]] : {{.*}} outs(%[[O3]] : {{.*}} dimensions = [0]

// Layer 2, with the second form of a rectifier.
// CHECK-NEXT: %[[DZ2:.*]] = linalg.generic {{.*}} ins(%[[Y2]], %[[DY2]] :
// CHECK-NEXT: ^bb0(%[[Y:.*]]: f32, %[[DY:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[OPEN:.*]] = arith.cmpf ogt, %[[Y]], %[[ZERO:.*]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.select %[[OPEN]], %[[DY]], %[[ZERO]] : f32
// CHECK-NEXT: linalg.yield %[[D]]
// CHECK-NEXT: } -> tensor<8x4xf32>
// CHECK-NEXT: %[[O4:.*]] = linalg.fill
// CHECK-NEXT: %[[DY1:.*]] = linalg.matmul ins(%[[DZ2]], %[[W2]] : {{.*}} outs(%[[O4]] :
// CHECK-NEXT: tensor.empty() : tensor<4x5xf32>
// CHECK-NEXT: %[[O5:.*]] = linalg.fill
// CHECK-NEXT: %[[DW2:.*]] = linalg.matmul indexing_maps = [#[[$KM]], #[[$KN]], #[[$MN]]] ins(%[[DZ2]], %[[Y1]] : {{.*}} outs(%[[O5]] :
// CHECK-NEXT: tensor.empty() : tensor<4xf32>
// CHECK-NEXT: %[[O6:.*]] = linalg.fill
// CHECK-NEXT: %[[DB2:.*]] = linalg.reduce { arith.addf } ins(%[[DZ2]] : {{.*}} outs(%[[O6]] : {{.*}} dimensions = [0]

// Layer 1: no adjoint for the input.
// CHECK-NEXT: %[[DZ1:.*]] = linalg.generic {{.*}} ins(%[[Y1]], %[[DY1]] :
// CHECK: } -> tensor<8x5xf32>
// CHECK-NEXT: tensor.empty() : tensor<5x6xf32>
// CHECK-NEXT: %[[O7:.*]] = linalg.fill
// CHECK-NEXT: %[[DW1:.*]] = linalg.matmul indexing_maps = [#[[$KM]], #[[$KN]], #[[$MN]]] ins(%[[DZ1]], %[[X]] : {{.*}} outs(%[[O7]] :
// CHECK-NEXT: tensor.empty() : tensor<5xf32>
// CHECK-NEXT: %[[O8:.*]] = linalg.fill
// CHECK-NEXT: %[[DB1:.*]] = linalg.reduce { arith.addf } ins(%[[DZ1]] : {{.*}} outs(%[[O8]] : {{.*}} dimensions = [0]
// CHECK-NEXT: return %[[LOSS]], %[[DW1]], %[[DB1]], %[[DW2]], %[[DB2]], %[[DW3]], %[[DB3]] :

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward(%input: tensor<8x6xf32> {prune.input = "input"},
    %w1: tensor<5x6xf32> {prune.param = #prune.param<"fc1.weight", weight>},
    %b1: tensor<5xf32> {prune.param = #prune.param<"fc1.bias", bias>},
    %w2: tensor<4x5xf32> {prune.param = #prune.param<"fc2.weight", weight>},
    %b2: tensor<4xf32> {prune.param = #prune.param<"fc2.bias", bias>},
    %w3: tensor<3x4xf32> {prune.param = #prune.param<"fc3.weight", weight>},
    %b3: tensor<3xf32> {prune.param = #prune.param<"fc3.bias", bias>}) -> (tensor<8x3xf32> {prune.output = "logits"}) {
  %e1 = tensor.empty() : tensor<8x5xf32>
  %i1 = linalg.broadcast ins(%b1 : tensor<5xf32>) outs(%e1 : tensor<8x5xf32>) dimensions = [0]
  %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%input, %w1 : tensor<8x6xf32>, tensor<5x6xf32>) outs(%i1 : tensor<8x5xf32>) -> tensor<8x5xf32>
  %y1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z1 : tensor<8x5xf32>) outs(%e1 : tensor<8x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %zero = arith.constant 0.0 : f32
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
  } -> tensor<8x5xf32>
  %e2 = tensor.empty() : tensor<8x4xf32>
  %i2 = linalg.broadcast ins(%b2 : tensor<4xf32>) outs(%e2 : tensor<8x4xf32>) dimensions = [0]
  %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<8x5xf32>, tensor<4x5xf32>) outs(%i2 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%z2 : tensor<8x4xf32>) outs(%e2 : tensor<8x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %zero = arith.constant 0.0 : f32
      %p = arith.cmpf ugt, %in, %zero : f32
      %m = arith.select %p, %in, %zero : f32
      linalg.yield %m : f32
  } -> tensor<8x4xf32>
  %e3 = tensor.empty() : tensor<8x3xf32>
  %i3 = linalg.broadcast ins(%b3 : tensor<3xf32>) outs(%e3 : tensor<8x3xf32>) dimensions = [0]
  %z3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y2, %w3 : tensor<8x4xf32>, tensor<3x4xf32>) outs(%i3 : tensor<8x3xf32>) -> tensor<8x3xf32>
  return %z3 : tensor<8x3xf32>
}
