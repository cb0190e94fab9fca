//===- BuildStatisticsStep.cpp - A step that only sees statistics ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Copies the network, gives its batch normalizations the training form, and
// returns the running statistics alone; what computes nothing else, the layers
// behind the last batch normalization, is erased. Linear in the operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "RunningStatistics.h"
#include "TrainStepSignature.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::prune {
#define GEN_PASS_DEF_BUILDSTATISTICSSTEPPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-build-statistics-step"

using namespace mlir;
using namespace mlir::prune;

/// Drops the results that are no state.
static void dropOutputs(func::FuncOp function) {
  llvm::BitVector dropped(function.getNumResults());
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttr(i, PruneDialect::kStateAttrName))
      dropped.set(i);
  Operation *returnOp = function.front().getTerminator();
  returnOp->eraseOperands(dropped);
  (void)function.eraseResults(dropped);
}

namespace {
struct BuildStatisticsStepPass final
    : prune::impl::BuildStatisticsStepPassBase<BuildStatisticsStepPass> {
  using BuildStatisticsStepPassBase::BuildStatisticsStepPassBase;

  void runOnOperation() override {
    if (failed(run()))
      signalPassFailure();
  }

private:
  LogicalResult run();
  LogicalResult build(func::FuncOp step);
};
} // namespace

LogicalResult BuildStatisticsStepPass::build(func::FuncOp step) {
  auto addMomentum = [&](OpBuilder &b, Type type) -> Value {
    unsigned position = step.getNumArguments();
    NamedAttribute input(b.getStringAttr(PruneDialect::kInputAttrName),
                         b.getStringAttr("momentum"));
    (void)step.insertArgument(position, type, b.getDictionaryAttr(input),
                              step.getLoc());
    return step.getArgument(position);
  };
  FailureOr<unsigned> count = trainBatchNorms(step, addMomentum);
  if (failed(count))
    return failure();
  if (*count == 0)
    return step.emitError("expected a batch normalization whose mean and "
                          "variance are arguments that are buffers");
  LDBG() << *count << " batch normalizations measure again";
  dropOutputs(step);
  IRRewriter rewriter(step.getContext());
  (void)runRegionDCE(rewriter, step.getBody());
  sortTrainStepArguments(step);
  setTrainStepResults(step, {});
  return success();
}

LogicalResult BuildStatisticsStepPass::run() {
  ModuleOp module = getOperation();
  FailureOr<func::FuncOp> found = findSingleBlockFunction(module, function);
  if (failed(found))
    return failure();
  func::FuncOp source = *found;
  if (Operation *other = module.lookupSymbol(name))
    return other->emitError() << "expected '" << name << "' to be a new name";
  func::FuncOp step = source.clone();
  step.setName(name);
  SymbolTable(module).insert(step, std::next(source->getIterator()));
  if (succeeded(build(step)))
    return success();
  step.erase();
  return failure();
}
