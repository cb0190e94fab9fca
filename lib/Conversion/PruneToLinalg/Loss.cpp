//===- Loss.cpp - Lowering of the loss and of dropout ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Dropout draws from a counter-based generator: a hash of the element's
// position under a key made of the seed and the counter, with 32-bit
// multiplications and shifts only, so that it vectorizes and any element can be
// drawn alone.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"
#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Softmax cross-entropy
//===----------------------------------------------------------------------===//

/// What a class contributes to the logit of its row's label: a share of its
/// logit, or all of it where the number of the class is the label.
static Value createLabelTerm(ImplicitLocOpBuilder &e, Value logit,
                             Value label) {
  if (isa<FloatType>(label.getType()))
    return arith::MulFOp::create(e, logit, label);
  Value column = linalg::IndexOp::create(e, 1);
  Value number = arith::IndexCastOp::create(e, label.getType(), column);
  Value isLabel =
      arith::CmpIOp::create(e, arith::CmpIPredicate::eq, number, label);
  Value zero = createNumber(e, logit.getType(), 0.0);
  return arith::SelectOp::create(e, isLabel, logit, zero);
}

/// The logit of its label for each row, shape [rows]; zero for a label that is
/// no class number, the weighted sum for shares of the classes.
static Value createLabelLogits(ImplicitLocOpBuilder &b, Value logits,
                               Value labels) {
  auto type = cast<RankedTensorType>(logits.getType());
  AffineMap elements = b.getMultiDimIdentityMap(2);
  AffineMap rows = elements.getSubMap({0});
  bool isShare = labels.getType() == logits.getType();
  Value zero = createNumber(b, type.getElementType(), 0.0);
  Value empty = tensor::EmptyOp::create(b, type.getShape().take_front(),
                                        type.getElementType());
  auto start = linalg::FillOp::create(b, zero, empty);
  auto picked = linalg::GenericOp::create(
      b, start.getResultTypes(), ValueRange{logits, labels}, start.getResults(),
      ArrayRef<AffineMap>{elements, isShare ? elements : rows, rows},
      ArrayRef<utils::IteratorType>{utils::IteratorType::parallel,
                                    utils::IteratorType::reduction},
      [&](OpBuilder &inner, Location loc, ValueRange args) {
        ImplicitLocOpBuilder e(loc, inner);
        Value term = createLabelTerm(e, args[0], args[1]);
        Value sum = arith::AddFOp::create(e, args[2], term);
        linalg::YieldOp::create(e, sum);
      });
  return picked.getResult(0);
}

namespace {

struct LowerSoftmaxCrossEntropy final
    : OpRewritePattern<SoftmaxCrossEntropyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxCrossEntropyOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getLogits().getType());
    SoftmaxParts parts = createSoftmaxParts(b, b.getLoc(), op.getLogits());
    Value picked = createLabelLogits(b, op.getLogits(), op.getLabels());
    double share = 1.0 / static_cast<double>(type.getDimSize(0));
    Value factor = createNumber(b, type.getElementType(), share);
    SmallVector<Value> loss = createZeroReduction(
        b, {parts.sum, parts.maximum, picked},
        AffineMap::get(1, 0, b.getContext()), /*count=*/1,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value logSum = math::LogOp::create(e, args[0]);
          Value shifted = arith::AddFOp::create(e, logSum, args[1]);
          Value rowLoss = arith::SubFOp::create(e, shifted, args[2]);
          Value term = arith::MulFOp::create(e, rowLoss, factor);
          Value sum = arith::AddFOp::create(e, args[3], term);
          return {sum};
        });
    rewriter.replaceOp(op, loss);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

/// `x ^ (x >> bits)`.
static Value createXorShift(ImplicitLocOpBuilder &b, Value x, uint64_t bits) {
  Value amount = createInteger(b, x.getType(), bits);
  Value shifted = arith::ShRUIOp::create(b, x, amount);
  return arith::XOrIOp::create(b, x, shifted);
}

static Value createTimes(ImplicitLocOpBuilder &b, Value x, uint64_t factor) {
  Value constant = createInteger(b, x.getType(), factor);
  return arith::MulIOp::create(b, x, constant);
}

namespace {
/// Two 32-bit keys from the seed and the counter.
struct RandomKey {
  Value first, second;
};
} // namespace

/// One round of SplitMix64 over `seed + counter * odd`, cut in two.
static RandomKey createRandomKey(ImplicitLocOpBuilder &b, Value counter,
                                 uint64_t seed) {
  Value stride = createTimes(b, counter, 0x9E3779B97F4A7C15ull);
  Value start = createInteger(b, counter.getType(), seed);
  Value state = arith::AddIOp::create(b, stride, start);
  state = createXorShift(b, state, 30);
  state = createTimes(b, state, 0xBF58476D1CE4E5B9ull);
  state = createXorShift(b, state, 27);
  state = createTimes(b, state, 0x94D049BB133111EBull);
  state = createXorShift(b, state, 31);
  Value low = arith::TruncIOp::create(b, b.getI32Type(), state);
  Value width = createInteger(b, state.getType(), 32);
  Value shifted = arith::ShRUIOp::create(b, state, width);
  Value high = arith::TruncIOp::create(b, b.getI32Type(), shifted);
  return {low, high};
}

/// 32 random bits for the element at `position`.
static Value createRandomBits(ImplicitLocOpBuilder &e, RandomKey key,
                              Value position) {
  Value x = createTimes(e, position, 0x9E3779B1u);
  x = arith::AddIOp::create(e, x, key.first);
  x = createXorShift(e, x, 16);
  x = createTimes(e, x, 0x85EBCA6Bu);
  x = createXorShift(e, x, 13);
  x = arith::XOrIOp::create(e, x, key.second);
  x = createTimes(e, x, 0xC2B2AE35u);
  return createXorShift(e, x, 16);
}

/// Row-major position of the current element as i32.
static Value createPosition(ImplicitLocOpBuilder &e, RankedTensorType type) {
  Value position = createInteger(e, e.getI32Type(), 0);
  for (auto [dimension, extent] : llvm::enumerate(type.getShape())) {
    Value index = linalg::IndexOp::create(e, dimension);
    Value number = arith::IndexCastOp::create(e, e.getI32Type(), index);
    Value scaled = createTimes(e, position, extent);
    position = arith::AddIOp::create(e, scaled, number);
  }
  return position;
}

namespace {

struct LowerDropout final : OpRewritePattern<DropoutOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DropoutOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    double rate = op.getRate().convertToDouble();
    RandomKey key = createRandomKey(b, op.getCounter(), op.getSeed());
    // The upper 24 bits are compared, so that the rate is exact to 2^-24.
    Value threshold = createInteger(
        b, b.getI32Type(), static_cast<uint64_t>(std::round(rate * (1 << 24))));
    Value zero = createNumber(b, type.getElementType(), 0.0);
    Value scale = createNumber(b, type.getElementType(), 1.0 / (1.0 - rate));
    Value result = createElementwise(
        b, op.getInput(), type,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value bits = createRandomBits(e, key, createPosition(e, type));
          Value shift = createInteger(e, bits.getType(), 8);
          Value draw = arith::ShRUIOp::create(e, bits, shift);
          Value isKept = arith::CmpIOp::create(e, arith::CmpIPredicate::uge,
                                               draw, threshold);
          Value scaled = arith::MulFOp::create(e, args[0], scale);
          Value kept = arith::SelectOp::create(e, isKept, scaled, zero);
          return {kept};
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void mlir::prune::populateLossLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerDropout, LowerSoftmaxCrossEntropy>(patterns.getContext());
}
