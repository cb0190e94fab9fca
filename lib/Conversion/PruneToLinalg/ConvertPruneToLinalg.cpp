//===- ConvertPruneToLinalg.cpp - Lower the prune dialect -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Applies the lowering patterns of this folder greedily, then reports the first
// operation that none of them could take. Linear in the operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"

#include "Prune/Conversion/Passes.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTPRUNETOLINALGPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

void mlir::prune::populatePruneToLinalgPatterns(RewritePatternSet &patterns) {
  populateBatchNormLoweringPatterns(patterns);
  populateMaxPoolLoweringPatterns(patterns);
  populateMaskLoweringPatterns(patterns);
  populateCompressLoweringPatterns(patterns);
  populateScoreLoweringPatterns(patterns);
  populateSelectionLoweringPatterns(patterns);
  populateRegularizerLoweringPatterns(patterns);
  populateGroupRegularizerLoweringPatterns(patterns);
  populateLossLoweringPatterns(patterns);
  populateUpdateLoweringPatterns(patterns);
  populateProximalLoweringPatterns(patterns);
}

/// Emits the reason for which an operation has no run-time form.
static void reportUnlowered(Operation *op) {
  if (auto select = dyn_cast<SelectMaskOp>(op)) {
    op->emitOpError(
        "by sparsity has a run-time form for scores of at most 32 bits, got ")
        << select.getScores()[0].getType();
    return;
  }
  op->emitOpError("has no run-time form");
}

namespace {

struct ConvertPruneToLinalg
    : prune::impl::ConvertPruneToLinalgPassBase<ConvertPruneToLinalg> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populatePruneToLinalgPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    WalkResult result = getOperation()->walk([](Operation *op) {
      if (!isa_and_nonnull<PruneDialect>(op->getDialect()))
        return WalkResult::advance();
      reportUnlowered(op);
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
