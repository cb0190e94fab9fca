//===- FreezeParameters.cpp - Mark parameters that are not trained --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Sets an attribute on arguments; the passes that follow read it. Results that
// are gradients of what is frozen go, and with them, as dead code, their
// reverse sweep. Linear in parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_FREEZEPARAMETERSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-freeze-parameters"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct FreezeParametersPass final
    : prune::impl::FreezeParametersPassBase<FreezeParametersPass> {
  using FreezeParametersPassBase::FreezeParametersPassBase;

  void runOnOperation() override;

private:
  FailureOr<ParameterFilter> createFilter();
  void freeze(func::FuncOp target, unsigned argument, ParamAttr param);
};
} // namespace

FailureOr<ParameterFilter> FreezeParametersPass::createFilter() {
  SmallVector<std::string> chosen(roles.begin(), roles.end());
  if (chosen.empty())
    for (ParamRole role : {ParamRole::Weight, ParamRole::Bias, ParamRole::Scale,
                           ParamRole::Auxiliary})
      chosen.push_back(stringifyParamRole(role).str());
  return ParameterFilter::create(getOperation().getLoc(), chosen, parameters,
                                 ignore);
}

void FreezeParametersPass::freeze(func::FuncOp target, unsigned argument,
                                  ParamAttr param) {
  target.setArgAttr(argument, PruneDialect::kFrozenAttrName,
                    UnitAttr::get(&getContext()));
  remark::passed(target.getArgument(argument).getLoc(),
                 remark::RemarkOpts::name("ParameterFrozen")
                     .category(DEBUG_TYPE)
                     .function(target.getName()))
      << "froze a parameter" << remark::metric("Parameter", param.getName());
  LDBG() << "froze '" << param.getName() << "'";
  ++numFrozen;
}

/// Removes the results that are gradients of frozen parameters.
static void dropGradients(func::FuncOp target) {
  llvm::StringSet<> frozen;
  for (unsigned i = 0, e = target.getNumArguments(); i < e; ++i)
    if (target.getArgAttr(i, PruneDialect::kFrozenAttrName))
      if (auto param = target.getArgAttrOfType<ParamAttr>(
              i, PruneDialect::kParamAttrName))
        frozen.insert(param.getName());
  llvm::BitVector dropped(target.getNumResults());
  for (unsigned i = 0, e = target.getNumResults(); i < e; ++i) {
    auto name = target.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kGradOfAttrName);
    if (name && frozen.contains(name.getValue()))
      dropped.set(i);
  }
  if (dropped.none())
    return;
  target.walk([&](func::ReturnOp op) { op->eraseOperands(dropped); });
  LogicalResult erased = target.eraseResults(dropped);
  (void)erased;
  assert(succeeded(erased) && "builtin function types lose any result");
}

void FreezeParametersPass::runOnOperation() {
  FailureOr<func::FuncOp> found = findFunction(getOperation(), function);
  if (failed(found))
    return signalPassFailure();
  FailureOr<ParameterFilter> filter = createFilter();
  if (failed(filter))
    return signalPassFailure();
  func::FuncOp target = *found;
  SmallVector<ParamAttr> known;
  bool isAnyChosen = false;
  for (unsigned i = 0, e = target.getNumArguments(); i < e; ++i) {
    auto param =
        target.getArgAttrOfType<ParamAttr>(i, PruneDialect::kParamAttrName);
    if (!param || !param.isTrainable())
      continue;
    known.push_back(param);
    if (filter->matches(param) == invert)
      continue;
    isAnyChosen = true;
    if (!target.getArgAttr(i, PruneDialect::kFrozenAttrName))
      freeze(target, i, param);
  }
  warnOfUnused(*filter, target, known);
  if (!isAnyChosen)
    target.emitWarning("no parameter to freeze");
  dropGradients(target);
}
