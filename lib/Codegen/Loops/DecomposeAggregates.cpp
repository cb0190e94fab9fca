//===- DecomposeAggregates.cpp - prune-decompose-aggregates ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Lets each aggregate operation decompose itself. Linear in the number of
// operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-decompose-aggregates"

namespace mlir::prune {
#define GEN_PASS_DEF_DECOMPOSEAGGREGATESPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct DecomposeAggregatesPass final
    : prune::impl::DecomposeAggregatesPassBase<DecomposeAggregatesPass> {
  void runOnOperation() override {
    SmallVector<linalg::AggregatedOpInterface> aggregates;
    getOperation()->walk(
        [&](linalg::AggregatedOpInterface op) { aggregates.push_back(op); });
    for (linalg::AggregatedOpInterface op : aggregates)
      decompose(op);
  }

private:
  void decompose(linalg::AggregatedOpInterface op) {
    IRRewriter rewriter(&getContext());
    rewriter.setInsertionPoint(op);
    LDBG() << "decompose " << op;
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (succeeded(results)) {
      rewriter.replaceOp(op, *results);
      ++numAggregates;
      return;
    }
    remark::missed(
        op.getLoc(),
        remark::RemarkOpts::name("AggregateKept").category(DEBUG_TYPE))
        << "does not say how to decompose";
  }
};
} // namespace
