//===- TrainPipeline.h - From a network to a training step ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PIPELINES_TRAINPIPELINE_H
#define PRUNE_PIPELINES_TRAINPIPELINE_H

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "mlir/Pass/PassOptions.h"

#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::prune {

/// Forms that a network passes through on its way to a training step.
enum class TrainForm {
  Loss,      ///< a loss function stands beside the network
  Gradient,  ///< it also returns gradients
  Rewritten, ///< it is regularised and masked
  Step       ///< it updates: the training step
};

/// Penalty that a training pipeline adds.
enum class TrainRegularizer {
  None,
  L1,
  L2,
  Hoyer,
  HoyerSquare,
  TransformedL1,
  GroupLasso,
  GroupHoyerSquare
};

/// What the gates of a training pipeline open and close.
enum class TrainGates { None, Element, Channel };

/// Options of `prune-train-pipeline`; see the passes for their meaning.
struct TrainPipelineOptions : PassPipelineOptions<TrainPipelineOptions> {
  Option<std::string> forward{
      *this, "forward",
      llvm::cl::desc("Function that computes the logits; empty when the module "
                     "has a loss or gradient function already."),
      llvm::cl::init("forward")};
  Option<std::string> function{
      *this, "function",
      llvm::cl::desc("Name of the loss function, to make or to take."),
      llvm::cl::init("loss")};
  Option<std::string> name{*this, "name",
                           llvm::cl::desc("Name of the training step."),
                           llvm::cl::init("train_step")};

  Option<double> batchNormMomentum{
      *this, "batch-norm-momentum",
      llvm::cl::desc("Share of a batch in the running statistics of batch "
                     "normalisations."),
      llvm::cl::init(0.1)};
  Option<TrainGates> gates{
      *this, "gates",
      llvm::cl::desc(
          "Auxiliary parameters to gate the network with; gates that "
          "are there stay."),
      llvm::cl::init(TrainGates::None),
      llvm::cl::values(
          clEnumValN(TrainGates::None, "none", "no gates"),
          clEnumValN(TrainGates::Element, "element", "one per weight"),
          clEnumValN(TrainGates::Channel, "channel",
                     "one per neuron or filter, with its bias"))};
  Option<SteKind> ste{
      *this, "ste", llvm::cl::desc("Straight-through estimator of the gates."),
      llvm::cl::init(SteKind::Softplus),
      llvm::cl::values(
          clEnumValN(SteKind::Linear, "linear", "slope 1"),
          clEnumValN(SteKind::HardSigmoid, "hard_sigmoid",
                     "slope 1/2 within (-1, 1)"),
          clEnumValN(SteKind::Relu, "relu", "slope 1 of open gates"),
          clEnumValN(SteKind::LeakyRelu, "leaky_relu",
                     "a smaller slope of closed gates"),
          clEnumValN(SteKind::Softplus, "softplus", "sigmoid as slope"))};
  Option<double> steSlope{
      *this, "ste-slope",
      llvm::cl::desc("Slope of leaky_relu at closed gates."),
      llvm::cl::init(0.01)};
  Option<GateRule> gateRule{
      *this, "gate-rule", llvm::cl::desc("How the gradient reaches the gates."),
      llvm::cl::init(GateRule::Sign),
      llvm::cl::values(
          clEnumValN(GateRule::Sign, "sign", "times the sign of the weight"),
          clEnumValN(GateRule::Chain, "chain", "times the weight"))};
  ListOption<std::string> gateParameters{
      *this, "gate-parameters",
      llvm::cl::desc("Glob patterns of the weights to gate.")};
  ListOption<std::string> gateIgnore{
      *this, "gate-ignore",
      llvm::cl::desc("Glob patterns of the weights not to gate.")};

  ListOption<std::string> dropout{
      *this, "dropout",
      llvm::cl::desc("Dropout rates of what layers read, as pattern:number by "
                     "the name of their weight.")};
  ListOption<std::string> dropoutRemaining{
      *this, "dropout-remaining",
      llvm::cl::desc("Connections that remain, as pattern:number; lowers the "
                     "rates.")};
  Option<int64_t> dropoutSeed{
      *this, "dropout-seed",
      llvm::cl::desc("Seed of the dropout of the first layer."),
      llvm::cl::init(0)};

  Option<bool> pack{
      *this, "pack",
      llvm::cl::desc("Train weights whose mask is constant as the values it "
                     "keeps, where that is cheaper."),
      llvm::cl::init(false)};
  Option<double> packMinZeros{
      *this, "pack-min-zeros",
      llvm::cl::desc("Share of masked elements from which a weight is packed."),
      llvm::cl::init(PackParametersPassOptions().minZeros)};
  ListOption<std::string> packParameters{
      *this, "pack-parameters",
      llvm::cl::desc("Glob patterns of the weights to pack.")};
  ListOption<std::string> packIgnore{
      *this, "pack-ignore",
      llvm::cl::desc("Glob patterns of the weights not to pack.")};

  ListOption<std::string> freezeRoles{
      *this, "freeze-roles",
      llvm::cl::desc("Roles that are not trained; with patterns, those among "
                     "them that match.")};
  ListOption<std::string> freezeParameters{
      *this, "freeze-parameters",
      llvm::cl::desc("Glob patterns of parameters that are not trained.")};
  ListOption<std::string> freezeIgnore{
      *this, "freeze-ignore",
      llvm::cl::desc("Glob patterns of parameters that are trained.")};
  Option<bool> freezeInvert{
      *this, "freeze-invert",
      llvm::cl::desc("Train what would be frozen, and freeze the others."),
      llvm::cl::init(false)};

  Option<TrainRegularizer> regularizer{
      *this, "regularizer", llvm::cl::desc("Penalty to add to the loss."),
      llvm::cl::init(TrainRegularizer::None),
      llvm::cl::values(
          clEnumValN(TrainRegularizer::None, "none", "no penalty"),
          clEnumValN(TrainRegularizer::L1, "l1", "sum of magnitudes"),
          clEnumValN(TrainRegularizer::L2, "l2", "sum of squares"),
          clEnumValN(TrainRegularizer::Hoyer, "hoyer", "ratio of the norms"),
          clEnumValN(TrainRegularizer::HoyerSquare, "hoyer_square",
                     "squared ratio of the norms"),
          clEnumValN(TrainRegularizer::TransformedL1, "transformed_l1",
                     "sum of 2|w|/(1+|w|)"),
          clEnumValN(TrainRegularizer::GroupLasso, "group_lasso",
                     "sum of the norms of groups"),
          clEnumValN(TrainRegularizer::GroupHoyerSquare, "group_hoyer_square",
                     "Hoyer-Square of the norms of groups"))};
  ListOption<std::string> granularity{
      *this, "granularity",
      llvm::cl::desc("Groups of group_lasso and group_hoyer_square; both "
                     "channel:0 and channel:1 for output and input groups.")};
  Option<bool> survivors{
      *this, "survivors",
      llvm::cl::desc("Regularise what gates leave of a weight."),
      llvm::cl::init(false)};
  Option<double> strength{*this, "strength",
                          llvm::cl::desc("Factor of the penalty."),
                          llvm::cl::init(1.0e-4)};
  Option<bool> runtimeStrength{
      *this, "runtime-strength",
      llvm::cl::desc("Take the strength from an argument of the step."),
      llvm::cl::init(false)};
  ListOption<std::string> strengths{
      *this, "strengths",
      llvm::cl::desc("Strengths of single parameters as pattern:number.")};
  ListOption<std::string> regularizeRoles{
      *this, "regularize-roles",
      llvm::cl::desc("Roles to regularise; weights when empty.")};
  ListOption<std::string> regularizeParameters{
      *this, "regularize-parameters",
      llvm::cl::desc("Glob patterns of the parameters to regularise.")};
  ListOption<std::string> regularizeIgnore{
      *this, "regularize-ignore",
      llvm::cl::desc("Glob patterns of the parameters not to regularise.")};

  Option<double> gateStrength{
      *this, "gate-strength",
      llvm::cl::desc("Price of an open gate; zero for none."),
      llvm::cl::init(0.0)};
  Option<bool> runtimeGateStrength{
      *this, "runtime-gate-strength",
      llvm::cl::desc("Take the price from the argument gate_strength of the "
                     "step."),
      llvm::cl::init(false)};
  ListOption<std::string> gateStrengths{
      *this, "gate-strengths",
      llvm::cl::desc("Prices of single gates as pattern:number; with "
                     "runtime-gate-strength factors of the argument.")};

  Option<bool> mask{
      *this, "mask",
      llvm::cl::desc("Take masks as arguments and keep what they prune zero."),
      llvm::cl::init(false)};
  ListOption<std::string> maskRoles{
      *this, "mask-roles",
      llvm::cl::desc("Roles to mask; weights when empty.")};
  ListOption<std::string> maskParameters{
      *this, "mask-parameters",
      llvm::cl::desc("Glob patterns of the parameters to mask.")};
  ListOption<std::string> maskIgnore{
      *this, "mask-ignore",
      llvm::cl::desc("Glob patterns of the parameters not to mask.")};

  Option<OptimizerKind> optimizer{
      *this, "optimizer",
      llvm::cl::desc("Optimiser that updates the parameters."),
      llvm::cl::init(OptimizerKind::Sgd),
      llvm::cl::values(clEnumValN(OptimizerKind::Sgd, "sgd", "SGD"),
                       clEnumValN(OptimizerKind::Adam, "adam", "Adam"))};
  Option<double> momentum{*this, "momentum", llvm::cl::desc("Momentum of SGD."),
                          llvm::cl::init(0.0)};
  Option<bool> nesterov{*this, "nesterov",
                        llvm::cl::desc("Use Nesterov's form of momentum."),
                        llvm::cl::init(false)};
  Option<double> weightDecay{
      *this, "weight-decay",
      llvm::cl::desc("Share of a parameter that is added to its gradient."),
      llvm::cl::init(0.0)};
  ListOption<std::string> decayRoles{
      *this, "decay-roles",
      llvm::cl::desc(
          "Roles that weight decay applies to; weights when empty.")};
  Option<double> beta1{*this, "beta1",
                       llvm::cl::desc("Decay of Adam's first moment."),
                       llvm::cl::init(0.9)};
  Option<double> beta2{*this, "beta2",
                       llvm::cl::desc("Decay of Adam's second moment."),
                       llvm::cl::init(0.999)};
  Option<double> epsilon{*this, "epsilon",
                         llvm::cl::desc("Term of Adam's denominator."),
                         llvm::cl::init(1.0e-8)};

  Option<double> clampAuxiliary{
      *this, "clamp-auxiliary",
      llvm::cl::desc("Largest magnitude of auxiliary parameters; zero for no "
                     "limit."),
      llvm::cl::init(0.0)};
  Option<bool> holdGated{
      *this, "hold-gated",
      llvm::cl::desc("Keep weights behind closed gates, and their moments, as "
                     "they are."),
      llvm::cl::init(false)};
  Option<bool> decayHeld{
      *this, "decay-held",
      llvm::cl::desc("Let weights that hold-gated keeps decay all the same."),
      llvm::cl::init(false)};

  Option<TrainForm> stopAfter{
      *this, "stop-after", llvm::cl::desc("Form to stop after."),
      llvm::cl::init(TrainForm::Step),
      llvm::cl::values(
          clEnumValN(TrainForm::Loss, "loss", "the loss function is there"),
          clEnumValN(TrainForm::Gradient, "gradient", "and has gradients"),
          clEnumValN(TrainForm::Rewritten, "rewritten",
                     "and is regularised and masked"),
          clEnumValN(TrainForm::Step, "step", "the training step"))};
};

/// Adds the passes from the model form, a loss function or a gradient function
/// to a training step beside it.
void buildTrainPipeline(OpPassManager &manager,
                        const TrainPipelineOptions &options);

/// Registers `prune-train-pipeline`. Call at most once.
void registerTrainPipeline();

} // namespace mlir::prune

#endif // PRUNE_PIPELINES_TRAINPIPELINE_H
