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

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/DebugLog.h"

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
  return returnsGradients(function);
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
    if (!values.empty()) {
      mlir::emitError(getOperation().getLoc())
          << "the option 'values' is gone, as passes read no files; give each "
             "argument its value in 'prune.value', or call Module.bind of the "
             "Python package with the arrays of '"
          << values << "'";
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (!isChosen(function))
        continue;
      unsigned before = function.getNumArguments();
      if (failed(bindParameters(function, {})))
        return signalPassFailure();
      LDBG() << function.getName() << ": bound "
             << before - function.getNumArguments() << " parameters";
      numParametersBound += before - function.getNumArguments();
    }
  }
};
} // namespace
