//===- VerifyCompact.cpp - Contract of the compact form -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Runs the analysis of prune-eliminate-dead-neurons on a copy of each function
// and reports what it would still remove.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"

#include "EliminateChannels.h"

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Support/DeadOperations.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYCOMPACTPASS
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Number of dead channels; reports each operation whose result has some.
static bool verifyNoDead(FunctionOpInterface function, ChannelOptions options) {
  OwningOpRef<Operation *> copy = function->clone();
  Block &block = cast<FunctionOpInterface>(*copy).getFunctionBody().front();
  eraseDead(block);
  unshareConstants(block);
  ChannelState state(block, options);
  if (state.countDead() == 0)
    return true;
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::ConstantLike>() || op.getNumOperands() == 0)
      continue;
    for (Value result : op.getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
        int64_t kept = state.getKept(result, dim).size();
        if (kept == type.getDimSize(dim))
          continue;
        op.emitError() << "expected no dead neuron, got "
                       << type.getDimSize(dim) - kept << " of "
                       << type.getDimSize(dim) << " in dimension " << dim;
        return false;
      }
    }
  }
  function.emitError() << "expected no dead neuron, got " << state.countDead();
  return false;
}

namespace {
struct VerifyCompactPass final
    : prune::impl::VerifyCompactPassBase<VerifyCompactPass> {
  using VerifyCompactPassBase::VerifyCompactPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    bool isValid = true;
    ChannelOptions options;
    options.finite = finite;
    options.foldIntoShared = false;
    getOperation().walk([&](Operation *op) {
      if (!isa<ApplyMaskOp, GateOp, ScoreOp, SelectMaskOp>(op))
        return;
      op->emitError("expected the compact form, got a mask, gate or score");
      isValid = false;
    });
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      if (!function.isExternal() && function.getFunctionBody().hasOneBlock())
        isValid &= verifyNoDead(function, options);
    if (!isValid)
      signalPassFailure();
  }
};
} // namespace
