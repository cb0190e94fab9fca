//===- Scores.cpp - Lowering of scores ------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A score is a reduction over each group of the weight's granularity.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/Dialect/Math/IR/Math.h"
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

void mlir::prune::populateScoreLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerScore>(patterns.getContext());
}
