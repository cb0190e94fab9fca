//===- Scores.cpp - Lowering of scores and selections ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A score is a reduction over each group of the weight's granularity; a mask by
// threshold reads the score of each element's group back. In an n_of_m group an
// element stays when fewer than n others beat it, which takes m comparisons per
// element and no sorting.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// `|x|^p` for the criterion's exponent.
static Value createPower(ImplicitLocOpBuilder &e, Value x, double p) {
  if (p == 2.0)
    return arith::MulFOp::create(e, x, x);
  Value magnitude = math::AbsFOp::create(e, x);
  if (p == 1.0)
    return magnitude;
  Value exponent = createNumber(e, x.getType(), p);
  return math::PowFOp::create(e, magnitude, exponent);
}

/// `x^(1/p)`.
static Value createRoot(ImplicitLocOpBuilder &e, Value x, double p) {
  if (p == 1.0)
    return x;
  if (p == 2.0)
    return math::SqrtOp::create(e, x);
  Value exponent = createNumber(e, x.getType(), 1.0 / p);
  return math::PowFOp::create(e, x, exponent);
}

namespace {

struct LowerScore final : OpRewritePattern<ScoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScoreOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getScores().getType());
    GranularityAttr granularity = op.getGranularity();
    Value weight = op.getWeight();
    int64_t rank = cast<RankedTensorType>(weight.getType()).getRank();
    double p = op.getCriterion().getP().convertToDouble();
    if (getGroupMap(granularity, rank, b.getContext()).isIdentity()) {
      Value scores = createElementwise(
          b, weight, type,
          [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
            Value magnitude = math::AbsFOp::create(e, args[0]);
            return {magnitude};
          });
      rewriter.replaceOp(op, scores);
      return success();
    }
    FailureOr<SmallVector<Value>> sums = createGroupSums(
        b, weight, granularity, /*count=*/1,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value power = createPower(e, args[0], p);
          Value sum = arith::AddFOp::create(e, args[1], power);
          return {sum};
        });
    if (failed(sums))
      return rewriter.notifyMatchFailure(op, "blocks do not divide the weight");
    Value scores = createElementwise(
        b, *sums, type,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          return {createRoot(e, args[0], p)};
        });
    rewriter.replaceOp(op, scores);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Selections
//===----------------------------------------------------------------------===//

/// The mask of the elements whose group scores above the threshold (all, when
/// there is none).
static Value createThresholdMask(ImplicitLocOpBuilder &b, Value scores,
                                 RankedTensorType maskType, SelectMaskOp op) {
  if (op.getSelection().getKind() == SelectionKind::KeepAll) {
    auto all = DenseElementsAttr::get(maskType, true);
    return arith::ConstantOp::create(b, all);
  }
  Type type = cast<RankedTensorType>(scores.getType()).getElementType();
  double value = op.getSelection().getValue().convertToDouble();
  Value threshold = createNumber(b, type, value);
  Value empty = tensor::EmptyOp::create(b, maskType.getShape(),
                                        maskType.getElementType());
  AffineMap map =
      getGroupMap(op.getGranularity(), maskType.getRank(), b.getContext());
  return createMapped(b, scores, map, ValueRange{empty},
                      [&](ImplicitLocOpBuilder &e,
                          ValueRange args) -> SmallVector<Value> {
                        return {isGreater(e, args[0], threshold)};
                      })
      .front();
}

/// How many elements of its n_of_m group beat each element: a larger score, or
/// the same score at a lower index. Shape of the scores, elements of type i32.
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
        Value isLarger = isGreater(e, args[1], args[0]);
        Value isEqual = arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ,
                                              args[1], args[0]);
        Value ownIndex = linalg::IndexOp::create(e, inner);
        Value rivalIndex = linalg::IndexOp::create(e, rank);
        Value isBefore = arith::CmpIOp::create(e, arith::CmpIPredicate::ult,
                                               rivalIndex, ownIndex);
        Value winsTie = arith::AndIOp::create(e, isEqual, isBefore);
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
    if (op.getSelection().getKind() == SelectionKind::Ratio)
      return rewriter.notifyMatchFailure(op, "a ratio needs a ranking");
    GranularityAttr granularity = op.getGranularity();
    bool isPattern = granularity.getKind() == GranularityKind::NOfM;
    if (isPattern && !dividesAxes(granularity, op.getScores()))
      return rewriter.notifyMatchFailure(op, "groups do not divide the axis");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> masks;
    for (auto [scores, mask] : llvm::zip_equal(op.getScores(), op.getMasks())) {
      auto type = cast<RankedTensorType>(mask.getType());
      Value selected = createThresholdMask(b, scores, type, op);
      if (isPattern) {
        Value pattern = createPatternMask(b, scores, granularity);
        selected = arith::AndIOp::create(b, selected, pattern);
      }
      masks.push_back(selected);
    }
    rewriter.replaceOp(op, masks);
    return success();
  }
};

} // namespace

void mlir::prune::populateScoreLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerScore, LowerSelectMask>(patterns.getContext());
}
