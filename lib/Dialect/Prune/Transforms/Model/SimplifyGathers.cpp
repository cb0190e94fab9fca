//===- SimplifyGathers.cpp - Places written as short as they can be -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Every index of every gather is evaluated over its loop (Gather.h) and written
// anew unless it is short already. A gather whose linear place in what it reads
// is its own linear place is a reshape; the test is a sum per loop, not a walk
// over all elements. O(extents of the loops * size of what indices are computed
// with).
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Analysis/Gather.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-simplify-gathers"

namespace mlir::prune {
#define GEN_PASS_DEF_SIMPLIFYGATHERSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True when element number n of the result is element number n of what the
/// gather reads, and both have as many.
static bool keepsOrder(linalg::GenericOp op, const Gather &gather) {
  auto source = cast<RankedTensorType>(gather.getSource().getType());
  auto result = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result || !result.hasStaticShape() || !map.isPermutation() ||
      source.getNumElements() != result.getNumElements())
    return false;
  SmallVector<int64_t> strides = computeSuffixProduct(source.getShape());
  SmallVector<int64_t> resultStrides = computeSuffixProduct(result.getShape());
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
    for (int64_t i = 0; i < result.getDimSize(dim); ++i) {
      int64_t place = 0;
      for (auto [index, stride] : llvm::zip_equal(gather.indices, strides))
        if (index && index->loop == map.getDimPosition(dim))
          place += stride * index->values[i];
      if (place != i * resultStrides[dim])
        return false;
    }
  return llvm::all_of(gather.indices, [](const auto &index) {
    return index && (index->loop || index->values.front() == 0);
  });
}

/// A reshape between two shapes, through one dimension if need be.
static Value createReshape(OpBuilder &builder, Location loc, Value source,
                           RankedTensorType type) {
  auto sourceType = cast<RankedTensorType>(source.getType());
  if (sourceType == type)
    return source;
  std::optional<SmallVector<ReassociationIndices>> groups =
      getReassociationIndicesForReshape(sourceType, type);
  if (groups && sourceType.getRank() > type.getRank())
    return tensor::CollapseShapeOp::create(builder, loc, type, source, *groups);
  if (groups && sourceType.getRank() < type.getRank())
    return tensor::ExpandShapeOp::create(builder, loc, type, source, *groups);
  auto all = [](RankedTensorType of) {
    return SmallVector<ReassociationIndices>{
        llvm::to_vector<2>(llvm::seq<int64_t>(0, of.getRank()))};
  };
  auto flatType = RankedTensorType::get({sourceType.getNumElements()},
                                        sourceType.getElementType());
  Value flat = source;
  if (sourceType.getRank() != 1)
    flat = tensor::CollapseShapeOp::create(builder, loc, flatType, source,
                                           all(sourceType));
  if (type.getRank() == 1)
    return flat;
  return tensor::ExpandShapeOp::create(builder, loc, type, flat, all(type));
}

namespace {
struct SimplifyGathersPass
    : prune::impl::SimplifyGathersPassBase<SimplifyGathersPass> {
  using SimplifyGathersPassBase::SimplifyGathersPassBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> generics;
    getOperation().walk(
        [&](linalg::GenericOp generic) { generics.push_back(generic); });
    for (linalg::GenericOp generic : generics)
      simplify(generic);
    // What indices were computed from has no readers any more.
    RewritePatternSet patterns(&getContext());
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

private:
  void simplify(linalg::GenericOp generic) {
    SmallVector<Gather> gathers = getGathers(generic);
    OpBuilder builder(generic);
    if (isPureGather(generic, gathers) &&
        keepsOrder(generic, gathers.front())) {
      auto type = cast<RankedTensorType>(generic.getResult(0).getType());
      Value reshaped = createReshape(builder, generic.getLoc(),
                                     gathers.front().getSource(), type);
      generic.getResult(0).replaceAllUsesWith(reshaped);
      ++numReshapes;
      return;
    }
    for (Gather &gather : gathers)
      for (unsigned dim = 0; dim < gather.indices.size(); ++dim) {
        if (!gather.indices[dim] || isShortIndex(gather, dim))
          continue;
        setGatherIndex(builder, gather, dim, *gather.indices[dim]);
        LDBG() << "simplified the index of dimension " << dim;
        ++numIndicesSimplified;
      }
  }
};
} // namespace
