//===- TrainPipeline.cpp - From a network to a training step --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The phases of training, a builder function and a pipeline each, and all of
// them as prune-train-pipeline. What a framework built itself, a loss or a
// gradient function, enters where it fits, because the passes leave what is
// there already as it is. Alive throughout: func, linalg, tensor, arith, math,
// prune.
//
//===----------------------------------------------------------------------===//

#include "Prune/Pipelines/TrainPipeline.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::prune;

using StringList = ::mlir::detail::PassOptions::ListOption<std::string>;

static void copyList(const StringList &from,
                     llvm::SmallVectorImpl<std::string> &to) {
  to.assign(from.begin(), from.end());
}

static void addGates(OpPassManager &manager, const NetworkOptions &options) {
  if (options.gates == TrainGates::None)
    return;
  InsertGatesPassOptions gates;
  gates.function = options.forward;
  gates.granularity = options.gates == TrainGates::Channel
                          ? GateGranularity::Channel
                          : GateGranularity::Element;
  gates.ste = options.ste;
  gates.slope = options.steSlope;
  gates.rule = options.gateRule;
  copyList(options.gateParameters, gates.parameters);
  copyList(options.gateIgnore, gates.ignore);
  manager.addPass(createInsertGatesPass(gates));
}

static void addStraightThrough(OpPassManager &manager,
                               const NetworkOptions &options) {
  if (!options.straightThrough)
    return;
  InsertStraightThroughMasksPassOptions masks;
  masks.function = options.forward;
  masks.granularity = options.straightThroughGranularity;
  masks.sparsity = options.straightThroughSparsity;
  // A pattern such as n_of_m says by itself how much goes.
  masks.runtimeSparsity = masks.sparsity.empty() &&
                          !StringRef(masks.granularity).starts_with("n_of_m");
  masks.decay = options.straightThroughDecay;
  copyList(options.straightThroughParameters, masks.parameters);
  copyList(options.straightThroughIgnore, masks.ignore);
  manager.addPass(createInsertStraightThroughMasksPass(masks));
}

static void addDropout(OpPassManager &manager, const LossOptions &options) {
  if (options.dropout.empty())
    return;
  InsertDropoutPassOptions dropout;
  dropout.function = options.function;
  copyList(options.dropout, dropout.rates);
  dropout.seed = options.dropoutSeed;
  manager.addPass(createInsertDropoutPass(dropout));
  if (options.dropoutRemaining.empty())
    return;
  AdjustDropoutPassOptions adjust;
  adjust.function = options.function;
  copyList(options.dropoutRemaining, adjust.remaining);
  manager.addPass(createAdjustDropoutPass(adjust));
}

// Freezing comes before differentiation, which builds nothing for frozen
// parameters.
static void addFreezing(OpPassManager &manager,
                        const GradientOptions &options) {
  if (!options.freezeRoles.empty() || !options.freezeParameters.empty() ||
      !options.freezeIgnore.empty()) {
    FreezeParametersPassOptions freeze;
    freeze.function = options.function;
    copyList(options.freezeRoles, freeze.roles);
    copyList(options.freezeParameters, freeze.parameters);
    copyList(options.freezeIgnore, freeze.ignore);
    freeze.invert = options.freezeInvert;
    manager.addPass(createFreezeParametersPass(freeze));
  }
  if (options.freezeAuxiliary) {
    FreezeParametersPassOptions freeze;
    freeze.function = options.function;
    freeze.roles.assign({stringifyParamRole(ParamRole::Auxiliary).str()});
    manager.addPass(createFreezeParametersPass(freeze));
  }
}

static void addCompressing(OpPassManager &manager,
                           const GradientOptions &options) {
  if (!options.compress)
    return;
  // After dropout, which finds layers by their weights, and before
  // differentiation, so that gradients are of the values alone.
  CompressParametersPassOptions compress;
  compress.minZeros = options.compressMinZeros;
  copyList(options.compressParameters, compress.parameters);
  copyList(options.compressIgnore, compress.ignore);
  manager.addPass(createCompressParametersPass(compress));
}

static void addLoss(OpPassManager &manager, const LossOptions &options) {
  if (options.forward.empty())
    return;
  InsertLossPassOptions loss;
  loss.function = options.forward;
  loss.name = options.function;
  loss.softLabels = options.softLabels;
  loss.classDimension = options.classDimension;
  manager.addPass(createInsertLossPass(loss));
}

static void addBatchStatistics(OpPassManager &manager,
                               const LossOptions &options) {
  // Where there are any, before the loss is differentiated through them.
  TrainBatchNormsPassOptions norms;
  norms.function = options.function;
  norms.momentum = options.batchNormMomentum;
  manager.addPass(createTrainBatchNormsPass(norms));
}

static void addGradients(OpPassManager &manager,
                         const GradientOptions &options) {
  // Penalties come later as closed forms, so only the loss is differentiated.
  DifferentiatePassOptions differentiate;
  differentiate.function = options.function;
  manager.addPass(createDifferentiatePass(differentiate));
  // A function that came with its own gradients has not been looked at yet.
  VerifyGradientPassOptions verify;
  verify.function = options.function;
  manager.addPass(createVerifyGradientPass(verify));
}

static RegularizerKind getKind(TrainRegularizer regularizer) {
  switch (regularizer) {
  case TrainRegularizer::L1:
    return RegularizerKind::L1;
  case TrainRegularizer::L2:
    return RegularizerKind::L2;
  case TrainRegularizer::Hoyer:
    return RegularizerKind::Hoyer;
  case TrainRegularizer::HoyerSquare:
    return RegularizerKind::HoyerSquare;
  case TrainRegularizer::TransformedL1:
    return RegularizerKind::TransformedL1;
  case TrainRegularizer::GroupLasso:
    return RegularizerKind::GroupLasso;
  case TrainRegularizer::GroupHoyerSquare:
    return RegularizerKind::GroupHoyerSquare;
  case TrainRegularizer::None:
    break;
  }
  llvm_unreachable("no penalty has no kind");
}

static void addRegularizers(OpPassManager &manager,
                            const PenaltyOptions &options) {
  if (options.regularizer == TrainRegularizer::None)
    return;
  InsertRegularizersPassOptions regularize;
  regularize.function = options.function;
  regularize.kind = getKind(options.regularizer);
  copyList(options.granularity, regularize.granularity);
  regularize.maskedWeights = options.maskedWeights;
  regularize.strength = options.strength;
  regularize.runtimeStrength = options.runtimeStrength;
  copyList(options.strengths, regularize.strengths);
  copyList(options.regularizeRoles, regularize.roles);
  copyList(options.regularizeParameters, regularize.parameters);
  copyList(options.regularizeIgnore, regularize.ignore);
  manager.addPass(createInsertRegularizersPass(regularize));
}

static void addGateStrengths(OpPassManager &manager,
                             const PenaltyOptions &options) {
  if (options.gateStrength == 0.0 && !options.runtimeGateStrength &&
      options.gateStrengths.empty())
    return;
  InsertRegularizersPassOptions regularize;
  regularize.function = options.function;
  regularize.kind = RegularizerKind::OpenGates;
  regularize.strength = options.gateStrength;
  regularize.runtimeStrength = options.runtimeGateStrength;
  regularize.strengthInput = "gate_strength";
  regularize.roles.assign({stringifyParamRole(ParamRole::Auxiliary).str()});
  copyList(options.gateStrengths, regularize.strengths);
  manager.addPass(createInsertRegularizersPass(regularize));
}

static void addAdmm(OpPassManager &manager, const PenaltyOptions &options) {
  if (options.admmRho == 0.0)
    return;
  InsertAdmmPassOptions admm;
  admm.function = options.function;
  admm.rho = options.admmRho;
  copyList(options.admmParameters, admm.parameters);
  manager.addPass(createInsertAdmmPass(admm));
}

static void addPenalties(OpPassManager &manager,
                         const PenaltyOptions &options) {
  addRegularizers(manager, options);
  addGateStrengths(manager, options);
  addAdmm(manager, options);
}

static void addMasks(OpPassManager &manager, const UpdateOptions &options) {
  if (!options.mask)
    return;
  // After the penalties, so that their gradients are masked too.
  MaskGradientsPassOptions mask;
  mask.function = options.function;
  copyList(options.maskRoles, mask.roles);
  copyList(options.maskParameters, mask.parameters);
  copyList(options.maskIgnore, mask.ignore);
  manager.addPass(createMaskGradientsPass(mask));
}

static BuildTrainStepPassOptions getUpdate(const UpdateOptions &options) {
  BuildTrainStepPassOptions step;
  step.function = options.function;
  step.name = options.name;
  step.optimizer = options.optimizer;
  step.momentum = options.momentum;
  step.nesterov = options.nesterov;
  step.weightDecay = options.weightDecay;
  copyList(options.decayRoles, step.decayRoles);
  step.beta1 = options.beta1;
  step.beta2 = options.beta2;
  step.epsilon = options.epsilon;
  step.clampAuxiliary = options.clampAuxiliary;
  step.separateAuxiliary = options.separateAuxiliary;
  step.auxiliaryOptimizer = options.auxiliaryOptimizer;
  step.auxiliaryMomentum = options.auxiliaryMomentum;
  step.freezeGated = options.freezeGated;
  step.decayFrozen = options.decayFrozen;
  return step;
}

static void addUpdates(OpPassManager &manager, const UpdateOptions &options) {
  manager.addPass(createBuildTrainStepPass(getUpdate(options)));
  VerifyTrainStepPassOptions verify;
  verify.function = options.name;
  manager.addPass(createVerifyTrainStepPass(verify));
}

/// Merges the constants that the passes made, each its own, and drops the
/// masks of gradients, which the updates apply themselves.
static void addCleanup(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void prune::buildNetworkPipeline(OpPassManager &manager,
                                 const NetworkOptions &options) {
  addGates(manager, options);
  addStraightThrough(manager, options);
}

void prune::buildLossPipeline(OpPassManager &manager,
                              const LossOptions &options) {
  addLoss(manager, options);
  // Inference drops nothing, so this is a matter of the loss.
  addDropout(manager, options);
  addBatchStatistics(manager, options);
}

/// What comes between a loss function and the gradient form.
static void addLossToGradient(OpPassManager &manager,
                              const GradientOptions &options) {
  addFreezing(manager, options);
  addCompressing(manager, options);
  addGradients(manager, options);
}

void prune::buildGradientPipeline(OpPassManager &manager,
                                  const GradientOptions &options) {
  buildLossPipeline(manager, options);
  addLossToGradient(manager, options);
}

void prune::buildStepPipeline(OpPassManager &manager,
                              const PenaltyOptions &penalty,
                              const UpdateOptions &update) {
  addPenalties(manager, penalty);
  addMasks(manager, update);
  addUpdates(manager, update);
  addCleanup(manager);
}

void prune::buildMaskStepPipeline(OpPassManager &manager,
                                  const MaskStepOptions &options) {
  // RigL grows by the gradient of what is masked, of a loss of its own.
  if (options.rule == MaskRule::RigL)
    buildGradientPipeline(manager, options);
  BuildMaskStepPassOptions mask;
  mask.step = options.step;
  mask.function = options.function;
  mask.name = options.name;
  mask.rule = options.rule;
  mask.scope = options.scope;
  mask.granularity = options.granularity;
  mask.keepValues = options.keepValues;
  copyList(options.sparsities, mask.sparsities);
  copyList(options.parameters, mask.parameters);
  copyList(options.ignore, mask.ignore);
  manager.addPass(createBuildMaskStepPass(mask));
  addCleanup(manager);
}

void prune::buildTrainPipeline(OpPassManager &manager,
                               const TrainPipelineOptions &options) {
  auto done = [&](TrainForm form) { return options.stopAfter == form; };
  buildNetworkPipeline(manager, options);
  buildLossPipeline(manager, options);
  if (done(TrainForm::Loss))
    return;
  addLossToGradient(manager, options);
  if (done(TrainForm::Gradient))
    return;
  addPenalties(manager, options);
  addMasks(manager, options);
  if (done(TrainForm::Rewritten))
    return;
  addUpdates(manager, options);
  addCleanup(manager);
}

void prune::registerTrainPipelines() {
  PassPipelineRegistration<NetworkPipelineOptions>(
      "prune-network-pipeline",
      "Gates and straight-through masks in the network itself",
      buildNetworkPipeline);
  PassPipelineRegistration<LossPipelineOptions>(
      "prune-loss-pipeline",
      "From the model form to a loss function with dropout and batch "
      "statistics",
      buildLossPipeline);
  PassPipelineRegistration<GradientPipelineOptions>(
      "prune-gradient-pipeline",
      "From the model form or a loss function to the gradient form",
      buildGradientPipeline);
  PassPipelineRegistration<StepPipelineOptions>(
      "prune-step-pipeline",
      "From the gradient form to a training step: penalties, masks, updates",
      [](OpPassManager &manager, const StepPipelineOptions &options) {
        buildStepPipeline(manager, options, options);
      });
  PassPipelineRegistration<MaskStepPipelineOptions>(
      "prune-mask-step-pipeline",
      "From a training step to the function that moves its masks",
      buildMaskStepPipeline);
  PassPipelineRegistration<TrainPipelineOptions>(
      "prune-train-pipeline",
      "From the model form, a loss or a gradient function to a training step",
      buildTrainPipeline);
}
