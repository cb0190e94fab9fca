// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-separate-destinations)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-separate-destinations,prune-separate-destinations)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-separate-destinations)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 2 num-destinations-copied

// CHECK-LABEL: func.func @fills
// CHECK: %[[E0:.*]] = tensor.empty
// CHECK: %[[F0:.*]] = linalg.fill ins(%{{.*}}) outs(%[[E0]]
// CHECK: linalg.reduce {{.*}} outs(%[[F0]]
// CHECK: %[[E1:.*]] = tensor.empty
// CHECK: %[[F1:.*]] = linalg.fill ins(%{{.*}}) outs(%[[E1]]
// CHECK: linalg.reduce {{.*}} outs(%[[F1]]
func.func @fills(%x: tensor<3x4xf32>, %y: tensor<3x4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %a = linalg.reduce { arith.addf } ins(%x : tensor<3x4xf32>) outs(%f : tensor<4xf32>) dimensions = [0]
  %b = linalg.reduce { arith.addf } ins(%y : tensor<3x4xf32>) outs(%f : tensor<4xf32>) dimensions = [0]
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// A fill that is read keeps its one place.
// CHECK-LABEL: func.func @read
// CHECK: linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @read(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %s = linalg.add ins(%f, %f : tensor<4xf32>, tensor<4xf32>) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// CHECK-LABEL: func.func @nothing
// CHECK-NOT: arith.constant
// CHECK: tensor.empty() : tensor<5x0xf32>
func.func @nothing() -> tensor<5x0xf32> {
  %w = arith.constant dense<> : tensor<5x0xf32>
  return %w : tensor<5x0xf32>
}
