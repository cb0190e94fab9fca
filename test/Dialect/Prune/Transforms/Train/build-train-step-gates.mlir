// Gates in a training step: limits of the auxiliary parameters, and weights that
// are held while their gates are closed.

// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{momentum=0.9 clamp-auxiliary=1 freeze-gated weight-decay=1e-4},prune-verify-train-step)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{optimizer=adam freeze-gated decay-frozen},prune-verify-train-step)" | FileCheck %s --check-prefix=ADAM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-mask-gradients{parameters=v},prune-build-train-step{freeze-gated},prune-verify-train-step)" | FileCheck %s --check-prefix=MASK
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{freeze-gated})" --prune-pass-statistics -o %t 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{optimizer=adam separate-auxiliary auxiliary-momentum=0.9 clamp-auxiliary=1 freeze-gated},prune-verify-train-step)" | FileCheck %s --check-prefix=OWN
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{auxiliary-momentum=0.9})" 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{separate-auxiliary auxiliary-momentum=1})" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{separate-auxiliary auxiliary-optimizer=adam auxiliary-momentum=0.9})" 2>&1 | FileCheck %s --check-prefix=SGD
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{decay-frozen})" 2>&1 | FileCheck %s --check-prefix=HELD
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-differentiate,prune-build-train-step{clamp-auxiliary=-1})" 2>&1 | FileCheck %s --check-prefix=CLAMP

// STAT-DAG: 2 num-updates-frozen
// ALONE: error: expected separate-auxiliary with an optimizer of auxiliary parameters
// RANGE: error: expected an auxiliary momentum in [0, 1), got 1
// SGD: error: the auxiliary momentum is a setting of sgd
// HELD: error: expected freeze-gated with decay-frozen
// CLAMP: error: expected a limit of auxiliary parameters that is not negative, got -1

// CHECK-LABEL: func @train_step(
// CHECK-SAME: %[[W:[^:]*]]: tensor<3x4xf32> {{[^%]*}}%[[M:[^:]*]]: tensor<3x4xf32> {{[^%]*}}%[[V:[^:]*]]: tensor<3x4xf32> {{[^%]*}}%[[N:[^:]*]]: tensor<3xf32> {{[^%]*}}%[[B:[^:]*]]: tensor<3x4xf32>
// CHECK: %[[OPEN:.*]] = prune.select_mask %[[M]] selection(<threshold>) granularity(<unstructured>) : (tensor<3x4xf32>) -> tensor<3x4xi1>
// CHECK: prune.sgd_update %[[W]], {{.*}} mask %[[OPEN]] {freeze_masked, momentum = 9.000000e-01 : f64, weight_decay = 1.000000e-04 : f64}
// CHECK: %[[ROWS:.*]] = prune.select_mask %[[N]] selection(<threshold>) granularity(<channel, axis = 0>) : (tensor<3xf32>) -> tensor<3x4xi1>
// CHECK: prune.sgd_update %[[V]], {{.*}} mask %[[ROWS]] {freeze_masked,
// What no gate reads is trained as ever, and the gates come last.
// CHECK: prune.sgd_update %[[B]], {{.*}} {momentum = 9.000000e-01 : f64, weight_decay = 1.000000e-04 : f64} :
// CHECK: prune.sgd_update %[[M]], {{.*}} {clamp = 1.000000e+00 : f64, momentum = 9.000000e-01 : f64} :
// CHECK: prune.sgd_update %[[N]], {{.*}} {clamp = 1.000000e+00 : f64, momentum = 9.000000e-01 : f64} :

// ADAM-LABEL: func @train_step(
// ADAM-COUNT-2: prune.adam_update {{.*}} mask %{{.*}} {decay_frozen, freeze_masked}
// ADAM-NOT: clamp

// Weights by Adam, gates by momentum at a rate of their own.
// OWN-LABEL: func @train_step(
// OWN-SAME: %[[RATE:[^:]*]]: f32 {prune.input = "learning_rate"}, %[[OWN:[^:]*]]: f32 {prune.input = "auxiliary_learning_rate"}
// OWN-COUNT-3: prune.adam_update {{.*}} lr %[[RATE]]
// OWN-COUNT-2: prune.sgd_update {{.*}} lr %[[OWN]] velocity {{.*}} {clamp = 1.000000e+00 : f64, momentum = 9.000000e-01 : f64}

// A mask sets to zero what it prunes, gate or not.
// MASK-LABEL: func @train_step(
// MASK: prune.sgd_update {{.*}} mask %{{.*}} {freeze_masked} :
// MASK: prune.sgd_update {{.*}} mask %{{.*}} :
func.func @loss(%w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>},
    %m: tensor<3x4xf32> {prune.param = #prune.param<"w.gate", auxiliary>},
    %v: tensor<3x4xf32> {prune.param = #prune.param<"v", weight>},
    %n: tensor<3xf32> {prune.param = #prune.param<"v.gate", auxiliary>},
    %b: tensor<3x4xf32> {prune.param = #prune.param<"b", weight>}) -> (tensor<f32> {prune.output = "loss"}) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %t = prune.gate %w, %m ste(<softplus>) : tensor<3x4xf32>, tensor<3x4xf32>
  %u = prune.gate %v, %n ste(<softplus>) granularity(<channel, axis = 0>) : tensor<3x4xf32>, tensor<3xf32>
  %p = arith.mulf %t, %u : tensor<3x4xf32>
  %q = arith.mulf %p, %b : tensor<3x4xf32>
  %l = linalg.reduce { arith.addf } ins(%q : tensor<3x4xf32>) outs(%zero : tensor<f32>) dimensions = [0, 1]
  return %l : tensor<f32>
}
