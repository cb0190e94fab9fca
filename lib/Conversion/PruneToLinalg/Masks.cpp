//===- Masks.cpp - Lowering of masks and gates ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

struct LowerApplyMask final : OpRewritePattern<ApplyMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyMaskOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value zero = createNumber(b, type.getElementType(), 0.0);
    Value result = createElementwise(
        b, {op.getWeight(), op.getMask()}, type,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value kept = arith::SelectOp::create(e, args[1], args[0], zero);
          return {kept};
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct LowerGate final : OpRewritePattern<GateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GateOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value zero = createNumber(b, type.getElementType(), 0.0);
    Value result = createGroupwise(
        b, op.getWeight(), op.getAux(), op.getGranularityAttr(), type,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value isOpen = isGreater(e, args[1], zero);
          Value kept = arith::SelectOp::create(e, isOpen, args[0], zero);
          return {kept};
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void mlir::prune::populateMaskLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerApplyMask, LowerGate>(patterns.getContext());
}
