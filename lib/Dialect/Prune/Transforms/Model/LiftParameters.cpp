//===- LiftParameters.cpp - Parameter constants to arguments --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces each parameter constant by an argument of its function. Values stay
// with the arguments as attributes, so that nothing is lost on the way.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-lift-parameters"

namespace mlir::prune {
#define GEN_PASS_DEF_LIFTPARAMETERSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct LiftParametersPass final
    : prune::impl::LiftParametersPassBase<LiftParametersPass> {
  using LiftParametersPassBase::LiftParametersPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (!functions.empty() &&
          !llvm::is_contained(functions, function.getName().str()))
        continue;
      unsigned before = function.getNumArguments();
      if (failed(liftParameters(function, keepValues)))
        return signalPassFailure();
      LDBG() << function.getName() << ": lifted "
             << function.getNumArguments() - before << " parameters";
      numParametersLifted += function.getNumArguments() - before;
    }
  }
};
} // namespace
