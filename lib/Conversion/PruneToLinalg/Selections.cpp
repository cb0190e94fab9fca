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
#include "Prune/Dialect/Prune/Utils/GroupLayout.h"
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

/// Appends the number of groups and their size for every run of groups of one
/// size, in row-major order: blocks at the edge of a weight are smaller.
static void appendRuns(GranularityAttr granularity, RankedTensorType mask,
                       SmallVectorImpl<int64_t> &runs) {
  GroupLayout layout(granularity, mask.getShape());
  size_t start = runs.size();
  for (int64_t group = 0; group < layout.getNumGroups(); ++group) {
    int64_t size = layout.getSize(group);
    if (runs.size() > start && runs.back() == size)
      ++runs[runs.size() - 2];
    else
      runs.append({1, size});
  }
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

/// Scores as f32, which holds every narrower number.
static Value widen(ImplicitLocOpBuilder &b, Value scores) {
  auto type = cast<RankedTensorType>(scores.getType());
  if (type.getElementType().isF32())
    return scores;
  return arith::ExtFOp::create(b, type.clone(b.getF32Type()), scores);
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
/// runs of groups of one size.
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

/// One mask per weight, by rank over all of them. Fails on scores of more than
/// 32 bits.
static FailureOr<SmallVector<Value>>
createSparsityMasks(ImplicitLocOpBuilder &b, SelectMaskOp op) {
  GranularityAttr granularity = op.getGranularity();
  SmallVector<int64_t> groups;
  // Weights without elements take no part in the ranking.
  SmallVector<Value> ranked;
  for (auto [scores, mask] : llvm::zip_equal(op.getScores(), op.getMasks())) {
    auto type = cast<RankedTensorType>(scores.getType());
    auto maskType = cast<RankedTensorType>(mask.getType());
    if (type.getElementTypeBitWidth() > 32)
      return failure();
    if (maskType.getNumElements() == 0)
      continue;
    appendRuns(granularity, maskType, groups);
    ranked.push_back(widen(b, scores));
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

namespace {
/// Groups along an axis of scores that is split into [groups, m].
struct GroupAxis {
  int64_t n, m, axis;
  /// The extent of the axis before it was filled up to whole groups.
  int64_t extent;
};
} // namespace

/// True where the rival of an element is there, and not what fills the last
/// group up; nothing when all are there.
static Value createRivalTest(ImplicitLocOpBuilder &e, const GroupAxis &pattern,
                             Value rivalIndex) {
  if (pattern.extent % pattern.m == 0)
    return {};
  Value group = linalg::IndexOp::create(e, pattern.axis);
  Value size = arith::ConstantIndexOp::create(e, pattern.m);
  Value start = arith::MulIOp::create(e, group, size);
  Value position = arith::AddIOp::create(e, start, rivalIndex);
  Value extent = arith::ConstantIndexOp::create(e, pattern.extent);
  return arith::CmpIOp::create(e, arith::CmpIPredicate::ult, position, extent);
}

/// True where the rival has a larger score, or the same at a higher index; a
/// NaN counts as infinite.
static Value createBeats(ImplicitLocOpBuilder &e, Value own, Value rival,
                         Value ownIndex, Value rivalIndex) {
  Value infinity =
      createNumber(e, own.getType(), std::numeric_limits<double>::infinity());
  Value ownScore = arith::MinNumFOp::create(e, own, infinity);
  Value rivalScore = arith::MinNumFOp::create(e, rival, infinity);
  Value isLarger = isGreater(e, rivalScore, ownScore);
  Value isEqual =
      arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, rivalScore, ownScore);
  Value isBehind =
      arith::CmpIOp::create(e, arith::CmpIPredicate::ugt, rivalIndex, ownIndex);
  Value winsTie = arith::AndIOp::create(e, isEqual, isBehind);
  return arith::OrIOp::create(e, isLarger, winsTie);
}

/// How many elements of its n_of_m group beat each element. Shape of the
/// scores, elements of type i32.
static Value countWinners(ImplicitLocOpBuilder &b, Value groups,
                          const GroupAxis &pattern) {
  auto type = cast<RankedTensorType>(groups.getType());
  int64_t rank = type.getRank(), inner = pattern.axis + 1;
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
        Value ownIndex = linalg::IndexOp::create(e, inner);
        Value rivalIndex = linalg::IndexOp::create(e, rank);
        Value beats = createBeats(e, args[0], args[1], ownIndex, rivalIndex);
        if (Value isThere = createRivalTest(e, pattern, rivalIndex))
          beats = arith::AndIOp::create(e, beats, isThere);
        Value one = arith::ExtUIOp::create(e, e.getI32Type(), beats);
        Value sum = arith::AddIOp::create(e, args[2], one);
        linalg::YieldOp::create(e, sum);
      });
  return counts.getResult(0);
}

/// The first elements along the axis, which was filled up.
static Value cutOff(ImplicitLocOpBuilder &b, Value mask,
                    const GroupAxis &pattern) {
  auto type = cast<RankedTensorType>(mask.getType());
  if (type.getDimSize(pattern.axis) == pattern.extent)
    return mask;
  SmallVector<int64_t> shape(type.getShape());
  shape[pattern.axis] = pattern.extent;
  SmallVector<OpFoldResult> starts(shape.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> steps(shape.size(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(b.getContext(), shape);
  return tensor::ExtractSliceOp::create(b, mask, starts, sizes, steps);
}

/// The mask that keeps at most n of m along the axis.
static Value createPatternMask(ImplicitLocOpBuilder &b, Value scores,
                               GranularityAttr granularity) {
  int64_t axis = granularity.getAxis();
  GroupAxis pattern{granularity.getShape()[0], granularity.getShape()[1], axis,
                    cast<RankedTensorType>(scores.getType()).getDimSize(axis)};
  SmallVector<int64_t> steps(cast<RankedTensorType>(scores.getType()).getRank(),
                             1);
  steps[axis] = pattern.m;
  Value padded = padToGroups(b, scores, steps);
  auto type = cast<RankedTensorType>(padded.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] /= pattern.m;
  shape.insert(shape.begin() + axis + 1, pattern.m);
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, position = 0; i < type.getRank(); ++i) {
    groups.push_back({position++});
    if (i == axis)
      groups.back().push_back(position++);
  }
  auto split = tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), padded, groups);
  Value counts = countWinners(b, split, pattern);
  auto maskType = RankedTensorType::get(shape, b.getI1Type());
  Value limit = arith::ConstantOp::create(b, b.getI32IntegerAttr(pattern.n));
  Value mask = createElementwise(
      b, counts, maskType,
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value stays =
            arith::CmpIOp::create(e, arith::CmpIPredicate::slt, args[0], limit);
        return {stays};
      });
  Value flat = tensor::CollapseShapeOp::create(b, mask, groups);
  return cutOff(b, flat, pattern);
}

namespace {

struct LowerSelectMask final : OpRewritePattern<SelectMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectMaskOp op,
                                PatternRewriter &rewriter) const override {
    GranularityAttr granularity = op.getGranularity();
    bool isPattern = granularity.getKind() == GranularityKind::NOfM;
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
