// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-copy-iter-args)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-copy-iter-args,prune-copy-iter-args)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline)" -o /dev/null

// Rows that are summed: what is inserted stays in place, the sum is copied.

// CHECK-LABEL: func.func @sum
// CHECK: scf.for {{.*}} iter_args(%[[OUT:.*]] = %{{.*}}, %[[S:.*]] = %{{.*}})
// CHECK: %[[N:.*]] = linalg.add
// CHECK: %[[O:.*]] = tensor.insert_slice %[[N]] into %[[OUT]]
// CHECK-NEXT: %[[C:.*]] = linalg.copy ins(%[[N]] : tensor<1x4xf32>) outs(%[[S]] : tensor<1x4xf32>)
// CHECK-NEXT: scf.yield %[[O]], %[[C]]
func.func @sum(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %z = arith.constant dense<0.0> : tensor<1x4xf32>
  %e = tensor.empty() : tensor<3x4xf32>
  %y, %h = scf.for %t = %c0 to %c3 step %c1 iter_args(%out = %e, %s = %z) -> (tensor<3x4xf32>, tensor<1x4xf32>) {
    %r = tensor.extract_slice %x[%t, 0] [1, 4] [1, 1] : tensor<3x4xf32> to tensor<1x4xf32>
    %f = tensor.empty() : tensor<1x4xf32>
    %n = linalg.add ins(%r, %s : tensor<1x4xf32>, tensor<1x4xf32>) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
    %o = tensor.insert_slice %n into %out[%t, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<3x4xf32>
    scf.yield %o, %n : tensor<3x4xf32>, tensor<1x4xf32>
  }
  return %y : tensor<3x4xf32>
}

// States that are exchanged.

// CHECK-LABEL: func.func @exchange
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}})
// CHECK: %[[T:.*]] = linalg.copy ins(%[[B]] : {{.*}}) outs(%{{.*}} :
// CHECK: %[[U:.*]] = linalg.copy ins(%[[A]] : {{.*}}) outs(%{{.*}} :
// CHECK: %[[C:.*]] = linalg.copy ins(%[[T]] : {{.*}}) outs(%[[A]] :
// CHECK: %[[D:.*]] = linalg.copy ins(%[[U]] : {{.*}}) outs(%[[B]] :
// CHECK: scf.yield %[[C]], %[[D]]
func.func @exchange(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %r:2 = scf.for %t = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<4xf32>) {
    scf.yield %b, %a : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}
