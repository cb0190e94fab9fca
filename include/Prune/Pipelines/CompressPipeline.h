//===- CompressPipeline.h - To a smaller network ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PIPELINES_COMPRESSPIPELINE_H
#define PRUNE_PIPELINES_COMPRESSPIPELINE_H

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "mlir/Pass/PassOptions.h"

#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::prune {

/// Forms that a network with values passes through on its way to the compact
/// form.
enum class CompressForm {
  Scored, ///< every weight has a score
  Masked, ///< every weight is used through a constant mask
  Folded, ///< masks are zeros in the weights
  Compact ///< no dead neuron is left
};

// The options of one phase each. A pipeline inherits those of its phases; see
// the passes for their meaning.

/// What is pruned, by which rule.
struct MaskOptions : virtual ::mlir::detail::PassOptions {
  Option<CriterionKind> criterion{
      *this, "criterion", llvm::cl::desc("What a score measures."),
      llvm::cl::init(CriterionKind::Magnitude), getCriterionValues()};
  Option<uint64_t> seed{*this, "seed",
                        llvm::cl::desc("Seed of noise (criterion random)."),
                        llvm::cl::init(0)};
  Option<double> p{*this, "p",
                   llvm::cl::desc("Exponent of the norm of a group."),
                   llvm::cl::init(1.0)};
  Option<std::string> granularity{
      *this, "granularity",
      llvm::cl::desc("Which elements are pruned together."),
      llvm::cl::init("unstructured")};
  ListOption<std::string> parameters{
      *this, "parameters",
      llvm::cl::desc("Glob patterns of the weights to prune; all when empty.")};
  ListOption<std::string> ignore{
      *this, "ignore",
      llvm::cl::desc("Glob patterns of the weights to leave as they are.")};

  ListOption<std::string> threshold{
      *this, "threshold",
      llvm::cl::desc("Absolute thresholds, pattern:number or number.")};
  ListOption<std::string> stdFactor{
      *this, "std-factor",
      llvm::cl::desc("Thresholds in standard deviations of the weight.")};
  ListOption<std::string> sparsity{
      *this, "sparsity", llvm::cl::desc("Shares of elements to prune.")};
  Option<std::string> scope{
      *this, "scope",
      llvm::cl::desc("What a sparsity is over: tensor, row, global, erk or "
                     "lamp."),
      llvm::cl::init("tensor")};
  ListOption<std::string> cap{
      *this, "cap",
      llvm::cl::desc("Largest shares of a weight to prune, pattern:number or "
                     "number; all when empty.")};
  Option<int64_t> roundTo{*this, "round-to",
                          llvm::cl::desc("Multiple of channels to keep."),
                          llvm::cl::init(1)};
  Option<bool> excludeEnds{
      *this, "exclude-ends",
      llvm::cl::desc("Leave the first and the last layers as they are."),
      llvm::cl::init(false)};
  Option<unsigned> selectThreads{
      *this, "select-threads",
      llvm::cl::desc(
          "Threads to select masks with; these do not depend on it."),
      llvm::cl::init(1)};
  Option<bool> allowEmpty{*this, "allow-empty",
                          llvm::cl::desc("Allow to prune a weight to nothing."),
                          llvm::cl::init(false)};
};

/// How a network becomes smaller.
struct CompactOptions : virtual ::mlir::detail::PassOptions {
  Option<bool> foldBatchNorms{
      *this, "fold-batch-norms",
      llvm::cl::desc("Fold batch normalizations into the layers before them; "
                     "the result is for inference."),
      llvm::cl::init(false)};
  Option<bool> recordKept{
      *this, "record-kept",
      llvm::cl::desc("Note on each parameter which indices are left."),
      llvm::cl::init(false)};
  Option<bool> composeKept{
      *this, "compose-kept",
      llvm::cl::desc("Count them in the shape before the first run that noted "
                     "some."),
      llvm::cl::init(false)};
  Option<bool> foldBorders{
      *this, "fold-borders",
      llvm::cl::desc("Fold constants that are padded with zeros, position by "
                     "position."),
      llvm::cl::init(false)};
  Option<bool> finite{
      *this, "finite",
      llvm::cl::desc("Assume that no value is infinite or NaN."),
      llvm::cl::init(true)};
};

/// Options of `prune-mask-pipeline`.
struct MaskPipelineOptions : PassPipelineOptions<MaskPipelineOptions>,
                             MaskOptions {};

/// Options of `prune-compact-pipeline`.
struct CompactPipelineOptions : PassPipelineOptions<CompactPipelineOptions>,
                                CompactOptions {};

/// Options of `prune-compress-pipeline`: both phases, one after the other.
struct CompressPipelineOptions : PassPipelineOptions<CompressPipelineOptions>,
                                 MaskOptions,
                                 CompactOptions {
  Option<CompressForm> stopAfter{
      *this, "stop-after", llvm::cl::desc("Form to stop after."),
      llvm::cl::init(CompressForm::Compact),
      llvm::cl::values(
          clEnumValN(CompressForm::Scored, "scored", "weights have scores"),
          clEnumValN(CompressForm::Masked, "masked", "weights have masks"),
          clEnumValN(CompressForm::Folded, "folded", "masks are zeros"),
          clEnumValN(CompressForm::Compact, "compact",
                     "dead neurons are gone"))};
};

/// Options of `prune-kernel-pipeline`.
struct KernelPipelineOptions : PassPipelineOptions<KernelPipelineOptions> {
  Option<std::string> model{
      *this, "model",
      llvm::cl::desc("Cost model: 'builtin', as when empty, 'machine' for the "
                     "figures kept of this computer, or a file.")};
  Option<int64_t> threads{
      *this, "threads",
      llvm::cl::desc("Threads of a call, for which 'machine' may have "
                     "figures."),
      llvm::cl::init(1)};
};

/// Adds the passes from the model form with values to the masked form.
void buildMaskPipeline(OpPassManager &manager, const MaskOptions &options);

/// Adds the passes from the masked form to the compact form.
void buildCompactPipeline(OpPassManager &manager,
                          const CompactOptions &options);

/// Adds the passes from the compact form to the kernel form. Normalizations
/// that stayed are folded first, since a kernel is chosen for a contraction
/// with a constant weight.
void buildKernelPipeline(OpPassManager &manager,
                         const KernelPipelineOptions &options);

/// Adds the passes from the model form with values to the compact form.
void buildCompressPipeline(OpPassManager &manager,
                           const CompressPipelineOptions &options);

/// Registers the pipelines from a model with values on. Call at most once.
void registerCompressPipelines();

} // namespace mlir::prune

#endif // PRUNE_PIPELINES_COMPRESSPIPELINE_H
