//===- BiasGradient.h - Gradient of a bias as a by-product ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_BIASGRADIENT_H
#define PRUNE_LIB_CONVERSION_BIASGRADIENT_H

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::prune {

/// The sum of `dy` per channel, the gradient of a bias, or null.
linalg::LinalgOp getBiasGradient(Value dy, kernel::Layout layout);

/// The gradient of the bias is a by-product of that of the weights.
template <typename Op>
struct FuseBiasGradient : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (op.getBiasOutput() || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "it computes both already");
    linalg::LinalgOp sum = getBiasGradient(op.getDy(), op.getLayout());
    if (!sum || sum->getBlock() != op->getBlock())
      return rewriter.notifyMatchFailure(op, "no gradient of a bias");
    // Where the first of both is, as long as the operands are there already.
    Operation *first = sum->isBeforeInBlock(op) ? sum.getOperation() : op;
    for (Value operand : op->getOperands().drop_back()) {
      Operation *input = operand.getDefiningOp();
      if (input && input->getBlock() == op->getBlock() &&
          !input->isBeforeInBlock(first))
        return rewriter.notifyMatchFailure(op, "an operand comes too late");
    }
    rewriter.setInsertionPoint(first);
    auto both = cast<Op>(createWithBias(op, sum, rewriter));
    rewriter.replaceOp(sum, both->getResult(1));
    rewriter.replaceOp(op, both->getResult(0));
    return success();
  }

private:
  /// The operation with a second destination and result.
  static Operation *createWithBias(Op op, linalg::LinalgOp sum,
                                   PatternRewriter &rewriter) {
    OperationState state(op.getLoc(), op->getName());
    state.addOperands(op->getOperands().drop_back());
    for (Value result : {Value(op->getResult(0)), Value(sum->getResult(0))}) {
      auto type = cast<RankedTensorType>(result.getType());
      Value empty = tensor::EmptyOp::create(
          rewriter, op.getLoc(), type.getShape(), type.getElementType());
      state.addOperands(empty);
      state.addTypes(type);
    }
    state.addAttributes(op->getAttrs());
    return rewriter.create(state);
  }
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_BIASGRADIENT_H
