//===- DestinationPatterns.h - Destinations of kernels ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_DESTINATIONPATTERNS_H
#define PRUNE_DIALECT_KERNEL_IR_DESTINATIONPATTERNS_H

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"

namespace mlir::kernel {

template <typename Op>
using GetAccumulate = decltype(std::declval<Op &>().getAccumulate());

/// Accumulating on zeros is not accumulating.
template <typename Op>
struct DropZeroAccumulation : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!op.getAccumulate() || !isZero(op.getOutput()))
      return rewriter.notifyMatchFailure(op, "does not accumulate on zeros");
    rewriter.modifyOpInPlace(op, [&] { op.setAccumulate(false); });
    return success();
  }
};

/// A destination that is not read but computed becomes an empty tensor, so that
/// what computes it can go.
template <typename Op>
struct DropUnreadDestinations : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if constexpr (llvm::is_detected<GetAccumulate, Op>::value)
      if (op.getAccumulate())
        return rewriter.notifyMatchFailure(op, "reads its destination");
    bool changed = false;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      auto type = dyn_cast<RankedTensorType>(init.get().getType());
      Operation *source = init.get().getDefiningOp();
      if (!type || !type.hasStaticShape() || !source ||
          !(isa<linalg::LinalgOp>(source) ||
            source->hasTrait<OpTrait::ConstantLike>()))
        continue;
      Value empty = tensor::EmptyOp::create(
          rewriter, op.getLoc(), type.getShape(), type.getElementType());
      rewriter.modifyOpInPlace(op, [&] { init.set(empty); });
      changed = true;
    }
    if (!changed)
      return rewriter.notifyMatchFailure(op, "no destination is computed");
    return success();
  }
};

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_IR_DESTINATIONPATTERNS_H
