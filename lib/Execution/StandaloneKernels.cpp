//===- StandaloneKernels.cpp - Kernels without oneDNN ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All families run without oneDNN: dense products and compressed rows as loops
// that take as long as the figures say, within some fifths. Loops for dense
// convolutions copy what each window reads, so that generated code is faster
// whatever the share of zeros: dense ResNet-50 in 83 ms against 125 ms, as
// oneDNN in 77 ms. Lanes need four bytes for a weight and little more for their
// place, and one code for all.
//
//===----------------------------------------------------------------------===//

#include "StandaloneKernels.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/KernelChoices.h"
#include "Prune/Kernels/KernelPlan.h"
#include "Prune/Kernels/MachineModel.h"

using namespace mlir;
using namespace mlir::prune;

bool prune::hasKernels(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) {
    return op->hasAttr(PruneDialect::kKernelAttrName) ? WalkResult::interrupt()
                                                      : WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// The best of the kernels that need no oneDNN.
static KernelKind choose(const KernelChoices &choices, const CostModel &costs,
                         bool small) {
  if (small && llvm::is_contained(choices.kernels, KernelKind::Lanes))
    return KernelKind::Lanes;
  if (choices.size.convolution &&
      llvm::is_contained(choices.kernels, KernelKind::StraightLine))
    return KernelKind::StraightLine;
  return predictKernels(costs, choices.size, choices.kernels).best;
}

llvm::Error prune::selectStandaloneKernels(
    ModuleOp module, std::optional<assembly::VectorSet> set, bool small,
    StringRef costModel, int64_t threads) {
  if (hasKernels(module))
    return llvm::Error::success();
  llvm::Expected<FoundCostModel> costs = findCostModel(costModel, threads);
  if (!costs)
    return llvm::createStringError("cannot use the cost model '" + costModel +
                                   "': " + llvm::toString(costs.takeError()));
  module.walk([&](PrunableOpInterface op) {
    if (!op.getWeight())
      return;
    std::string reason;
    std::optional<KernelChoices> choices = matchKernels(op, set, reason);
    KernelKind kind =
        choices ? choose(*choices, costs->model, small) : KernelKind::Dense;
    op->setAttr(PruneDialect::kKernelAttrName,
                planKernel(op->getContext(), kind,
                           choices ? choices->size : ProductSize()));
  });
  return llvm::Error::success();
}
