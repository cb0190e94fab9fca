// Bi-level AutoPrune: gates are inserted once, into the network itself; each step
// function comes from a loss of its own and trains its own parameters.

// RUN: prune-opt %S/train-pipeline.mlir --pass-pipeline="builtin.module(prune-train-pipeline{gates=element name=weight_step freeze-roles=auxiliary freeze-gated optimizer=adam weight-decay=1e-4},prune-train-pipeline{gates=element name=gate_step freeze-roles=auxiliary freeze-invert momentum=0.9 runtime-gate-strength gate-strengths=fc2*:3 clamp-auxiliary=1})" -o %t.mlir
// RUN: FileCheck %s < %t.mlir

// The steps one by one give the same.
// RUN: prune-opt %S/train-pipeline.mlir --pass-pipeline="builtin.module(prune-insert-gates,prune-insert-loss,prune-freeze-parameters{roles=auxiliary},prune-differentiate,prune-build-train-step{name=weight_step freeze-gated optimizer=adam weight-decay=1e-4},canonicalize,cse,prune-insert-loss,prune-freeze-parameters{roles=auxiliary invert},prune-differentiate,prune-insert-regularizers{kind=open_gates runtime-strength strength-input=gate_strength strengths=fc2*:3},prune-build-train-step{name=gate_step momentum=0.9 clamp-auxiliary=1},canonicalize,cse)" | diff %t.mlir -

// Frozen state is read in place: no copy of a parameter, gate or moment.
// RUN: prune-opt %t.mlir --pass-pipeline="builtin.module(prune-cpu-pipeline{stop-after=buffer})" | FileCheck %s --check-prefix=BUFFER

// CHECK: func @forward(
// CHECK-SAME: %[[M1:[^:]*]]: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight.gate", auxiliary>}
// CHECK-COUNT-2: prune.gate
// CHECK-NOT: prune.gate

// The product that only the gates need is not there, nor is a moment of theirs.
// CHECK: func @gate_step(
// CHECK-SAME: {prune.frozen, prune.param = #prune.param<"fc1.weight", weight>, prune.state = "fc1.weight"}
// CHECK-SAME: %[[M:[^:]*]]: tensor<6x8xf32> {prune.param = #prune.param<"fc1.weight.gate", auxiliary>, prune.state = "fc1.weight.gate"}
// CHECK-SAME: {prune.input = "gate_strength"}
// CHECK-SAME: -> (tensor<6x8xf32> {prune.state = "fc1.weight.gate"}, tensor<3x6xf32> {prune.state = "fc2.weight.gate"}, tensor<6x8xf32> {prune.state = "velocity:fc1.weight.gate"}, tensor<3x6xf32> {prune.state = "velocity:fc2.weight.gate"}, tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.output = "penalty"})
// CHECK: prune.regularize open_gates %[[M]],
// CHECK: prune.sgd_update %[[M]], {{.*}} {clamp = 1.000000e+00 : f64, momentum = 9.000000e-01 : f64}
// CHECK: prune.sgd_update
// CHECK-NOT: prune.sgd_update

// CHECK: func @weight_step(
// CHECK-SAME: {prune.frozen, prune.param = #prune.param<"fc1.weight.gate", auxiliary>, prune.state = "fc1.weight.gate"}
// CHECK-NOT: math.exp %{{.*}} : tensor<6x8xf32>
// CHECK-COUNT-2: prune.adam_update {{.*}} {freeze_masked, weight_decay = 1.000000e-04 : f64}
// CHECK-NOT: clamp

// BUFFER: func.func @forward
// BUFFER: func.func @gate_step(
// BUFFER-NOT: copy
// BUFFER: func.func @weight_step(
// BUFFER-NOT: copy
