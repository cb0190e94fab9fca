//===- VerifyGradient.cpp - Check the gradient form -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The checks live in LossFunction, which every training pass starts with; this
// pass runs them on their own, for functions that come from elsewhere.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYGRADIENTPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct VerifyGradientPass final
    : prune::impl::VerifyGradientPassBase<VerifyGradientPass> {
  using VerifyGradientPassBase::VerifyGradientPassBase;

  void runOnOperation() override {
    FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
    if (failed(loss) || failed(loss->verifyGradients()))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
