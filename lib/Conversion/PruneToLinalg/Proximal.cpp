//===- Proximal.cpp - Lowering of proximal steps --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// An l1 step belongs to the loop of the update before it, which reads and
// writes the weight anyway. The step of group lasso needs the norms of the
// groups of the new weight, hence a reduction and a second loop in place.
//
//===----------------------------------------------------------------------===//

#include "Proximal.h"

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

// The form without branches: one of the terms is zero. A NaN stays one.
Value prune::createSoftThreshold(ImplicitLocOpBuilder &e, Value x,
                                 Value threshold) {
  Value zero = createNumber(e, x.getType(), 0.0);
  Value below = arith::SubFOp::create(e, x, threshold);
  Value above = arith::AddFOp::create(e, x, threshold);
  Value positive = arith::MaximumFOp::create(e, below, zero);
  Value negative = arith::MinimumFOp::create(e, above, zero);
  return arith::AddFOp::create(e, positive, negative);
}

ProximalOp prune::findFusedStep(Value newWeight) {
  if (!newWeight.hasOneUse())
    return {};
  Operation *update = newWeight.getDefiningOp();
  auto step = dyn_cast<ProximalOp>(*newWeight.user_begin());
  if (!step || step.getKind() != ProximalKind::L1 ||
      !isa_and_nonnull<SgdUpdateOp, AdamUpdateOp>(update))
    return {};
  Operation *threshold = step.getThreshold().getDefiningOp();
  bool isKnown = !threshold || (threshold->getBlock() == update->getBlock() &&
                                threshold->isBeforeInBlock(update));
  return isKnown ? step : ProximalOp();
}

/// `max(1 - threshold / norm, 0)` for each group.
static Value createGroupFactors(ImplicitLocOpBuilder &b, Value weight,
                                GranularityAttr granularity, Value threshold) {
  SmallVector<Value> reduced = createGroupSums(
      b, weight, granularity, /*count=*/1,
      [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value square = arith::MulFOp::create(e, args[0], args[0]);
        Value sum = arith::AddFOp::create(e, args[1], square);
        return {sum};
      });
  Value sums = reduced.front();
  return createElementwise(
      b, sums, cast<RankedTensorType>(sums.getType()),
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value norm = math::SqrtOp::create(e, args[0]);
        Value zero = createNumber(e, norm.getType(), 0.0);
        Value one = createNumber(e, norm.getType(), 1.0);
        Value share = arith::DivFOp::create(e, threshold, norm);
        Value left = arith::SubFOp::create(e, one, share);
        Value vanishes = arith::CmpFOp::create(e, arith::CmpFPredicate::OLE,
                                               norm, threshold);
        Value factor = arith::SelectOp::create(e, vanishes, zero, left);
        return {factor};
      });
}

namespace {

struct LowerProximal final : OpRewritePattern<ProximalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ProximalOp op,
                                PatternRewriter &rewriter) const override {
    if (findFusedStep(op.getWeight()))
      return rewriter.notifyMatchFailure(op, "part of the update");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value threshold = op.getThreshold();
    if (op.getKind() == ProximalKind::L1) {
      Value result = createElementwise(
                         b, ValueRange(), ValueRange{op.getWeight()},
                         [&](ImplicitLocOpBuilder &e,
                             ValueRange args) -> SmallVector<Value> {
                           return {createSoftThreshold(e, args[0], threshold)};
                         })
                         .front();
      rewriter.replaceOp(op, result);
      return success();
    }
    GranularityAttr granularity = *op.getGranularity();
    Value factors =
        createGroupFactors(b, op.getWeight(), granularity, threshold);
    int64_t rank = cast<RankedTensorType>(op.getType()).getRank();
    AffineMap map = getGroupMap(granularity, rank, b.getContext());
    Value result =
        createMapped(
            b, factors, map, ValueRange{op.getWeight()},
            [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
              Value scaled = arith::MulFOp::create(e, args[0], args[1]);
              return {scaled};
            })
            .front();
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void mlir::prune::populateProximalLoweringPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerProximal>(patterns.getContext());
}
