//===- PrintCosts.cpp - The cost model's view of a module -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"

#include "Prune/Assembly/Isa.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/KernelChoices.h"
#include "Prune/Kernels/KernelOptions.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::prune {
#define GEN_PASS_DEF_PRINTCOSTSPASS
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct PrintCosts final : prune::impl::PrintCostsPassBase<PrintCosts> {
  using Base::Base;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    FailureOr<CostModel> costs = readCostModel(getOperation(), model, threads);
    if (failed(costs))
      return signalPassFailure();
    FailureOr<StringRef> set = readIsa(getOperation(), isa);
    if (failed(set))
      return signalPassFailure();
    vectors = assembly::getVectorSet(*set);
    std::string text;
    llvm::raw_string_ostream os(text);
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto function = dyn_cast<FunctionOpInterface>(op))
        os << "costs of @" << function.getName() << '\n';
      auto layer = dyn_cast<PrunableOpInterface>(op);
      if (layer && layer.getWeight())
        printLayer(layer, *costs, os);
    });
    llvm::errs() << text;
  }

  /// What code can be generated for.
  std::optional<assembly::VectorSet> vectors;

  void printLayer(PrunableOpInterface op, const CostModel &costs,
                  raw_ostream &os);
};
} // namespace

void PrintCosts::printLayer(PrunableOpInterface op, const CostModel &costs,
                            raw_ostream &os) {
  os << '"' << getDisplayName(op.getWeight()) << "\" " << op->getName() << ": ";
  std::string reason;
  std::optional<KernelChoices> choices = matchKernels(op, vectors, reason);
  if (!choices) {
    os << "dense only, " << reason << '\n';
    return;
  }
  if (batch > 0)
    choices->setBatch(batch);
  KernelCosts predicted =
      predictKernels(costs, choices->size, choices->kernels);
  os << predicted.describe() << "; best " << stringifyKernelKind(predicted.best)
     << '\n';
}
