//===- FuseBiasAdds.cpp - Start contractions from their bias --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One pattern, rooted at the element-wise addition. The vector must be a
// constant or an argument, so that it is at hand where the contraction is. The
// broadcast reuses the destination of the fill that it replaces, which carries
// dynamic extents along.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "prune-fuse-bias-adds"

namespace mlir::prune {
#define GEN_PASS_DEF_FUSEBIASADDSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True for an element-wise addition of two tensors.
static bool isAddition(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !op.hasPureTensorSemantics() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return false;
  Block *body = op.getBlock();
  auto add = dyn_cast_or_null<arith::AddFOp>(&body->front());
  if (!add || body->getOperations().size() != 2 ||
      body->getTerminator()->getOperand(0) != add)
    return false;
  auto isInput = [&](Value value, unsigned number) {
    return value == body->getArgument(number);
  };
  return (isInput(add.getLhs(), 0) && isInput(add.getRhs(), 1)) ||
         (isInput(add.getLhs(), 1) && isInput(add.getRhs(), 0));
}

/// The destination of an init that is all zeros; null when it is something
/// else.
static Value getZeroDestination(Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return {};
  return fill.getOutputs()[0];
}

/// The contraction or convolution that `operand` reads as its only user and
/// that accumulates into zeros.
static linalg::LinalgOp getProducer(linalg::LinalgOp add, OpOperand &operand) {
  auto producer = operand.get().getDefiningOp<linalg::LinalgOp>();
  if (!producer || !producer->hasOneUse() ||
      !add.getMatchingIndexingMap(&operand).isIdentity())
    return {};
  if (!linalg::isaContractionOpInterface(producer) &&
      !linalg::isaConvolutionOpInterface(producer))
    return {};
  if (!getZeroDestination(producer.getDpsInits()[0]))
    return {};
  return producer;
}

/// True when a bias has a unit dimension at `position` that only broadcasts: a
/// constant index, or the leading dimension of a bias for a batch of one.
static bool isUnit(AffineMap map, RankedTensorType type, unsigned position) {
  if (type.getDimSize(position) != 1)
    return false;
  AffineExpr result = map.getResult(position);
  if (isa<AffineConstantExpr>(result))
    return true;
  return position == 0 && type.getRank() > 1 &&
         result == getAffineDimExpr(0, map.getContext());
}

/// Dimensions of the loop nest that a bias with this map is constant along;
/// nothing when the map is not a broadcast. `kept` gets the dimensions of the
/// bias that are read by a loop.
static std::optional<SmallVector<int64_t>>
getBroadcastDimensions(AffineMap map, RankedTensorType type,
                       SmallVectorImpl<int64_t> &kept) {
  SmallVector<int64_t> dimensions;
  int64_t last = -1;
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    if (isUnit(map, type, position))
      continue;
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || int64_t(dim.getPosition()) <= last)
      return std::nullopt;
    for (int64_t skipped = last + 1; skipped < int64_t(dim.getPosition());
         ++skipped)
      dimensions.push_back(skipped);
    last = dim.getPosition();
    kept.push_back(position);
  }
  for (int64_t skipped = last + 1; skipped < int64_t(map.getNumDims());
       ++skipped)
    dimensions.push_back(skipped);
  if (dimensions.empty() || kept.empty())
    return std::nullopt;
  return dimensions;
}

/// The bias without the unit dimensions that no loop reads.
static Value dropUnitDimensions(RewriterBase &rewriter, Value bias,
                                ArrayRef<int64_t> kept) {
  auto type = cast<RankedTensorType>(bias.getType());
  if (int64_t(kept.size()) == type.getRank())
    return bias;
  SmallVector<int64_t> shape;
  for (int64_t position : kept)
    shape.push_back(type.getDimSize(position));
  auto newType = RankedTensorType::get(shape, type.getElementType());
  if (auto constant = bias.getDefiningOp<arith::ConstantOp>()) {
    TypedAttr value;
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
      value = dense.reshape(newType);
    else if (auto resource =
                 dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
      value = DenseResourceElementsAttr::get(newType, resource.getRawHandle());
    if (value) {
      auto reshaped =
          arith::ConstantOp::create(rewriter, constant.getLoc(), value);
      reshaped->setDiscardableAttrs(constant->getDiscardableAttrDictionary());
      return reshaped;
    }
  }
  std::optional<SmallVector<ReassociationIndices>> groups =
      getReassociationIndicesForReshape(type, newType);
  if (!groups)
    return {};
  return tensor::CollapseShapeOp::create(rewriter, bias.getLoc(), newType, bias,
                                         *groups);
}

/// True when the value can be read anywhere in the function.
static bool isAvailable(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<func::FuncOp>(argument.getOwner()->getParentOp());
  return value.getDefiningOp<arith::ConstantOp>() != nullptr;
}

namespace {
struct FuseBiasAdd : OpInterfaceRewritePattern<linalg::LinalgOp> {
  FuseBiasAdd(MLIRContext *context, Pass::Statistic &count)
      : OpInterfaceRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(linalg::LinalgOp add,
                                PatternRewriter &rewriter) const override {
    if (!isAddition(add))
      return failure();
    for (unsigned number : {0u, 1u})
      if (succeeded(fuse(add, *add.getDpsInputOperand(number),
                         *add.getDpsInputOperand(1 - number), rewriter)))
        return success();
    return failure();
  }

private:
  LogicalResult fuse(linalg::LinalgOp add, OpOperand &sum, OpOperand &vector,
                     PatternRewriter &rewriter) const {
    linalg::LinalgOp producer = getProducer(add, sum);
    SmallVector<int64_t> kept;
    Value bias = vector.get();
    auto type = dyn_cast<RankedTensorType>(bias.getType());
    if (!producer || !type || !isAvailable(bias))
      return failure();
    std::optional<SmallVector<int64_t>> dimensions =
        getBroadcastDimensions(add.getMatchingIndexingMap(&vector), type, kept);
    if (!dimensions)
      return failure();
    // A constant may be defined after the contraction. It has no operands, so
    // it can move up.
    if (Operation *constant = bias.getDefiningOp())
      if (constant->getBlock() == producer->getBlock() &&
          producer->isBeforeInBlock(constant))
        rewriter.moveOpBefore(constant, producer);
    rewriter.setInsertionPoint(producer);
    bias = dropUnitDimensions(rewriter, bias, kept);
    if (!bias)
      return failure();
    Value destination = getZeroDestination(producer.getDpsInits()[0]);
    auto broadcast = linalg::BroadcastOp::create(rewriter, add.getLoc(), bias,
                                                 destination, *dimensions);
    rewriter.modifyOpInPlace(producer, [&] {
      producer.getDpsInitOperand(0)->set(broadcast->getResult(0));
    });
    rewriter.replaceOp(add, producer->getResults());
    ++count;
    return success();
  }

  Pass::Statistic &count;
};

struct FuseBiasAddsPass : prune::impl::FuseBiasAddsPassBase<FuseBiasAddsPass> {
  using FuseBiasAddsPassBase::FuseBiasAddsPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseBiasAdd>(&getContext(), numBiasesFused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
