//===- OneDNNWindowCanonicalize.cpp - Canonical forms of windows ----------===//
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

#include "DestinationPatterns.h"

#include <cfloat>

using namespace mlir;
using namespace mlir::onednn;

namespace {

/// Rows and columns around an image: top, left, bottom, right.
using Frame = SmallVector<int64_t, 4>;

} // namespace

/// Sum of two frames.
static Frame add(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  Frame sum;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum.push_back(x + y);
  return sum;
}

/// The frame of low and high padding per dimension, when there is none along
/// images and channels and none is negative.
static std::optional<Frame> getFrame(ArrayRef<int64_t> low,
                                     ArrayRef<int64_t> high, Layout layout) {
  ImageDims dims = getImageDims(layout);
  for (int64_t dim = 0, e = low.size(); dim < e; ++dim) {
    bool isPlane = dim == dims.row || dim == dims.column;
    if (low[dim] < 0 || high[dim] < 0 ||
        (!isPlane && (low[dim] != 0 || high[dim] != 0)))
      return std::nullopt;
  }
  return Frame{low[dims.row], low[dims.column], high[dims.row],
               high[dims.column]};
}

/// What a pad adds to images, when it adds a constant that `isPadding` accepts.
static std::optional<Frame> getPadding(tensor::PadOp pad, Layout layout,
                                       bool (*isPadding)(double)) {
  Value constant = pad.getConstantPaddingValue();
  FloatAttr number;
  if (!constant || pad.getNofold() ||
      !matchPattern(constant, m_Constant(&number)) ||
      !isPadding(number.getValueAsDouble()) ||
      ShapedType::isDynamicShape(pad.getStaticLow()) ||
      ShapedType::isDynamicShape(pad.getStaticHigh()) ||
      pad.getSourceType().getRank() != 4 ||
      !pad.getSourceType().hasStaticShape())
    return std::nullopt;
  return getFrame(pad.getStaticLow(), pad.getStaticHigh(), layout);
}

/// What a slice drops around images.
static std::optional<Frame> getDropped(tensor::ExtractSliceOp slice,
                                       Layout layout) {
  ArrayRef<int64_t> offsets = slice.getStaticOffsets();
  ArrayRef<int64_t> sizes = slice.getStaticSizes();
  if (slice.getType().getRank() != slice.getSourceType().getRank() ||
      ShapedType::isDynamicShape(offsets) ||
      ShapedType::isDynamicShape(sizes) || !slice.hasUnitStride())
    return std::nullopt;
  SmallVector<int64_t> high;
  for (auto [extent, offset, size] :
       llvm::zip_equal(slice.getSourceType().getShape(), offsets, sizes))
    high.push_back(extent - offset - size);
  return getFrame(offsets, high, layout);
}

namespace {

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
  op.setPadding(add(op.getPadding(), frame));
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
        ::getPadding(pad, op.getLayout(), isPaddingValue<Op>);
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
    std::optional<Frame> frame = getDropped(slice, op.getLayout());
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

} // namespace

void ConvolutionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<FoldPad<ConvolutionOp>, DropZeroAccumulation<ConvolutionOp>,
               DropUnreadDestinations<ConvolutionOp>>(context);
}

void ConvolutionBackwardDataOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldSlice<ConvolutionBackwardDataOp>,
               DropUnreadDestinations<ConvolutionBackwardDataOp>>(context);
}

void ConvolutionBackwardWeightsOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldPad<ConvolutionBackwardWeightsOp>,
               DropUnreadDestinations<ConvolutionBackwardWeightsOp>>(context);
}

void MaxPoolOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FoldPad<MaxPoolOp>, DropUnreadDestinations<MaxPoolOp>>(context);
}

void MaxPoolBackwardOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *context) {
  patterns.add<FoldSlice<MaxPoolBackwardOp>,
               DropUnreadDestinations<MaxPoolBackwardOp>>(context);
}

void AveragePoolOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<FoldPad<AveragePoolOp>, DropUnreadDestinations<AveragePoolOp>>(
      context);
}

void AveragePoolBackwardOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldSlice<AveragePoolBackwardOp>,
               DropUnreadDestinations<AveragePoolBackwardOp>>(context);
}
