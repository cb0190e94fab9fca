//===- BatchedProducts.cpp - Batches of products of matrices --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchedProducts.h"

#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

/// Multiplications of one product from which a call for each is worth it;
/// below, loops over the whole batch take less time than the calls alone.
static constexpr int64_t kFewestMultiplications = 4096;

/// The slice of a value at an index of one of its dimensions, without that
/// dimension.
static Value slice(OpBuilder &builder, Location loc, Value value, unsigned dim,
                   Value index) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
      sizes = tensor::getMixedSizes(builder, loc, value),
      strides(type.getRank(), builder.getIndexAttr(1));
  offsets[dim] = index;
  sizes[dim] = builder.getIndexAttr(1);
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + dim);
  auto extract = tensor::ExtractSliceOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
      offsets, sizes, strides);
  return extract.getResult();
}

/// A map without a loop, and without the result that is that loop.
static AffineMap dropLoop(AffineMap map, unsigned loop) {
  MLIRContext *context = map.getContext();
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults()) {
    unsigned position = cast<AffineDimExpr>(expr).getPosition();
    if (position != loop)
      results.push_back(
          getAffineDimExpr(position - (position > loop ? 1 : 0), context));
  }
  return AffineMap::get(map.getNumDims() - 1, 0, results, context);
}

/// Why a contraction is no batch of products of matrices; empty where it is
/// one.
static StringRef getObstacle(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || !isContraction(op))
    return "no contraction of tensors";
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type || !type.hasStaticShape() || !type.getElementType().isF32())
      return "an operand is no tensor of f32 with static extents";
  }
  if (!llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isProjectedPermutation(); }))
    return "an operand is read at computed places";
  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (failed(dims) || dims->batch.empty() || dims->m.empty() ||
      dims->n.empty() || dims->k.size() != 1)
    return "no batch of products of matrices";
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  int64_t rows = extents[dims->m.back()], columns = extents[dims->n.back()],
          inner = extents[dims->k.front()];
  if (rows == 0 || columns == 0 || inner == 0 ||
      rows * columns * inner < kFewestMultiplications)
    return "few multiplications";
  return {};
}

/// The dimension that becomes a loop next. Further rows and columns go before
/// the batch: they belong to one operand alone.
static unsigned getNextLoop(linalg::LinalgOp op) {
  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (dims->m.size() > 1)
    return dims->m.front();
  return dims->n.size() > 1 ? dims->n.front() : dims->batch.front();
}

namespace {

struct LoopOverBatch : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    StringRef obstacle = getObstacle(op);
    if (!obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    unsigned loop = getNextLoop(op);
    Location loc = op.getLoc();
    // An initial value that is filled is filled slice by slice.
    Value init = op.getDpsInits().front();
    auto fill = init.getDefiningOp<linalg::FillOp>();
    if (fill)
      init = fill.getOutputs().front();
    auto zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    auto one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    auto extent = arith::ConstantIndexOp::create(
        rewriter, loc, op.getStaticLoopRanges()[loop]);
    auto build = [&](OpBuilder &builder, Location at, Value index,
                     ValueRange state) {
      Value result = buildProduct(builder, at, op, loop, index, state.front(),
                                  fill ? fill.getInputs().front() : Value());
      scf::YieldOp::create(builder, at, result);
    };
    auto whole =
        scf::ForOp::create(rewriter, loc, zero, extent, one, init, build);
    rewriter.replaceOp(op, whole);
    return success();
  }

  /// The state with the product of one index of the batch in it.
  static Value buildProduct(OpBuilder &builder, Location loc,
                            linalg::LinalgOp op, unsigned loop, Value index,
                            Value state, Value filling) {
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      std::optional<unsigned> dim = getDim(map, loop);
      Value value = operand->get();
      inputs.push_back(dim ? slice(builder, loc, value, *dim, index) : value);
      maps.push_back(dropLoop(map, loop));
    }
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    unsigned dim = *getDim(map, loop);
    maps.push_back(dropLoop(map, loop));
    Value start = slice(builder, loc, state, dim, index);
    if (filling) {
      auto filled = linalg::FillOp::create(builder, loc, filling, start);
      start = filled.getResult(0);
    }
    auto product = linalg::ContractOp::create(
        builder, loc, TypeRange(start.getType()), inputs, ValueRange(start),
        builder.getAffineMapArrayAttr(maps));
    auto type = cast<RankedTensorType>(state.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
        sizes = tensor::getMixedSizes(builder, loc, state),
        strides(type.getRank(), builder.getIndexAttr(1));
    offsets[dim] = index;
    sizes[dim] = builder.getIndexAttr(1);
    auto insert = tensor::InsertSliceOp::create(
        builder, loc, product->getResult(0), state, offsets, sizes, strides);
    return insert.getResult();
  }
};

} // namespace

void prune::populateBatchedProductPatterns(RewritePatternSet &patterns) {
  patterns.add<LoopOverBatch>(patterns.getContext());
}
