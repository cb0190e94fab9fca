//===- VerifyMasked.cpp - Contract of the masked form ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Checks, weight by weight, that pruning left a mask. Linear in the number of
// uses.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/Constants.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYMASKEDPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Checks that every use of `weight` is a constant mask.
static LogicalResult verifyUses(Operation *op, Value weight) {
  for (Operation *user : weight.getUsers()) {
    auto mask = dyn_cast<ApplyMaskOp>(user);
    if (!mask)
      return op->emitError() << "expected weight '" << getDisplayName(weight)
                             << "' to be used through prune.apply_mask, got '"
                             << user->getName() << "'";
    if (!ConstantView::get(mask.getMask()))
      return mask.emitError() << "expected a constant mask of weight '"
                              << getDisplayName(weight) << "'";
  }
  return success();
}

namespace {
struct VerifyMaskedPass final
    : prune::impl::VerifyMaskedPassBase<VerifyMaskedPass> {
  using VerifyMaskedPassBase::VerifyMaskedPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
    FailureOr<ParameterFilter> filter =
        ParameterFilter::get({}, parameters, ignore, emitError);
    if (failed(filter))
      return signalPassFailure();
    bool isValid = true;
    getOperation().walk([&](Operation *op) {
      if (isa<ScoreOp, SelectMaskOp>(op)) {
        op->emitError("expected masks, got scores");
        isValid = false;
      }
      auto prunable = dyn_cast<PrunableOpInterface>(op);
      Value weight = prunable ? prunable.getWeight() : Value();
      if (!weight)
        return;
      ParamAttr param = getParam(weight);
      if (filter->matches(param ? param.getName() : StringRef()))
        isValid &= succeeded(verifyUses(op, weight));
    });
    if (!isValid)
      signalPassFailure();
  }
};
} // namespace
