//===- VerifyKernels.cpp - Contract of the kernel form --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every contraction with a weight has a kernel, and one that can run it.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/KernelChoices.h"
#include "Prune/Kernels/KernelPlan.h"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYKERNELSPASS
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

static LogicalResult verifyKernel(PrunableOpInterface op) {
  auto kernel = op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName);
  if (!kernel)
    return op->emitOpError()
           << "expected a kernel in '" << PruneDialect::kKernelAttrName << "'";
  if (std::string reason = checkPlan(kernel); !reason.empty())
    return op->emitOpError(reason);
  if (kernel.getKind() == KernelKind::Dense)
    return success();
  std::string reason;
  std::optional<KernelChoices> choices =
      matchKernels(op, assembly::VectorSet::Avx512, reason);
  if (choices && !llvm::is_contained(choices->kernels, kernel.getKind()))
    reason = "only a product of two matrices can";
  if (!reason.empty())
    return op->emitOpError()
           << "cannot run the kernel " << stringifyKernelKind(kernel.getKind())
           << ": " << reason;
  return success();
}

namespace {

struct VerifyKernels : prune::impl::VerifyKernelsPassBase<VerifyKernels> {
  using Base::Base;

  void runOnOperation() override {
    bool failedAny = false;
    getOperation()->walk([&](PrunableOpInterface op) {
      failedAny |= op.getWeight() && failed(verifyKernel(op));
    });
    if (failedAny)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
