//===- Selections.cpp - Lowering of selections ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A mask by threshold reads the score of each element's group. A mask by
// sparsity needs a ranking, which the runtime makes over the scores of all
// weights, one behind the other. In an n_of_m group an element stays when fewer
// than n others beat it, which takes m comparisons per element and no sorting;
// every selection keeps the elements of largest score, so the two masks
// together are those of one after the other.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

using namespace mlir;
using namespace mlir::prune;

/// The mask of the elements whose group scores above the threshold (all, when
/// there is none).
static Value createThresholdMask(ImplicitLocOpBuilder &b, Value scores,
                                 RankedTensorType maskType, SelectMaskOp op) {
  if (op.getSelection().getKind() == SelectionKind::KeepAll) {
    auto all = DenseElementsAttr::get(maskType, true);
    return arith::ConstantOp::create(b, all);
  }
  Type type = cast<RankedTensorType>(scores.getType()).getElementType();
  Value threshold = op.getValue();
  if (!threshold) {
    double value = op.getSelection().getValue().convertToDouble();
    threshold = createNumber(b, type, value);
  }
  Value empty = tensor::EmptyOp::create(b, maskType.getShape(),
                                        maskType.getElementType());
  AffineMap map =
      getGroupMap(op.getGranularity(), maskType.getRank(), b.getContext());
  return createMapped(b, scores, map, ValueRange{empty},
                      [&](ImplicitLocOpBuilder &e,
                          ValueRange args) -> SmallVector<Value> {
                        // A NaN is not below the threshold, so it stays.
                        Value stays = arith::CmpFOp::create(
                            e, arith::CmpFPredicate::UGT, args[0], threshold);
                        return {stays};
                      })
      .front();
}

//===----------------------------------------------------------------------===//
// Sparsities
//===----------------------------------------------------------------------===//

/// Elements per group where all groups are equal, nothing where blocks do not
/// divide the weight.
static std::optional<int64_t> getGroupSize(GranularityAttr granularity,
                                           RankedTensorType scores,
                                           RankedTensorType mask) {
  if (granularity.getKind() == GranularityKind::Block)
    for (auto [extent, step] :
         llvm::zip_equal(mask.getShape(), granularity.getShape()))
      if (extent % step != 0)
        return std::nullopt;
  return mask.getNumElements() / scores.getNumElements();
}

/// All dimensions as one.
static SmallVector<ReassociationIndices> getOneGroup(RankedTensorType type) {
  ReassociationIndices all;
  llvm::append_range(all, llvm::seq(type.getRank()));
  return {all};
}

/// The tensor as a vector, in row-major order.
static Value flatten(ImplicitLocOpBuilder &b, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 1)
    return tensor;
  auto flat =
      RankedTensorType::get(type.getNumElements(), type.getElementType());
  if (type.getRank() == 0)
    return tensor::ExpandShapeOp::create(b, flat, tensor,
                                         ArrayRef<ReassociationIndices>());
  return tensor::CollapseShapeOp::create(b, flat, tensor, getOneGroup(type));
}

/// The inverse of `flatten`.
static Value unflatten(ImplicitLocOpBuilder &b, Value flat,
                       ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(flat));
  if (type.getRank() == 1)
    return flat;
  if (type.getRank() == 0)
    return tensor::CollapseShapeOp::create(b, type, flat,
                                           ArrayRef<ReassociationIndices>());
  return tensor::ExpandShapeOp::create(b, type, flat, getOneGroup(type));
}

/// The scores of all weights, one behind the other.
static Value concatenate(ImplicitLocOpBuilder &b, ValueRange scores,
                         int64_t count) {
  if (scores.size() == 1)
    return flatten(b, scores.front());
  Value all = tensor::EmptyOp::create(b, ArrayRef<int64_t>{count},
                                      getElementTypeOrSelf(scores.front()));
  OpFoldResult one = b.getIndexAttr(1);
  int64_t offset = 0;
  for (Value score : scores) {
    Value flat = flatten(b, score);
    int64_t extent = cast<RankedTensorType>(flat.getType()).getNumElements();
    OpFoldResult start = b.getIndexAttr(offset), size = b.getIndexAttr(extent);
    all = tensor::InsertSliceOp::create(b, flat, all, start, size, one);
    offset += extent;
  }
  return all;
}

/// The sparsity as a number of double precision.
static Value createSparsity(ImplicitLocOpBuilder &b, SelectMaskOp op) {
  if (!op.getValue())
    return createNumber(b, b.getF64Type(),
                        op.getSelection().getValue().convertToDouble());
  return arith::ExtFOp::create(b, b.getF64Type(), op.getValue());
}

/// Spreads the bytes of the groups over the elements.
static Value spread(ImplicitLocOpBuilder &b, Value kept,
                    RankedTensorType maskType, GranularityAttr granularity) {
  Value empty = tensor::EmptyOp::create(b, maskType.getShape(),
                                        maskType.getElementType());
  AffineMap map = getGroupMap(granularity, maskType.getRank(), b.getContext());
  return createMapped(b, kept, map, ValueRange{empty},
                      [](ImplicitLocOpBuilder &e,
                         ValueRange args) -> SmallVector<Value> {
                        Value zero =
                            arith::ConstantOp::create(e, e.getI8IntegerAttr(0));
                        Value stays = arith::CmpIOp::create(
                            e, arith::CmpIPredicate::ne, args[0], zero);
                        return {stays};
                      })
      .front();
}

/// A mask of a weight without elements.
static Value createEmptyMask(ImplicitLocOpBuilder &b, RankedTensorType type) {
  return tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
}

/// Ranks the groups of all scores together: one byte per group. `groups` has
/// the number of groups of each weight and their size.
static Value rankGroups(ImplicitLocOpBuilder &b, SelectMaskOp op,
                        ValueRange scores, ArrayRef<int64_t> groups) {
  int64_t count = 0;
  for (size_t i = 0; i < groups.size(); i += 2)
    count += groups[i];
  Value all = concatenate(b, scores, count);
  Value sparsity = createSparsity(b, op);
  Value empty =
      tensor::EmptyOp::create(b, ArrayRef<int64_t>{count}, b.getI8Type());
  auto select = kernel::SelectGroupsOp::create(b, TypeRange{empty.getType()},
                                               all, sparsity, empty, groups);
  return select->getResult(0);
}

/// One mask per weight, by rank over all of them. Fails on other
/// scores than of f32, and on blocks that do not divide the weight.
static FailureOr<SmallVector<Value>>
createSparsityMasks(ImplicitLocOpBuilder &b, SelectMaskOp op) {
  GranularityAttr granularity = op.getGranularity();
  SmallVector<int64_t> groups;
  // Weights without elements take no part in the ranking.
  SmallVector<Value> ranked;
  for (auto [scores, mask] : llvm::zip_equal(op.getScores(), op.getMasks())) {
    auto type = cast<RankedTensorType>(scores.getType());
    auto maskType = cast<RankedTensorType>(mask.getType());
    if (!type.getElementType().isF32())
      return failure();
    if (maskType.getNumElements() == 0)
      continue;
    std::optional<int64_t> size = getGroupSize(granularity, type, maskType);
    if (!size)
      return failure();
    groups.append({type.getNumElements(), *size});
    ranked.push_back(scores);
  }
  Value kept = ranked.empty() ? Value() : rankGroups(b, op, ranked, groups);
  OpFoldResult one = b.getIndexAttr(1);
  SmallVector<Value> masks;
  int64_t offset = 0;
  for (auto [scores, mask] : llvm::zip_equal(op.getScores(), op.getMasks())) {
    auto type = cast<RankedTensorType>(scores.getType());
    auto maskType = cast<RankedTensorType>(mask.getType());
    if (maskType.getNumElements() == 0) {
      masks.push_back(createEmptyMask(b, maskType));
      continue;
    }
    Value own = kept;
    if (ranked.size() > 1) {
      OpFoldResult start = b.getIndexAttr(offset);
      OpFoldResult size = b.getIndexAttr(type.getNumElements());
      own = tensor::ExtractSliceOp::create(b, kept, start, size, one);
    }
    offset += type.getNumElements();
    own = unflatten(b, own, type.getShape());
    Value spreadMask = spread(b, own, maskType, granularity);
    masks.push_back(spreadMask);
  }
  return masks;
}

//===----------------------------------------------------------------------===//
// Patterns along an axis
//===----------------------------------------------------------------------===//

/// How many elements of its n_of_m group beat each element: a larger score, or
/// the same score at a higher index; a NaN counts as infinite. Shape of the
/// scores, elements of type i32.
static Value countWinners(ImplicitLocOpBuilder &b, Value groups,
                          int64_t inner) {
  auto type = cast<RankedTensorType>(groups.getType());
  int64_t rank = type.getRank();
  MLIRContext *context = b.getContext();
  // One loop more than dimensions: the rival's index in the group.
  AffineMap own =
      AffineMap::getMultiDimIdentityMap(rank + 1, context).dropResult(rank);
  SmallVector<AffineExpr> rivalDims(own.getResults());
  rivalDims[inner] = getAffineDimExpr(rank, context);
  AffineMap rival = AffineMap::get(rank + 1, 0, rivalDims, context);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Value zero = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
  Value empty = tensor::EmptyOp::create(b, type.getShape(), b.getI32Type());
  auto start = linalg::FillOp::create(b, zero, empty);
  auto counts = linalg::GenericOp::create(
      b, start.getResultTypes(), ValueRange{groups, groups}, start.getResults(),
      ArrayRef<AffineMap>{own, rival, own}, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder e(loc, nested);
        Value infinity = createNumber(e, type.getElementType(),
                                      std::numeric_limits<double>::infinity());
        Value ownScore = arith::MinNumFOp::create(e, args[0], infinity);
        Value rivalScore = arith::MinNumFOp::create(e, args[1], infinity);
        Value isLarger = isGreater(e, rivalScore, ownScore);
        Value isEqual = arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ,
                                              rivalScore, ownScore);
        Value ownIndex = linalg::IndexOp::create(e, inner);
        Value rivalIndex = linalg::IndexOp::create(e, rank);
        Value isBehind = arith::CmpIOp::create(e, arith::CmpIPredicate::ugt,
                                               rivalIndex, ownIndex);
        Value winsTie = arith::AndIOp::create(e, isEqual, isBehind);
        Value beats = arith::OrIOp::create(e, isLarger, winsTie);
        Value one = arith::ExtUIOp::create(e, e.getI32Type(), beats);
        Value sum = arith::AddIOp::create(e, args[2], one);
        linalg::YieldOp::create(e, sum);
      });
  return counts.getResult(0);
}

/// True when the groups of an n_of_m granularity divide every weight's axis.
static bool dividesAxes(GranularityAttr granularity, ValueRange scores) {
  return llvm::all_of(scores.getTypes(), [&](Type type) {
    int64_t extent =
        cast<RankedTensorType>(type).getDimSize(granularity.getAxis());
    return extent % granularity.getShape()[1] == 0;
  });
}

/// The mask that keeps at most n of m along the axis.
static Value createPatternMask(ImplicitLocOpBuilder &b, Value scores,
                               GranularityAttr granularity) {
  auto type = cast<RankedTensorType>(scores.getType());
  int64_t n = granularity.getShape()[0], m = granularity.getShape()[1];
  int64_t axis = granularity.getAxis();
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] /= m;
  shape.insert(shape.begin() + axis + 1, m);
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, position = 0; i < type.getRank(); ++i) {
    groups.push_back({position++});
    if (i == axis)
      groups.back().push_back(position++);
  }
  auto split = tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), scores, groups);
  Value counts = countWinners(b, split, axis + 1);
  auto maskType = RankedTensorType::get(shape, b.getI1Type());
  Value limit = arith::ConstantOp::create(b, b.getI32IntegerAttr(n));
  Value mask = createElementwise(
      b, counts, maskType,
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value stays =
            arith::CmpIOp::create(e, arith::CmpIPredicate::slt, args[0], limit);
        return {stays};
      });
  return tensor::CollapseShapeOp::create(b, mask, groups);
}

namespace {

struct LowerSelectMask final : OpRewritePattern<SelectMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectMaskOp op,
                                PatternRewriter &rewriter) const override {
    GranularityAttr granularity = op.getGranularity();
    bool isPattern = granularity.getKind() == GranularityKind::NOfM;
    if (isPattern && !dividesAxes(granularity, op.getScores()))
      return rewriter.notifyMatchFailure(op, "groups do not divide the axis");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    FailureOr<SmallVector<Value>> masks = createMasks(b, op);
    if (failed(masks))
      return rewriter.notifyMatchFailure(op, "scores cannot be ranked");
    if (isPattern)
      for (auto [scores, mask] : llvm::zip_equal(op.getScores(), *masks)) {
        Value pattern = createPatternMask(b, scores, granularity);
        mask = arith::AndIOp::create(b, mask, pattern);
      }
    rewriter.replaceOp(op, *masks);
    return success();
  }

private:
  static FailureOr<SmallVector<Value>> createMasks(ImplicitLocOpBuilder &b,
                                                   SelectMaskOp op) {
    if (op.getSelection().getKind() == SelectionKind::Sparsity)
      return createSparsityMasks(b, op);
    SmallVector<Value> masks;
    for (auto [scores, mask] : llvm::zip_equal(op.getScores(), op.getMasks())) {
      auto type = cast<RankedTensorType>(mask.getType());
      Value selected = createThresholdMask(b, scores, type, op);
      masks.push_back(selected);
    }
    return masks;
  }
};

} // namespace

void mlir::prune::populateSelectionLoweringPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerSelectMask>(patterns.getContext());
}
