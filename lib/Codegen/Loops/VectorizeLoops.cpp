//===- VectorizeLoops.cpp - prune-vectorize-loops -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces linalg operations on memrefs by loops over vectors, see LoopPlan and
// LoopEmitter. Loops that can be one are merged first, so that an element-wise
// operation on a matrix is one loop. Linear in the number of operations.
//
//===----------------------------------------------------------------------===//

#include "LoopEmitter.h"

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-vectorize-loops"

namespace mlir::prune {
#define GEN_PASS_DEF_VECTORIZELOOPSPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Longest runs of neighboring loops of one kind that every operand walks
/// through as through one dimension.
static SmallVector<ReassociationIndices> findRuns(linalg::LinalgOp op) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<ReassociationIndices> runs;
  for (unsigned loop = 0; loop < iterators.size(); ++loop) {
    if (!runs.empty() && iterators[runs.back().back()] == iterators[loop]) {
      ReassociationIndices longer = runs.back();
      longer.push_back(loop);
      if (linalg::areDimSequencesPreserved(maps, {longer})) {
        runs.back() = longer;
        continue;
      }
    }
    runs.push_back({loop});
  }
  return runs;
}

/// Takes dimensions of one element, which are read at the constant zero, out of
/// operands that lie without gaps: a row's maximum or mean is an element of a
/// vector then.
static void dropOnes(linalg::GenericOp op, RewriterBase &rewriter) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  rewriter.setInsertionPoint(op);
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap &map = maps[operand.getOperandNumber()];
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || !type.hasStaticShape() || !type.getLayout().isIdentity())
      continue;
    SmallVector<ReassociationIndices> groups;
    SmallVector<AffineExpr> exprs;
    ReassociationIndices leading;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto constant = dyn_cast<AffineConstantExpr>(expr);
      if (constant && constant.getValue() == 0 && type.getDimSize(dim) == 1) {
        (groups.empty() ? leading : groups.back()).push_back(dim);
        continue;
      }
      groups.push_back(std::exchange(leading, {}));
      groups.back().push_back(dim);
      exprs.push_back(expr);
    }
    if (exprs.size() == map.getNumResults())
      continue;
    auto collapsed = memref::CollapseShapeOp::create(rewriter, op.getLoc(),
                                                     operand.get(), groups);
    operand.set(collapsed.getResult());
    map = AffineMap::get(map.getNumDims(), 0, exprs, op.getContext());
  }
  op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
}

/// Merges loops where all operands lie without gaps and the body does not ask
/// for its position.
static linalg::LinalgOp mergeLoops(linalg::LinalgOp op,
                                   RewriterBase &rewriter) {
  bool isPlain = llvm::all_of(op->getOperandTypes(), [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return !isa<ShapedType>(type) ||
           (memref && memref.getLayout().isIdentity());
  });
  // Merging knows loops that are indices, not sums of them as in a convolution.
  if (!isPlain || op.hasIndexSemantics() || !op.hasOnlyProjectedPermutations())
    return op;
  SmallVector<ReassociationIndices> runs = findRuns(op);
  if (runs.size() == op.getNumLoops())
    return op;
  rewriter.setInsertionPoint(op);
  if (!isa<linalg::GenericOp>(op)) {
    FailureOr<linalg::GenericOp> generic =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      return op;
    op = *generic;
  }
  FailureOr<linalg::CollapseResult> collapsed =
      linalg::collapseOpIterationDims(op, runs, rewriter);
  if (failed(collapsed))
    return op;
  rewriter.eraseOp(op);
  return collapsed->collapsedOp;
}

namespace {

struct VectorizeLoops : prune::impl::VectorizeLoopsPassBase<VectorizeLoops> {
  using VectorizeLoopsPassBase::VectorizeLoopsPassBase;

  void runOnOperation() override {
    int64_t width = vectorWidth;
    if (width < 64 || !llvm::isPowerOf2_64(width)) {
      mlir::emitError(getOperation()->getLoc(), "option vector-width is ")
          << width << ", expected a power of two of at least 64";
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : ops) {
      if (auto generic = dyn_cast<linalg::GenericOp>(op.getOperation()))
        dropOnes(generic, rewriter);
      vectorize(mergeLoops(op, rewriter), rewriter);
    }
  }

  void vectorize(linalg::LinalgOp op, RewriterBase &rewriter) {
    std::string reason;
    FailureOr<LoopPlan> plan = planLoops(op, vectorWidth, threaded, reason);
    LDBG() << (failed(plan) ? reason : "vectorize") << ": " << op;
    if (failed(plan)) {
      remark::missed(
          op.getLoc(),
          remark::RemarkOpts::name("LoopNotVectorized").category(DEBUG_TYPE))
          << remark::reason("stays scalar: {0}", reason);
      ++numScalar;
      return;
    }
    rewriter.setInsertionPoint(op);
    LoopEmitter(rewriter, op, *plan).emit();
    rewriter.eraseOp(op);
    ++numVectorized;
  }
};

} // namespace
