//===- WindowPatterns.h - Padding as a part of windows ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations with a window pad their images themselves: a tensor.pad before one
// with the value that its own padding has goes into it, and so does, behind one
// that computes the gradient of a padded image, the slice that drops the
// padding again.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_WINDOWPATTERNS_H
#define PRUNE_DIALECT_KERNEL_IR_WINDOWPATTERNS_H

#include "Prune/Dialect/Kernel/IR/DestinationPatterns.h"

#include <cfloat>

namespace mlir::kernel {

/// Rows and columns around an image: top, left, bottom, right.
using Frame = SmallVector<int64_t, 4>;

/// Sum of two frames.
Frame addFrames(ArrayRef<int64_t> a, ArrayRef<int64_t> b);

/// What a pad adds to images, when it adds a constant that `isPadding` accepts.
std::optional<Frame> getPaddingFrame(tensor::PadOp pad, Layout layout,
                                     bool (*isPadding)(double));

/// What a slice drops around images.
std::optional<Frame> getDroppedFrame(tensor::ExtractSliceOp slice,
                                     Layout layout);

/// True for a value that the padding of an operation stands for: zero, or
/// what never is a maximum.
template <typename Op>
bool isPaddingValue(double value) {
  if (std::is_same_v<Op, MaxPoolOp>)
    return value <= -static_cast<double>(FLT_MAX);
  return value == 0.0;
}

template <typename Op>
using GetIncludePadding = decltype(std::declval<Op &>().getIncludePadding());
template <typename Op>
constexpr bool kIsAverage = llvm::is_detected<GetIncludePadding, Op>::value;

/// An average over padding counts it: possible when the operation counts its
/// own or has none yet.
template <typename Op>
bool canCountPadding(Op op) {
  if constexpr (kIsAverage<Op>)
    return op.getIncludePadding() ||
           llvm::all_of(op.getPadding(), [](int64_t n) { return n == 0; });
  return true;
}

template <typename Op>
void enlargePadding(Op op, ArrayRef<int64_t> frame) {
  op.setPadding(addFrames(op.getPadding(), frame));
  if constexpr (kIsAverage<Op>)
    op.setIncludePadding(true);
}

template <typename Op>
struct FoldPad : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getX().template getDefiningOp<tensor::PadOp>();
    if (!pad)
      return rewriter.notifyMatchFailure(op, "the input is not padded");
    std::optional<Frame> frame =
        getPaddingFrame(pad, op.getLayout(), isPaddingValue<Op>);
    if (!frame || !canCountPadding(op))
      return rewriter.notifyMatchFailure(op, "not its own kind of padding");
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(pad.getSource());
      enlargePadding(op, *frame);
    });
    return success();
  }
};

template <typename Op>
struct FoldSlice : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp slice,
                                PatternRewriter &rewriter) const override {
    auto op = slice.getSource().getDefiningOp<Op>();
    if (!op || !op->hasOneUse())
      return rewriter.notifyMatchFailure(slice, "no gradient of its own");
    std::optional<Frame> frame = getDroppedFrame(slice, op.getLayout());
    if (!frame || !canCountPadding(op))
      return rewriter.notifyMatchFailure(slice, "drops more than padding");
    RankedTensorType type = slice.getType();
    rewriter.setInsertionPoint(op);
    Value empty = tensor::EmptyOp::create(
        rewriter, op.getLoc(), type.getShape(), type.getElementType());
    auto folded = cast<Op>(rewriter.clone(*op));
    folded.getOutputMutable().assign(empty);
    enlargePadding(folded, *frame);
    folded->getResult(0).setType(type);
    rewriter.replaceOp(slice, folded);
    return success();
  }
};

} // namespace mlir::kernel

#endif // PRUNE_DIALECT_KERNEL_IR_WINDOWPATTERNS_H
