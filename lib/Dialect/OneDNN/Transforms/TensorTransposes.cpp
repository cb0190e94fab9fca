//===- TensorTransposes.cpp - Transpositions and moved elements -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Padding and slicing a transposed image is padding and slicing the image with
// permuted numbers. Two transpositions in a row are one.
//
//===----------------------------------------------------------------------===//

#include "TransposePatterns.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::onednn;

bool onednn::isImageTranspose(linalg::TransposeOp op) {
  return isStaticTranspose(op, 4);
}

linalg::TransposeOp onednn::getTransposeToNchw(Value value) {
  auto transpose = value.getDefiningOp<linalg::TransposeOp>();
  if (!transpose || !isImageTranspose(transpose) ||
      transpose.getPermutation() != ArrayRef(kToNchw))
    return {};
  return transpose;
}

/// Numbers per dimension of a transposed image for the image itself.
template <typename T>
static SmallVector<T> turnBack(ArrayRef<T> numbers,
                               linalg::TransposeOp transpose) {
  return applyPermutation(numbers,
                          invertPermutationVector(transpose.getPermutation()));
}

namespace {

struct MergeTransposes : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto first = op.getInput().getDefiningOp<linalg::TransposeOp>();
    if (!op.hasPureTensorSemantics() || !first || !isImageTranspose(first))
      return rewriter.notifyMatchFailure(op, "the operand is not transposed");
    SmallVector<int64_t> permutation =
        applyPermutation(first.getPermutation(), op.getPermutation());
    Value result = first.getInput();
    if (!isIdentityPermutation(permutation))
      result = createTranspose(rewriter, op.getLoc(), result, permutation);
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct MoveBelowPad : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::PadOp op,
                                PatternRewriter &rewriter) const override {
    linalg::TransposeOp transpose = getTransposeToNchw(op.getSource());
    Value value = op.getConstantPaddingValue();
    if (!transpose || !value || !op.getResultType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "no padded transposition");
    SmallVector<OpFoldResult> low = op.getMixedLowPad();
    SmallVector<OpFoldResult> high = op.getMixedHighPad();
    auto type = op.getResultType().clone(
        turnBack(op.getResultType().getShape(), transpose));
    Value padded = tensor::PadOp::create(
        rewriter, op.getLoc(), type, transpose.getInput(),
        turnBack(ArrayRef(low), transpose), turnBack(ArrayRef(high), transpose),
        value, op.getNofold());
    Value result = createTranspose(rewriter, op.getLoc(), padded,
                                   transpose.getPermutation());
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct MoveBelowSlice : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op,
                                PatternRewriter &rewriter) const override {
    linalg::TransposeOp transpose = getTransposeToNchw(op.getSource());
    if (!transpose || op.getType().getRank() != 4 ||
        !op.getType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "no slice of a transposition");
    SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
    SmallVector<OpFoldResult> sizes = op.getMixedSizes();
    SmallVector<OpFoldResult> strides = op.getMixedStrides();
    auto type =
        op.getType().clone(turnBack(op.getType().getShape(), transpose));
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, op.getLoc(), type, transpose.getInput(),
        turnBack(ArrayRef(offsets), transpose),
        turnBack(ArrayRef(sizes), transpose),
        turnBack(ArrayRef(strides), transpose));
    Value result = createTranspose(rewriter, op.getLoc(), slice,
                                   transpose.getPermutation());
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The destination is turned, too: it is usually a fill.
struct MoveBelowInsertion : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::InsertSliceOp op,
                                PatternRewriter &rewriter) const override {
    linalg::TransposeOp transpose = getTransposeToNchw(op.getSource());
    if (!transpose || op.getType().getRank() != 4 ||
        !op.getType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "no transposition is inserted");
    SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
    SmallVector<OpFoldResult> sizes = op.getMixedSizes();
    SmallVector<OpFoldResult> strides = op.getMixedStrides();
    Value destination =
        createTranspose(rewriter, op.getLoc(), op.getDest(),
                        invertPermutationVector(transpose.getPermutation()));
    Value inserted = tensor::InsertSliceOp::create(
        rewriter, op.getLoc(), transpose.getInput(), destination,
        turnBack(ArrayRef(offsets), transpose),
        turnBack(ArrayRef(sizes), transpose),
        turnBack(ArrayRef(strides), transpose));
    Value result = createTranspose(rewriter, op.getLoc(), inserted,
                                   transpose.getPermutation());
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void onednn::populateTensorPatterns(RewritePatternSet &patterns) {
  patterns
      .add<MergeTransposes, MoveBelowPad, MoveBelowSlice, MoveBelowInsertion>(
          patterns.getContext());
}

void onednn::populateTransposeMovingPatterns(RewritePatternSet &patterns) {
  populateStructuredPatterns(patterns);
  populateTensorPatterns(patterns);
}
