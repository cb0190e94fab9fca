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
enum class TrainRegularizer { None, L1, L2, Hoyer, HoyerSquare };

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

  Option<TrainRegularizer> regularizer{
      *this, "regularizer", llvm::cl::desc("Penalty to add to the loss."),
      llvm::cl::init(TrainRegularizer::None),
      llvm::cl::values(
          clEnumValN(TrainRegularizer::None, "none", "no penalty"),
          clEnumValN(TrainRegularizer::L1, "l1", "sum of magnitudes"),
          clEnumValN(TrainRegularizer::L2, "l2", "sum of squares"),
          clEnumValN(TrainRegularizer::Hoyer, "hoyer", "ratio of the norms"),
          clEnumValN(TrainRegularizer::HoyerSquare, "hoyer_square",
                     "squared ratio of the norms"))};
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
