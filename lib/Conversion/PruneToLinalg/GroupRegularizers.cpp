//===- GroupRegularizers.cpp - Lowering of penalties of groups ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Group lasso and Group-HS are functions of the squared norms of the groups,
// one reduction over the weight. Their gradient is the weight times one factor
// per group, so that the loop over the weight fuses into the optimizer update.
// Penalty and gradient start with the same operations, which common
// subexpression elimination merges.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"
#include "Regularizers.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

static bool isGroupPenalty(RegularizerKind kind) {
  return kind == RegularizerKind::GroupLasso ||
         kind == RegularizerKind::GroupHoyerSquare;
}

/// Sum of squares of each group, in the shape of the grid.
template <typename OpTy>
static Value createSquares(ImplicitLocOpBuilder &b, OpTy op) {
  return createGroupSums(b, op.getWeight(), *op.getGranularity(), /*count=*/1,
                         [](ImplicitLocOpBuilder &e,
                            ValueRange args) -> SmallVector<Value> {
                           Value square =
                               arith::MulFOp::create(e, args[0], args[0]);
                           Value sum =
                               arith::AddFOp::create(e, args[1], square);
                           return {sum};
                         })
      .front();
}

namespace {
/// Sum over all groups of their norms, and of the squares of these.
struct GroupTotals {
  Value norms, squares;
};
} // namespace

static GroupTotals createTotals(ImplicitLocOpBuilder &b, Value squares) {
  SmallVector<Value> sums = createScalarSums(
      b, squares, /*count=*/2,
      [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value norm = math::SqrtOp::create(e, args[0]);
        Value norms = arith::AddFOp::create(e, args[1], norm);
        Value total = arith::AddFOp::create(e, args[2], args[0]);
        return {norms, total};
      });
  return {sums[0], sums[1]};
}

/// `S^2 / q` with `S` the sum of norms and `q` that of squares, zero for a
/// tensor of zeros; or `S`.
static Value createPenalty(ImplicitLocOpBuilder &b, RegularizerKind kind,
                           GroupTotals totals) {
  if (kind == RegularizerKind::GroupLasso)
    return totals.norms;
  Value square = arith::MulFOp::create(b, totals.norms, totals.norms);
  Value ratio = arith::DivFOp::create(b, square, totals.squares);
  return selectIfPositive(b, totals.squares, ratio);
}

/// What the elements of a group of norm `norm` are multiplied with:
/// `strength / norm`, or `2 strength (share / norm - share^2)` where `share` is
/// `S / q`; zero for a group of zeros.
static Value createFactor(ImplicitLocOpBuilder &e, RegularizeGradientOp op,
                          Value share, Value norm) {
  Value strength = op.getStrength();
  Value factor;
  if (op.getKind() == RegularizerKind::GroupLasso) {
    factor = arith::DivFOp::create(e, strength, norm);
  } else {
    Value two = createNumber(e, norm.getType(), 2.0);
    Value scale = arith::MulFOp::create(e, two, strength);
    Value first = arith::DivFOp::create(e, share, norm);
    Value second = arith::MulFOp::create(e, share, share);
    Value difference = arith::SubFOp::create(e, first, second);
    factor = arith::MulFOp::create(e, scale, difference);
  }
  return selectIfPositive(e, norm, factor);
}

namespace {

struct LowerGroupPenalty final : OpRewritePattern<RegularizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RegularizeOp op,
                                PatternRewriter &rewriter) const override {
    if (!isGroupPenalty(op.getKind()))
      return rewriter.notifyMatchFailure(op, "no penalty of groups");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value squares = createSquares(b, op);
    GroupTotals totals = createTotals(b, squares);
    Value penalty = createPenalty(b, op.getKind(), totals);
    replaceByPenalty(rewriter, op, penalty);
    return success();
  }
};

struct LowerGroupGradient final : OpRewritePattern<RegularizeGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RegularizeGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (!isGroupPenalty(op.getKind()))
      return rewriter.notifyMatchFailure(op, "no penalty of groups");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value squares = createSquares(b, op);
    Value share;
    if (op.getKind() == RegularizerKind::GroupHoyerSquare) {
      GroupTotals totals = createTotals(b, squares);
      share = arith::DivFOp::create(b, totals.norms, totals.squares);
    }
    Value factors = createElementwise(
        b, squares, cast<RankedTensorType>(squares.getType()),
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value norm = math::SqrtOp::create(e, args[0]);
          return {createFactor(e, op, share, norm)};
        });
    Value gradient = createGroupwise(
        b, op.getWeight(), factors, op.getGranularityAttr(),
        cast<RankedTensorType>(op.getType()),
        [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value scaled = arith::MulFOp::create(e, args[0], args[1]);
          return {scaled};
        });
    rewriter.replaceOp(op, gradient);
    return success();
  }
};

} // namespace

void mlir::prune::populateGroupRegularizerLoweringPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerGroupGradient, LowerGroupPenalty>(patterns.getContext());
}
