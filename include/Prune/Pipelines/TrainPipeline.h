//===- TrainPipeline.h - From a network to a training step ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PIPELINES_TRAINPIPELINE_H
#define PRUNE_PIPELINES_TRAINPIPELINE_H

#include "Prune/Pipelines/TrainOptions.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::prune {

// Training is made in phases; each is a pipeline of its own, so that what a
// flow needs in between (a second penalty, a rewrite of its own) has a place.
// prune-train-pipeline is all of them, one after the other.

/// Options of `prune-network-pipeline`.
struct NetworkPipelineOptions : PassPipelineOptions<NetworkPipelineOptions>,
                                NetworkOptions {};

/// Options of `prune-loss-pipeline`.
struct LossPipelineOptions : PassPipelineOptions<LossPipelineOptions>,
                             LossOptions {};

/// Options of `prune-gradient-pipeline`.
struct GradientPipelineOptions : PassPipelineOptions<GradientPipelineOptions>,
                                 GradientOptions {};

/// Options of `prune-step-pipeline`.
struct StepPipelineOptions : PassPipelineOptions<StepPipelineOptions>,
                             PenaltyOptions,
                             UpdateOptions {};

/// Options of `prune-mask-step-pipeline`.
struct MaskStepPipelineOptions : PassPipelineOptions<MaskStepPipelineOptions>,
                                 MaskStepOptions {};

/// Forms that a network passes through on its way to a training step.
enum class TrainForm {
  Loss,      ///< a loss function stands beside the network
  Gradient,  ///< it also returns gradients
  Rewritten, ///< it is regularized and masked
  Step       ///< it updates: the training step
};

/// Options of `prune-train-pipeline`.
struct TrainPipelineOptions : PassPipelineOptions<TrainPipelineOptions>,
                              NetworkOptions,
                              GradientOptions,
                              PenaltyOptions,
                              UpdateOptions {
  Option<TrainForm> stopAfter{
      *this, "stop-after", llvm::cl::desc("Form to stop after."),
      llvm::cl::init(TrainForm::Step),
      llvm::cl::values(
          clEnumValN(TrainForm::Loss, "loss", "the loss function is there"),
          clEnumValN(TrainForm::Gradient, "gradient", "and has gradients"),
          clEnumValN(TrainForm::Rewritten, "rewritten",
                     "and is regularized and masked"),
          clEnumValN(TrainForm::Step, "step", "the training step"))};
};

/// Adds the rewrites of a network that inference sees too.
void buildNetworkPipeline(OpPassManager &manager,
                          const NetworkOptions &options);

/// Adds the passes from the model form to a loss function beside it.
void buildLossPipeline(OpPassManager &manager, const LossOptions &options);

/// Adds the passes from the model form, or from a loss function where
/// `forward` is empty, to the gradient form.
void buildGradientPipeline(OpPassManager &manager,
                           const GradientOptions &options);

/// Adds the passes from the gradient form to a training step.
void buildStepPipeline(OpPassManager &manager, const PenaltyOptions &penalty,
                       const UpdateOptions &update);

/// Adds the passes from a training step to the function that moves its masks.
void buildMaskStepPipeline(OpPassManager &manager,
                           const MaskStepOptions &options);

/// Adds the passes from the model form, a loss function or a gradient function
/// to a training step beside it.
void buildTrainPipeline(OpPassManager &manager,
                        const TrainPipelineOptions &options);

/// Registers the pipelines of training. Call at most once.
void registerTrainPipelines();

} // namespace mlir::prune

#endif // PRUNE_PIPELINES_TRAINPIPELINE_H
