//===- TrainOptions.h - Options of the training pipelines -------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PIPELINES_TRAINOPTIONS_H
#define PRUNE_PIPELINES_TRAINOPTIONS_H

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "mlir/Pass/PassOptions.h"

#include <string>

namespace mlir::prune {

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

// The options of one phase each. A pipeline inherits those of its phases, so
// that an option has one name and one meaning wherever it occurs; see the
// passes for what they do.

/// The network that the phases start from.
struct ForwardOptions : virtual ::mlir::detail::PassOptions {
  Option<std::string> forward{
      *this, "forward",
      llvm::cl::desc("Function that computes the logits; empty when the module "
                     "has a loss or gradient function already."),
      llvm::cl::init("forward")};
};

/// The loss or gradient function that the phases work on.
struct FunctionOptions : virtual ::mlir::detail::PassOptions {
  Option<std::string> function{
      *this, "function",
      llvm::cl::desc("Name of the loss function, to make or to take."),
      llvm::cl::init("loss")};
};

/// Rewrites of the network itself, which inference sees too: gates and
/// straight-through masks.
struct NetworkOptions : virtual ForwardOptions {
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

  Option<bool> straightThrough{
      *this, "straight-through",
      llvm::cl::desc("Compute with masked weights and train what is behind the "
                     "masks (SR-STE)."),
      llvm::cl::init(false)};
  Option<std::string> straightThroughGranularity{
      *this, "straight-through-granularity",
      llvm::cl::desc("Which elements of a straight-through mask are pruned "
                     "together."),
      llvm::cl::init("unstructured")};
  Option<std::string> straightThroughSparsity{
      *this, "straight-through-sparsity",
      llvm::cl::desc("Share of each weight to mask; taken from the argument "
                     "sparsity when empty, unless the granularity says it."),
      llvm::cl::init("")};
  Option<double> straightThroughDecay{
      *this, "straight-through-decay",
      llvm::cl::desc("Share of a masked weight that is added to its gradient."),
      llvm::cl::init(0.0)};
  ListOption<std::string> straightThroughParameters{
      *this, "straight-through-parameters",
      llvm::cl::desc("Glob patterns of the weights to mask.")};
  ListOption<std::string> straightThroughIgnore{
      *this, "straight-through-ignore",
      llvm::cl::desc("Glob patterns of the weights not to mask.")};
};

/// The loss function: a copy of the network with its loss, dropout, and batch
/// normalizations that take the statistics of the batch.
struct LossOptions : virtual ForwardOptions, virtual FunctionOptions {
  Option<bool> softLabels{
      *this, "soft-labels",
      llvm::cl::desc("Labels are shares of the classes, in the shape of the "
                     "logits."),
      llvm::cl::init(false)};
  Option<int64_t> classDimension{
      *this, "class-dimension",
      llvm::cl::desc("Dimension of the logits that the classes are; -1: the "
                     "last one of up to three, else 1."),
      llvm::cl::init(-1)};
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
  Option<double> batchNormMomentum{
      *this, "batch-norm-momentum",
      llvm::cl::desc("Share of a batch in the running statistics of batch "
                     "normalizations."),
      llvm::cl::init(0.1)};
};

/// The gradient function: what is trained, and in which form.
struct GradientOptions : LossOptions {
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
  Option<bool> freezeAuxiliary{
      *this, "freeze-auxiliary",
      llvm::cl::desc("Do not train auxiliary parameters, whatever else is "
                     "frozen: the step of the weights beside one of gates."),
      llvm::cl::init(false)};
  Option<bool> freezeInvert{
      *this, "freeze-invert",
      llvm::cl::desc("Train what would be frozen, and freeze the others."),
      llvm::cl::init(false)};

  Option<bool> compress{
      *this, "compress",
      llvm::cl::desc("Train weights whose mask is constant as the values it "
                     "keeps, where that is cheaper."),
      llvm::cl::init(false)};
  Option<double> compressMinZeros{
      *this, "compress-min-zeros",
      llvm::cl::desc(
          "Share of masked elements from which a weight is compressed."),
      llvm::cl::init(CompressParametersPassOptions().minZeros)};
  ListOption<std::string> compressParameters{
      *this, "compress-parameters",
      llvm::cl::desc("Glob patterns of the weights to compress.")};
  ListOption<std::string> compressIgnore{
      *this, "compress-ignore",
      llvm::cl::desc("Glob patterns of the weights not to compress.")};
};

/// Penalties that are added to the gradients.
struct PenaltyOptions : virtual FunctionOptions {
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
  Option<bool> maskedWeights{
      *this, "masked-weights",
      llvm::cl::desc("Regularize what gates leave of a weight."),
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
      llvm::cl::desc("Roles to regularize; weights when empty.")};
  ListOption<std::string> regularizeParameters{
      *this, "regularize-parameters",
      llvm::cl::desc("Glob patterns of the parameters to regularize.")};
  ListOption<std::string> regularizeIgnore{
      *this, "regularize-ignore",
      llvm::cl::desc("Glob patterns of the parameters not to regularize.")};

  Option<double> gateStrength{
      *this, "gate-strength",
      llvm::cl::desc("Penalty of an open gate; zero for none."),
      llvm::cl::init(0.0)};
  Option<bool> runtimeGateStrength{
      *this, "runtime-gate-strength",
      llvm::cl::desc("Take the penalty from the argument gate_strength of the "
                     "step."),
      llvm::cl::init(false)};
  ListOption<std::string> gateStrengths{
      *this, "gate-strengths",
      llvm::cl::desc("Strengths of single gates as pattern:number; with "
                     "runtime-gate-strength factors of the argument.")};

  Option<double> admmRho{
      *this, "admm-rho",
      llvm::cl::desc("Factor of ADMM's quadratic penalty; zero for none."),
      llvm::cl::init(0.0)};
  ListOption<std::string> admmParameters{
      *this, "admm-parameters",
      llvm::cl::desc("Glob patterns of the weights that ADMM prunes.")};
};

/// The update: masks, optimizer, auxiliary parameters.
struct UpdateOptions : virtual FunctionOptions {
  Option<std::string> name{*this, "name",
                           llvm::cl::desc("Name of the training step."),
                           llvm::cl::init("train_step")};

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
      llvm::cl::desc("Optimizer that updates the parameters."),
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
  Option<bool> separateAuxiliary{
      *this, "separate-auxiliary",
      llvm::cl::desc("Update auxiliary parameters with an optimizer and a "
                     "learning rate of their own."),
      llvm::cl::init(false)};
  Option<OptimizerKind> auxiliaryOptimizer{
      *this, "auxiliary-optimizer",
      llvm::cl::desc("Optimizer of the auxiliary parameters."),
      llvm::cl::init(OptimizerKind::Sgd),
      llvm::cl::values(clEnumValN(OptimizerKind::Sgd, "sgd", "SGD"),
                       clEnumValN(OptimizerKind::Adam, "adam", "Adam"))};
  Option<double> auxiliaryMomentum{
      *this, "auxiliary-momentum",
      llvm::cl::desc("Momentum of the auxiliary parameters' SGD."),
      llvm::cl::init(0.0)};
  Option<bool> freezeGated{
      *this, "freeze-gated",
      llvm::cl::desc("Keep weights behind closed gates, and their moments, as "
                     "they are."),
      llvm::cl::init(false)};
  Option<bool> decayFrozen{
      *this, "decay-frozen",
      llvm::cl::desc("Let weights that freeze-gated keeps decay all the same."),
      llvm::cl::init(false)};
};

/// The function that moves the masks of a training step.
struct MaskStepOptions : GradientOptions {
  Option<std::string> step{
      *this, "step",
      llvm::cl::desc("Training step whose state the function shares."),
      llvm::cl::init("train_step")};
  Option<std::string> name{*this, "name",
                           llvm::cl::desc("Name of the function."),
                           llvm::cl::init("mask_step")};
  Option<MaskRule> rule{
      *this, "rule", llvm::cl::desc("How masks move."),
      llvm::cl::init(MaskRule::Magnitude),
      llvm::cl::values(
          clEnumValN(MaskRule::Magnitude, "magnitude",
                     "prune the smallest magnitudes"),
          clEnumValN(MaskRule::RigL, "rigl",
                     "drop by magnitude, grow by gradient; makes a gradient "
                     "function of its own"))};
  Option<std::string> scope{
      *this, "scope",
      llvm::cl::desc("Rank per tensor or over all together (global)."),
      llvm::cl::init("tensor")};
  Option<std::string> granularity{
      *this, "granularity",
      llvm::cl::desc("Which elements are pruned together."),
      llvm::cl::init("unstructured")};
  Option<bool> keepValues{
      *this, "keep-values",
      llvm::cl::desc("Move the masks alone and leave weights and moments."),
      llvm::cl::init(false)};
  ListOption<std::string> sparsities{
      *this, "sparsities",
      llvm::cl::desc("Factors of the sparsity, as pattern:number.")};
  ListOption<std::string> parameters{
      *this, "parameters",
      llvm::cl::desc("Glob patterns of the parameters whose masks move.")};
  ListOption<std::string> ignore{
      *this, "ignore",
      llvm::cl::desc("Glob patterns of the parameters whose masks stay.")};
};

} // namespace mlir::prune

#endif // PRUNE_PIPELINES_TRAINOPTIONS_H
