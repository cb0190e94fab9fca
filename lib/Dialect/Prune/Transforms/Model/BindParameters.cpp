//===- BindParameters.cpp - Parameter arguments to constants --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces each parameter argument by a constant at the entry of its function.
// Values are shared as resources, so the cost is that of the signature alone.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Support/Parameters.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "prune-bind-parameters"

namespace mlir::prune {
#define GEN_PASS_DEF_BINDPARAMETERSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True for training steps and gradient functions, whose parameters change from
/// call to call.
static bool isTrainingFunction(FunctionOpInterface function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, PruneDialect::kStateAttrName))
      return true;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (function.getResultAttr(i, PruneDialect::kGradOfAttrName))
      return true;
  return false;
}

namespace {
struct BindParametersPass final
    : prune::impl::BindParametersPassBase<BindParametersPass> {
  using BindParametersPassBase::BindParametersPassBase;

  bool isChosen(FunctionOpInterface function) {
    if (functions.empty())
      return !isTrainingFunction(function);
    return llvm::is_contained(functions, function.getName().str());
  }

  void runOnOperation() override {
    llvm::StringMap<ElementsAttr> values;
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (!isChosen(function))
        continue;
      unsigned before = function.getNumArguments();
      if (failed(bindParameters(function, values)))
        return signalPassFailure();
      numParametersBound += before - function.getNumArguments();
    }
  }
};
} // namespace
