//===- Scores.cpp - Lowering of scores ------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A score is a reduction over each group of the weight's granularity, of what
// the criterion makes of each element (Criteria.h).
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Criteria.h"
#include "Prune/Dialect/Prune/Utils/GroupLayout.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

/// Elements of each group, as a number or, where groups at the edge are
/// smaller, a tensor of the shape of the grid.
static Value createGroupSizes(ImplicitLocOpBuilder &b, RankedTensorType scores,
                              const GroupLayout &layout) {
  SmallVector<double> sizes;
  for (int64_t group = 0; group < layout.getNumGroups(); ++group)
    sizes.push_back(static_cast<double>(layout.getSize(group)));
  if (llvm::all_equal(sizes))
    return createNumber(b, scores, sizes.empty() ? 1.0 : sizes.front());
  auto value = createResource(scores, "group_sizes", sizes);
  return arith::ConstantOp::create(b, cast<TypedAttr>(value));
}

/// What each element of the weight adds to the score of its group, or is the
/// score (`isWhole`).
static Value createElementScores(ImplicitLocOpBuilder &b, ScoreOp op,
                                 bool isSingle, bool isWhole) {
  auto type = cast<RankedTensorType>(op.getWeight().getType());
  SmallVector<Value> inputs = {op.getWeight()};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(type.getRank())};
  if (Value evidence = op.getEvidence()) {
    inputs.push_back(evidence);
    maps.push_back(getBroadcastMap(cast<RankedTensorType>(evidence.getType()),
                                   type.getShape()));
  }
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return createMapped(b, inputs, maps, empty,
                      [&](ImplicitLocOpBuilder &e, ValueRange args) {
                        std::optional<ScalarExpr> evidence;
                        if (op.getEvidence())
                          evidence.emplace(e, args[1]);
                        ScalarExpr score =
                            getElementScore(op.getCriterion(), isSingle,
                                            ScalarExpr(e, args[0]), evidence);
                        if (isWhole)
                          score =
                              getGroupScore(op.getCriterion(), isSingle, score);
                        return SmallVector<Value>{score.getValue()};
                      })
      .front();
}

namespace {

struct LowerScore final : OpRewritePattern<ScoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScoreOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto weightType = cast<RankedTensorType>(op.getWeight().getType());
    auto type = cast<RankedTensorType>(op.getScores().getType());
    GranularityAttr granularity = op.getGranularity();
    CriterionAttr criterion = op.getCriterion();
    GroupLayout layout(granularity, weightType.getShape());
    bool isSingle = layout.isSingle();
    if (getGroupMap(granularity, weightType.getRank(), b.getContext())
            .isIdentity()) {
      Value scores = createElementScores(b, op, isSingle, /*isWhole=*/true);
      rewriter.replaceOp(op, scores);
      return success();
    }
    // Without evidence the sum computes what it adds.
    bool isSummed = op.getEvidence() != nullptr;
    Value elements =
        isSummed ? createElementScores(b, op, isSingle, /*isWhole=*/false)
                 : op.getWeight();
    SmallVector<Value> totals = createGroupSums(
        b, elements, granularity, /*count=*/1,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          ScalarExpr element(e, args[0]);
          if (!isSummed)
            element = getElementScore<ScalarExpr>(criterion, isSingle, element,
                                                  std::nullopt);
          return {(ScalarExpr(e, args[1]) + element).getValue()};
        });
    if (criterion.isMean())
      totals.push_back(createGroupSizes(b, type, layout));
    Value scores = createElementwise(
        b, totals, type,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          ScalarExpr total(e, args[0]);
          if (criterion.isMean())
            total = total / ScalarExpr(e, args[1]);
          return {getGroupScore(criterion, isSingle, total).getValue()};
        });
    rewriter.replaceOp(op, scores);
    return success();
  }
};

} // namespace

void mlir::prune::populateScoreLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerScore>(patterns.getContext());
}
