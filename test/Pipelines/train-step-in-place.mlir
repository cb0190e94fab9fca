// A training step updates its state where it lies: no copy of a parameter, a
// velocity or a moment is made, and temporaries are activations, gradients and
// sums only.

// RUN: prune-opt %S/train-pipeline.mlir --pass-pipeline="builtin.module(prune-train-pipeline{regularizer=hoyer_square runtime-strength mask momentum=0.9 nesterov},prune-cpu-pipeline{stop-after=buffer})" | FileCheck %s
// RUN: prune-opt %S/train-pipeline.mlir --pass-pipeline="builtin.module(prune-train-pipeline{optimizer=adam mask},prune-cpu-pipeline{stop-after=buffer})" | FileCheck %s --check-prefix=ADAM
// RUN: prune-opt %S/train-pipeline.mlir --pass-pipeline="builtin.module(prune-train-pipeline{regularizer=l1 mask momentum=0.9},prune-cpu-pipeline)" | FileCheck %s --check-prefix=LLVM

// CHECK: func.func @train_step(%[[W1:[^:]*]]: memref<6x8xf32> {{[^%]*}}%[[B1:[^:]*]]: memref<6xf32> {{[^%]*}}%[[W2:[^:]*]]: memref<3x6xf32> {{[^%]*}}%[[B2:[^:]*]]: memref<3xf32> {{[^%]*}}%[[VW1:[^:]*]]: memref<6x8xf32> {{[^%]*}}%[[VB1:[^:]*]]: memref<6xf32> {{[^%]*}}%[[VW2:[^:]*]]: memref<3x6xf32> {{[^%]*}}%[[VB2:[^:]*]]: memref<3xf32>
// CHECK-NOT: copy
// CHECK: onednn.matmul {{.*}} bias(%[[B1]] : {{.*}}activation = #kernel.activation<relu>
// CHECK-NOT: copy
// CHECK: outs(%[[W1]], %[[VW1]] : memref<6x8xf32>, memref<6x8xf32>)
// CHECK-NOT: copy
// CHECK: outs(%[[B1]], %[[VB1]] : memref<6xf32>, memref<6xf32>)
// CHECK-NOT: copy
// CHECK: outs(%[[W2]], %[[VW2]] : memref<3x6xf32>, memref<3x6xf32>)
// CHECK-NOT: copy
// CHECK: outs(%[[B2]], %[[VB2]] : memref<3xf32>, memref<3xf32>)
// CHECK-NOT: copy
// CHECK: return

// ADAM: func.func @train_step(%[[W1:[^:]*]]: memref<6x8xf32>
// ADAM-SAME: %[[M:[^:]*]]: memref<6x8xf32> {prune.result = 4 : i64, prune.state = "moment1:fc1.weight"}
// ADAM-SAME: %[[U:[^:]*]]: memref<6x8xf32> {prune.result = 8 : i64, prune.state = "moment2:fc1.weight"}
// ADAM-SAME: %[[STEP:[^:]*]]: memref<i64>
// ADAM-NOT: copy
// ADAM: outs(%[[W1]], %[[M]], %[[U]] : memref<6x8xf32>, memref<6x8xf32>, memref<6x8xf32>)
// ADAM-NOT: copy
// ADAM: memref.store %{{.*}}, %[[STEP]][] : memref<i64>
// ADAM-NOT: copy
// ADAM: return

// LLVM: llvm.func @train_step
// LLVM-NOT: memcpy
// LLVM-NOT: memrefCopy
// LLVM: llvm.return
