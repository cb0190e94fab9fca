//===- FuseBiasAdds.cpp - Start contractions from their bias --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One pattern, rooted at the element-wise operation whose body adds. The vector
// must be a constant or an argument, perhaps behind broadcasts, so that it is
// at hand where the contraction is; a reshape may lie between the two. The
// broadcast reuses the destination of the fill that it replaces, which carries
// dynamic extents along.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Analysis/Copies.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Support/Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-fuse-bias-adds"

namespace mlir::prune {
#define GEN_PASS_DEF_FUSEBIASADDSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
/// A sum of elements of two inputs in the body of an element-wise operation.
struct Addition {
  arith::AddFOp sum;
  OpOperand *inputs[2];
};
} // namespace

/// True when the operation is this sum and nothing else.
static bool isYielded(linalg::LinalgOp op, arith::AddFOp sum) {
  return op.getBlock()->getTerminator()->getOperand(0) == sum.getResult();
}

/// The sums of inputs in the body; others than the one that is yielded only
/// where the body may change.
static SmallVector<Addition> findAdditions(linalg::LinalgOp op) {
  SmallVector<Addition> additions;
  for (auto sum : op.getBlock()->getOps<arith::AddFOp>()) {
    Addition addition{sum, {}};
    for (unsigned i : {0u, 1u}) {
      auto argument = dyn_cast<BlockArgument>(sum->getOperand(i));
      if (argument && argument.getOwner() == op.getBlock() &&
          op.isDpsInput(op.getMatchingOpOperand(argument)))
        addition.inputs[i] = op.getMatchingOpOperand(argument);
    }
    if (addition.inputs[0] && addition.inputs[1] &&
        (isYielded(op, sum) || isa<linalg::GenericOp>(op.getOperation())))
      additions.push_back(addition);
  }
  return additions;
}

/// The destination of an init that is all zeros; null when it is something
/// else.
static Value getZeroDestination(Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return {};
  return fill.getOutputs()[0];
}

namespace {
/// A contraction or convolution that accumulates into zeros, and the reshape
/// between it and its only reader.
struct Producer {
  linalg::LinalgOp op;
  Operation *reshape = nullptr;
};
} // namespace

/// The contraction that `operand`, read element by element, comes from.
static std::optional<Producer> getProducer(linalg::LinalgOp add,
                                           OpOperand &operand) {
  Value value = operand.get();
  BlockArgument argument = add.getMatchingBlockArgument(&operand);
  if (!value.hasOneUse() || !argument.hasOneUse() ||
      !add.getMatchingIndexingMap(&operand).isIdentity())
    return std::nullopt;
  Producer producer;
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
          value.getDefiningOp())) {
    producer.reshape = value.getDefiningOp();
    value = producer.reshape->getOperand(0);
  }
  producer.op = value.getDefiningOp<linalg::LinalgOp>();
  if (!value.hasOneUse() ||
      !(isContraction(producer.op) || isConvolution(producer.op)) ||
      !getZeroDestination(producer.op.getDpsInits()[0]))
    return std::nullopt;
  return producer;
}

/// The map from indices of the source of a reshape that reads what `map` reads
/// from indices of its result; nothing when an index is split or merged.
template <typename OpTy>
static std::optional<AffineMap> moveThroughReshape(OpTy reshape,
                                                   AffineMap map) {
  constexpr bool isExpand = std::is_same_v<OpTy, tensor::ExpandShapeOp>;
  RankedTensorType parts =
      isExpand ? reshape.getResultType() : reshape.getSrcType();
  SmallVector<AffineExpr> dims(reshape.getResultType().getRank());
  for (auto [flat, group] : llvm::enumerate(reshape.getReassociationIndices()))
    for (int64_t part : group) {
      bool isAlone = llvm::all_of(group, [&](int64_t other) {
        return other == part || parts.getDimSize(other) == 1;
      });
      if (isAlone)
        dims[isExpand ? part : int64_t(flat)] = getAffineDimExpr(
            isExpand ? int64_t(flat) : part, reshape.getContext());
    }
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    results.push_back(dim ? dims[dim.getPosition()] : expr);
    if (!results.back())
      return std::nullopt;
  }
  return AffineMap::get(reshape.getSrcType().getRank(), 0, results,
                        reshape.getContext());
}

static std::optional<AffineMap> moveThroughReshape(Operation *reshape,
                                                   AffineMap map) {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(reshape))
    return moveThroughReshape(expand, map);
  return moveThroughReshape(cast<tensor::CollapseShapeOp>(reshape), map);
}

/// Undoes a reshape of static shapes.
static Value undoReshape(OpBuilder &builder, Operation *reshape, Value value) {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(reshape))
    return tensor::CollapseShapeOp::create(builder, reshape->getLoc(),
                                           expand.getSrcType(), value,
                                           expand.getReassociationIndices());
  auto collapse = cast<tensor::CollapseShapeOp>(reshape);
  return tensor::ExpandShapeOp::create(builder, reshape->getLoc(),
                                       collapse.getSrcType(), value,
                                       collapse.getReassociationIndices());
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

/// The map with index zero for the unit dimensions that only broadcast.
static AffineMap zeroUnits(AffineMap map, RankedTensorType type) {
  SmallVector<AffineExpr> results(map.getResults());
  for (unsigned position = 0; position < results.size(); ++position)
    if (isUnit(map, type, position))
      results[position] = getAffineConstantExpr(0, map.getContext());
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
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
    if (TypedAttr value = reshapeConstant(constant.getValue(), newType)) {
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
/// What a contraction is going to start from.
struct Start {
  Value bias;
  /// Dimensions of the bias that a loop reads, and dimensions of the result
  /// that it is broadcast along.
  SmallVector<int64_t> kept, dimensions;
  /// The reshape to be undone behind the broadcast, if any.
  Operation *reshape = nullptr;
};

struct FuseBiasAdd : OpInterfaceRewritePattern<linalg::LinalgOp> {
  FuseBiasAdd(MLIRContext *context, Pass::Statistic &count)
      : OpInterfaceRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwiseOnTensors(op))
      return failure();
    for (const Addition &addition : findAdditions(op))
      for (unsigned i : {0u, 1u}) {
        std::optional<Producer> producer = getProducer(op, *addition.inputs[i]);
        std::optional<Start> start;
        if (producer)
          start = getStart(op, *producer, *addition.inputs[1 - i]);
        if (!start || failed(setStart(*producer, *start, rewriter)))
          continue;
        removeAddition(op, addition, i, rewriter);
        ++count;
        return success();
      }
    return failure();
  }

private:
  /// What the contraction starts from when `vector` is its bias.
  static std::optional<Start>
  getStart(linalg::LinalgOp op, const Producer &producer, OpOperand &vector) {
    Elements source =
        resolveCopies({vector.get(), op.getMatchingIndexingMap(&vector)});
    auto type = dyn_cast<RankedTensorType>(source.value.getType());
    if (!type || !isAvailable(source.value))
      return std::nullopt;
    Start start{source.value, {}, {}, producer.reshape};
    AffineMap map = zeroUnits(source.map, type);
    if (producer.reshape)
      if (std::optional<AffineMap> moved =
              moveThroughReshape(producer.reshape, map)) {
        map = *moved;
        start.reshape = nullptr;
      }
    auto result = cast<RankedTensorType>(op->getResult(0).getType());
    if (start.reshape && !result.hasStaticShape())
      return std::nullopt;
    std::optional<SmallVector<int64_t>> dimensions =
        getBroadcastDimensions(map, type, start.kept);
    if (!dimensions)
      return std::nullopt;
    start.dimensions = *dimensions;
    return start;
  }

  static LogicalResult setStart(const Producer &producer, const Start &start,
                                PatternRewriter &rewriter) {
    linalg::LinalgOp op = producer.op;
    // A constant may be defined after the contraction. It has no operands, so
    // it can move up.
    if (Operation *constant = start.bias.getDefiningOp())
      if (constant->getBlock() == op->getBlock() &&
          op->isBeforeInBlock(constant))
        rewriter.moveOpBefore(constant, op);
    rewriter.setInsertionPoint(op);
    Value bias = dropUnitDimensions(rewriter, start.bias, start.kept);
    if (!bias)
      return failure();
    Value destination = getZeroDestination(op.getDpsInits()[0]);
    if (start.reshape)
      destination = tensor::EmptyOp::create(
          rewriter, op.getLoc(),
          cast<RankedTensorType>(start.reshape->getResult(0).getType())
              .getShape(),
          getElementTypeOrSelf(bias.getType()));
    auto broadcast = linalg::BroadcastOp::create(rewriter, op.getLoc(), bias,
                                                 destination, start.dimensions);
    Value init = broadcast->getResult(0);
    if (start.reshape)
      init = undoReshape(rewriter, start.reshape, init);
    rewriter.modifyOpInPlace(op, [&] { op.getDpsInitOperand(0)->set(init); });
    return success();
  }

  /// What was added is in what input `kept` of the sum reads.
  static void removeAddition(linalg::LinalgOp op, const Addition &addition,
                             unsigned kept, PatternRewriter &rewriter) {
    if (isYielded(op, addition.sum)) {
      rewriter.replaceOp(op, addition.inputs[kept]->get());
      return;
    }
    LDBG() << "the sum of " << op->getName() << " goes into the initial value";
    rewriter.modifyOpInPlace(op, [&] {
      rewriter.replaceOp(addition.sum, addition.sum->getOperand(kept));
    });
  }

  Pass::Statistic &count;
};

struct FuseBiasAddsPass : prune::impl::FuseBiasAddsPassBase<FuseBiasAddsPass> {
  using FuseBiasAddsPassBase::FuseBiasAddsPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseBiasAdd>(&getContext(), numBiasesFused);
    // Of bodies that lost their sum.
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
