//===- BatchNorms.cpp - Lowering of batch normalization -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Every operation is one pass over the tensor for its sums and one element-wise
// pass, with a loop over channels between them. A pass for sums has two steps,
// sums of each image and then over images, so that images are shared out to
// threads while every number is added up in one order, and rounding errors grow
// with the size of an image only.
//
// Sum and sum of squares are taken in double precision: their difference is
// then as good as that of a second pass over f32, which would cost more memory
// traffic than the whole normalization.
//
// The loop over channels has several results, all read by the element-wise
// pass: fusion leaves such a producer alone instead of computing a division and
// a root for every element.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"
#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// How a tensor with channels in dimension 1 is walked.
struct Channels {
  explicit Channels(Value value)
      : type(cast<RankedTensorType>(value.getType())),
        elements(AffineMap::getMultiDimIdentityMap(type.getRank(),
                                                   type.getContext())),
        channel(elements.getSubMap({1})) {}

  /// Number of elements of a channel.
  double getCount() const {
    return static_cast<double>(type.getNumElements()) / type.getDimSize(1);
  }

  RankedTensorType type;
  AffineMap elements, channel;
};
} // namespace

static Value createZeros(ImplicitLocOpBuilder &b, ArrayRef<int64_t> shape,
                         Type element) {
  Value zero = createNumber(b, element, 0.0);
  Value empty = tensor::EmptyOp::create(b, shape, element);
  return linalg::FillOp::create(b, zero, empty).getResult(0);
}

/// Adds `terms` (per element, from the inputs) up to tensors of zeros that
/// `map` indexes.
static SmallVector<Value> createSums(ImplicitLocOpBuilder &b, ValueRange inputs,
                                     ArrayRef<AffineMap> inputMaps,
                                     AffineMap map, ArrayRef<int64_t> shape,
                                     Type element, unsigned count,
                                     ScalarsBody terms) {
  SmallVector<Value> starts;
  for (unsigned i = 0; i < count; ++i)
    starts.push_back(createZeros(b, shape, element));
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(count, map);
  SmallVector<utils::IteratorType> iterators;
  for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
    iterators.push_back(map.isFunctionOfDim(loop)
                            ? utils::IteratorType::parallel
                            : utils::IteratorType::reduction);
  return createLoops(b, inputs, starts, maps, iterators,
                     [&](ImplicitLocOpBuilder &e, ValueRange args) {
                       SmallVector<Value> results;
                       for (auto [i, term] : llvm::enumerate(
                                terms(e, args.take_front(inputs.size()))))
                         results.push_back(arith::AddFOp::create(
                             e, args[inputs.size() + i], term));
                       return results;
                     });
}

/// The sums of `count` terms per element over all elements of a channel.
static SmallVector<Value>
createChannelSums(ImplicitLocOpBuilder &b, const Channels &channels,
                  ValueRange inputs, ArrayRef<AffineMap> inputMaps,
                  Type element, unsigned count, ScalarsBody terms) {
  ArrayRef<int64_t> shape = channels.type.getShape();
  if (shape.size() == 2)
    return createSums(b, inputs, inputMaps, channels.channel, shape.slice(1, 1),
                      element, count, terms);
  AffineMap images = channels.elements.getSubMap({0, 1});
  SmallVector<Value> partial = createSums(
      b, inputs, inputMaps, images, shape.take_front(2), element, count, terms);
  AffineMap all = b.getMultiDimIdentityMap(2);
  return createSums(b, partial, SmallVector<AffineMap>(count, all),
                    all.getSubMap({1}), shape.slice(1, 1), element, count,
                    [](ImplicitLocOpBuilder &, ValueRange args) {
                      return SmallVector<Value>(args);
                    });
}

/// `count` results per channel from values per channel.
static SmallVector<Value> createPerChannel(ImplicitLocOpBuilder &b,
                                           ValueRange inputs, Type element,
                                           unsigned count, ScalarsBody body) {
  auto type = cast<RankedTensorType>(inputs.front().getType());
  SmallVector<Value> destinations;
  for (unsigned i = 0; i < count; ++i)
    destinations.push_back(
        tensor::EmptyOp::create(b, type.getShape(), element));
  return createElementwise(b, inputs, destinations, body);
}

/// An element-wise pass over `elements` (tensors) with values per channel.
static Value createPass(ImplicitLocOpBuilder &b, const Channels &channels,
                        ValueRange elements, ValueRange perChannel,
                        ScalarsBody body) {
  SmallVector<Value> inputs(elements);
  llvm::append_range(inputs, perChannel);
  SmallVector<AffineMap> maps(elements.size(), channels.elements);
  maps.append(perChannel.size(), channels.channel);
  Value empty = tensor::EmptyOp::create(b, channels.type.getShape(),
                                        channels.type.getElementType());
  return createMapped(b, inputs, maps, empty, body).front();
}

/// `1 / sqrt(variance + epsilon)`.
static Value createInverseDeviation(ImplicitLocOpBuilder &e, Value variance,
                                    const APFloat &epsilon) {
  Value number = createNumber(e, variance.getType(), epsilon.convertToDouble());
  Value sum = arith::AddFOp::create(e, variance, number);
  Value root = math::SqrtOp::create(e, sum);
  Value one = createNumber(e, variance.getType(), 1.0);
  return arith::DivFOp::create(e, one, root);
}

/// `value` in double precision.
static Value widen(ImplicitLocOpBuilder &e, Value value) {
  if (value.getType().isF64())
    return value;
  return arith::ExtFOp::create(e, e.getF64Type(), value);
}

/// A double in the given type.
static Value narrow(ImplicitLocOpBuilder &e, Value value, Type type) {
  if (type.isF64())
    return value;
  return arith::TruncFOp::create(e, type, value);
}

namespace {

/// `x * factor + offset`.
struct LowerBatchNorm final : OpRewritePattern<BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Channels channels(op.getInput());
    SmallVector<Value> line = createPerChannel(
        b, {op.getScale(), op.getBias(), op.getMean(), op.getVariance()},
        channels.type.getElementType(), /*count=*/2,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value inverse = createInverseDeviation(e, args[3], op.getEpsilon());
          Value factor = arith::MulFOp::create(e, args[0], inverse);
          Value shift = arith::MulFOp::create(e, args[2], factor);
          Value offset = arith::SubFOp::create(e, args[1], shift);
          return {factor, offset};
        });
    Value result = createPass(
        b, channels, op.getInput(), line,
        [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value scaled = arith::MulFOp::create(e, args[0], args[1]);
          Value moved = arith::AddFOp::create(e, scaled, args[2]);
          return {moved};
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct LowerBatchNormTraining final : OpRewritePattern<BatchNormTrainingOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormTrainingOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Channels channels(op.getInput());
    SmallVector<Value> sums = createChannelSums(
        b, channels, op.getInput(), channels.elements, b.getF64Type(),
        /*count=*/2,
        [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value wide = widen(e, args[0]);
          Value square = arith::MulFOp::create(e, wide, wide);
          return {wide, square};
        });
    SmallVector<Value> statistics = createStatistics(b, op, channels, sums);
    Value mean = statistics[0], variance = statistics[1];
    Value result = createPass(
        b, channels, op.getInput(), {mean, statistics[2], op.getBias()},
        [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value centered = arith::SubFOp::create(e, args[0], args[1]);
          Value scaled = arith::MulFOp::create(e, centered, args[2]);
          Value moved = arith::AddFOp::create(e, scaled, args[3]);
          return {moved};
        });
    rewriter.replaceOp(op, {result, mean, variance});
    return success();
  }

private:
  /// Mean, variance, and the factor that the centered input is scaled by.
  static SmallVector<Value> createStatistics(ImplicitLocOpBuilder &b,
                                             BatchNormTrainingOp op,
                                             const Channels &channels,
                                             ArrayRef<Value> sums) {
    Type element = channels.type.getElementType();
    return createPerChannel(
        b, {sums[0], sums[1], op.getScale()}, element, /*count=*/3,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value count = createNumber(e, e.getF64Type(), channels.getCount());
          Value wideMean = arith::DivFOp::create(e, args[0], count);
          Value meanOfSquares = arith::DivFOp::create(e, args[1], count);
          Value square = arith::MulFOp::create(e, wideMean, wideMean);
          Value difference = arith::SubFOp::create(e, meanOfSquares, square);
          // Rounding can leave less than nothing of a constant channel.
          Value zero = createNumber(e, e.getF64Type(), 0.0);
          Value atLeastZero = arith::MaximumFOp::create(e, difference, zero);
          Value mean = narrow(e, wideMean, element);
          Value variance = narrow(e, atLeastZero, element);
          Value inverse = createInverseDeviation(e, variance, op.getEpsilon());
          Value factor = arith::MulFOp::create(e, args[2], inverse);
          return {mean, variance, factor};
        });
  }
};

/// With the sums `s` of `dy` and `q` of `dy (x - mean)`:
/// `dx = factor * (dy - s / n - (x - mean) * q / (n (variance + epsilon)))`.
struct LowerBatchNormGradient final : OpRewritePattern<BatchNormGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormGradientOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Channels channels(op.getInput());
    SmallVector<Value> sums = createChannelSums(
        b, channels, {op.getInput(), op.getAdjoint(), op.getMean()},
        {channels.elements, channels.elements, channels.channel},
        channels.type.getElementType(), /*count=*/2,
        [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value centered = arith::SubFOp::create(e, args[0], args[2]);
          Value product = arith::MulFOp::create(e, args[1], centered);
          return {args[1], product};
        });
    SmallVector<Value> line = createFactors(b, op, channels, sums);
    Value gradient = createPass(
        b, channels, {op.getInput(), op.getAdjoint()},
        {op.getMean(), line[1], line[2], line[3]},
        [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value centered = arith::SubFOp::create(e, args[0], args[2]);
          Value lean = arith::MulFOp::create(e, centered, args[5]);
          Value level = arith::SubFOp::create(e, args[1], args[4]);
          Value difference = arith::SubFOp::create(e, level, lean);
          Value scaled = arith::MulFOp::create(e, difference, args[3]);
          return {scaled};
        });
    rewriter.replaceOp(op, {gradient, line[0], sums[0]});
    return success();
  }

private:
  /// Gradient of the scale, factor, `s / n` and what `x - mean` is scaled by.
  static SmallVector<Value> createFactors(ImplicitLocOpBuilder &b,
                                          BatchNormGradientOp op,
                                          const Channels &channels,
                                          ArrayRef<Value> sums) {
    Type element = channels.type.getElementType();
    return createPerChannel(
        b, {sums[0], sums[1], op.getScale(), op.getVariance()}, element,
        /*count=*/4,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value inverse = createInverseDeviation(e, args[3], op.getEpsilon());
          Value scaleGradient = arith::MulFOp::create(e, args[1], inverse);
          Value factor = arith::MulFOp::create(e, args[2], inverse);
          Value share = createNumber(e, element, 1.0 / channels.getCount());
          Value level = arith::MulFOp::create(e, args[0], share);
          Value part = arith::MulFOp::create(e, scaleGradient, inverse);
          Value lean = arith::MulFOp::create(e, part, share);
          return {scaleGradient, factor, level, lean};
        });
  }
};

} // namespace

void mlir::prune::populateBatchNormLoweringPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerBatchNorm, LowerBatchNormTraining, LowerBatchNormGradient>(
      patterns.getContext());
}
