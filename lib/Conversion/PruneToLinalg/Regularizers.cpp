//===- Regularizers.cpp - Lowering of penalties and their gradients -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Most penalties are functions of s = sum |w| and q = sum w^2, computed in one
// loop nest. Their gradient is a * sgn(w) + c * w with two scalars a and c that
// follow from s and q, so that it is one element-wise loop which fuses into the
// optimizer update. Others are sums of a function of each element, and their
// gradients need no sum. Penalties of groups are in GroupRegularizers.cpp.
//
//===----------------------------------------------------------------------===//

#include "Regularizers.h"
#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

SmallVector<Value> mlir::prune::createScalarSums(ImplicitLocOpBuilder &b,
                                                 Value tensor, int64_t count,
                                                 ScalarsBody body) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  AffineMap scalarMap = AffineMap::get(rank, 0, b.getContext());
  SmallVector<Value> sums =
      createZeroReduction(b, tensor, scalarMap, count, body);
  return llvm::map_to_vector(sums,
                             [&](Value sum) { return extractScalar(b, sum); });
}

Value mlir::prune::selectIfPositive(ImplicitLocOpBuilder &b, Value norm,
                                    Value value) {
  Value zero = createNumber(b, norm.getType(), 0.0);
  Value isPositive = isGreater(b, norm, zero);
  return arith::SelectOp::create(b, isPositive, value, zero);
}

void mlir::prune::replaceByPenalty(PatternRewriter &rewriter, RegularizeOp op,
                                   Value penalty) {
  Value scaled =
      arith::MulFOp::create(rewriter, op.getLoc(), op.getStrength(), penalty);
  rewriter.replaceOpWithNewOp<tensor::FromElementsOp>(op, op.getType(), scaled);
}

namespace {
/// s = sum |w| and q = sum w^2 as scalars.
struct Norms {
  Value s, q;
};
} // namespace

static Norms createNorms(ImplicitLocOpBuilder &b, Value weight) {
  SmallVector<Value> sums = createScalarSums(
      b, weight, /*count=*/2,
      [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value magnitude = math::AbsFOp::create(e, args[0]);
        Value square = arith::MulFOp::create(e, args[0], args[0]);
        Value s = arith::AddFOp::create(e, args[1], magnitude);
        Value q = arith::AddFOp::create(e, args[2], square);
        return {s, q};
      });
  return {sums[0], sums[1]};
}

/// The penalty without its strength.
static Value createPenalty(ImplicitLocOpBuilder &b, RegularizerKind kind,
                           Norms norms) {
  switch (kind) {
  case RegularizerKind::L1:
    return norms.s;
  case RegularizerKind::L2:
    return norms.q;
  case RegularizerKind::Hoyer: {
    Value root = math::SqrtOp::create(b, norms.q);
    Value ratio = arith::DivFOp::create(b, norms.s, root);
    return selectIfPositive(b, norms.q, ratio);
  }
  case RegularizerKind::HoyerSquare: {
    Value square = arith::MulFOp::create(b, norms.s, norms.s);
    Value ratio = arith::DivFOp::create(b, square, norms.q);
    return selectIfPositive(b, norms.q, ratio);
  }
  default:
    break;
  }
  llvm_unreachable("unknown regularizer");
}

namespace {
/// The gradient is `sign * sgn(w) + linear * w`; null stands for zero.
struct GradientFactors {
  Value sign, linear;
};
} // namespace

/// Hoyer: sgn(w)/sqrt(q) - s w/q^(3/2).
static GradientFactors createHoyerFactors(ImplicitLocOpBuilder &b, Norms norms,
                                          Value strength) {
  Value root = math::SqrtOp::create(b, norms.q);
  Value sign = arith::DivFOp::create(b, strength, root);
  Value share = arith::DivFOp::create(b, norms.s, norms.q);
  Value linear = arith::MulFOp::create(b, sign, share);
  Value opposite = arith::NegFOp::create(b, linear);
  Value guardedSign = selectIfPositive(b, norms.q, sign);
  Value guardedLinear = selectIfPositive(b, norms.q, opposite);
  return {guardedSign, guardedLinear};
}

/// Hoyer-Square: 2 s/q sgn(w) - 2 (s/q)^2 w.
static GradientFactors createHoyerSquareFactors(ImplicitLocOpBuilder &b,
                                                Norms norms, Value strength) {
  Value two = createNumber(b, strength.getType(), 2.0);
  Value share = arith::DivFOp::create(b, norms.s, norms.q);
  Value scale = arith::MulFOp::create(b, two, strength);
  Value sign = arith::MulFOp::create(b, scale, share);
  Value linear = arith::MulFOp::create(b, sign, share);
  Value opposite = arith::NegFOp::create(b, linear);
  Value guardedSign = selectIfPositive(b, norms.q, sign);
  Value guardedLinear = selectIfPositive(b, norms.q, opposite);
  return {guardedSign, guardedLinear};
}

static GradientFactors createFactors(ImplicitLocOpBuilder &b,
                                     RegularizeGradientOp op) {
  Value strength = op.getStrength();
  switch (op.getKind()) {
  case RegularizerKind::L1:
    return {strength, Value()};
  case RegularizerKind::L2: {
    Value two = createNumber(b, strength.getType(), 2.0);
    Value linear = arith::MulFOp::create(b, two, strength);
    return {Value(), linear};
  }
  case RegularizerKind::Hoyer:
    return createHoyerFactors(b, createNorms(b, op.getWeight()), strength);
  case RegularizerKind::HoyerSquare:
    return createHoyerSquareFactors(b, createNorms(b, op.getWeight()),
                                    strength);
  default:
    break;
  }
  llvm_unreachable("unknown regularizer");
}

/// True for the penalties that depend on the two norms of the whole tensor.
static bool hasNormForm(RegularizerKind kind) {
  return kind == RegularizerKind::L1 || kind == RegularizerKind::L2 ||
         kind == RegularizerKind::Hoyer || kind == RegularizerKind::HoyerSquare;
}

namespace {

struct LowerRegularize final : OpRewritePattern<RegularizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RegularizeOp op,
                                PatternRewriter &rewriter) const override {
    if (!hasNormForm(op.getKind()))
      return rewriter.notifyMatchFailure(op, "no function of norms");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Norms norms = createNorms(b, op.getWeight());
    Value penalty = createPenalty(b, op.getKind(), norms);
    replaceByPenalty(rewriter, op, penalty);
    return success();
  }
};

struct LowerRegularizeGradient final : OpRewritePattern<RegularizeGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RegularizeGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (!hasNormForm(op.getKind()))
      return rewriter.notifyMatchFailure(op, "no function of norms");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    GradientFactors factors = createFactors(b, op);
    Value gradient = createElementwise(
        b, op.getWeight(), cast<RankedTensorType>(op.getType()),
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value linear, sign;
          if (factors.linear)
            linear = arith::MulFOp::create(e, factors.linear, args[0]);
          if (factors.sign)
            sign = createSignTerm(e, factors.sign, args[0]);
          if (!linear || !sign)
            return {linear ? linear : sign};
          Value sum = arith::AddFOp::create(e, sign, linear);
          return {sum};
        });
    rewriter.replaceOp(op, gradient);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Sums of a function of each element
//===----------------------------------------------------------------------===//

static bool isElementSum(RegularizerKind kind) {
  return kind == RegularizerKind::TransformedL1 ||
         kind == RegularizerKind::OpenGates;
}

/// `2 |w| / (1 + |w|)`, or one for an open gate.
static Value createTerm(ImplicitLocOpBuilder &e, RegularizerKind kind,
                        Value w) {
  Type type = w.getType();
  Value one = createNumber(e, type, 1.0);
  if (kind == RegularizerKind::OpenGates) {
    Value zero = createNumber(e, type, 0.0);
    Value isOpen = isGreater(e, w, zero);
    return arith::SelectOp::create(e, isOpen, one, zero);
  }
  Value magnitude = math::AbsFOp::create(e, w);
  Value two = createNumber(e, type, 2.0);
  Value dividend = arith::MulFOp::create(e, two, magnitude);
  Value divisor = arith::AddFOp::create(e, one, magnitude);
  return arith::DivFOp::create(e, dividend, divisor);
}

/// `2 sgn(w) / (1 + |w|)^2`, or the slope of the estimator, times the strength.
static Value createTermSlope(ImplicitLocOpBuilder &e, RegularizeGradientOp op,
                             Value w) {
  if (op.getKind() == RegularizerKind::OpenGates)
    return createSurrogateSlope(e, *op.getSte(), w, op.getStrength());
  Value magnitude = math::AbsFOp::create(e, w);
  Value one = createNumber(e, w.getType(), 1.0);
  Value two = createNumber(e, w.getType(), 2.0);
  Value sum = arith::AddFOp::create(e, one, magnitude);
  Value square = arith::MulFOp::create(e, sum, sum);
  Value dividend = arith::MulFOp::create(e, two, op.getStrength());
  Value slope = arith::DivFOp::create(e, dividend, square);
  return createSignTerm(e, slope, w);
}

namespace {

struct LowerElementSum final : OpRewritePattern<RegularizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RegularizeOp op,
                                PatternRewriter &rewriter) const override {
    if (!isElementSum(op.getKind()))
      return rewriter.notifyMatchFailure(op, "no sum over elements");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> sums = createScalarSums(
        b, op.getWeight(), /*count=*/1,
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value term = createTerm(e, op.getKind(), args[0]);
          Value sum = arith::AddFOp::create(e, args[1], term);
          return {sum};
        });
    replaceByPenalty(rewriter, op, sums.front());
    return success();
  }
};

struct LowerElementSumGradient final : OpRewritePattern<RegularizeGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RegularizeGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (!isElementSum(op.getKind()))
      return rewriter.notifyMatchFailure(op, "no sum over elements");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value gradient = createElementwise(
        b, op.getWeight(), cast<RankedTensorType>(op.getType()),
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          return {createTermSlope(e, op, args[0])};
        });
    rewriter.replaceOp(op, gradient);
    return success();
  }
};

} // namespace

void mlir::prune::populateRegularizerLoweringPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerElementSum, LowerElementSumGradient, LowerRegularize,
               LowerRegularizeGradient>(patterns.getContext());
}
