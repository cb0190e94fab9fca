//===- Updates.cpp - Lowering of optimizer updates ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// An update is one loop nest whose destinations are the weight and the state
// themselves: the body reads the old values there and yields the new ones, so
// that bufferization writes in place.
//
//===----------------------------------------------------------------------===//

#include "Proximal.h"
#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

/// Zeroes a value where the mask, if there is one, prunes.
struct Masker {
  ImplicitLocOpBuilder &b;
  Value mask;
  Value operator()(Value value) const {
    if (!mask)
      return value;
    Value zero = createNumber(b, value.getType(), 0.0);
    return arith::SelectOp::create(b, mask, value, zero);
  }
};

} // namespace

/// The masked gradient plus weight decay.
static Value createDecayedGradient(ImplicitLocOpBuilder &e, const Masker &mask,
                                   Value gradient, Value weight,
                                   const APFloat &decay) {
  if (decay.isZero())
    return mask(gradient);
  Value factor = createNumber(e, weight.getType(), decay.convertToDouble());
  Value term = arith::MulFOp::create(e, factor, weight);
  Value sum = arith::AddFOp::create(e, gradient, term);
  return mask(sum);
}

/// `a * x + c * y`, with constants `a` and `c`.
static Value createBlend(ImplicitLocOpBuilder &e, double a, Value x, double c,
                         Value y) {
  Value factorX = createNumber(e, x.getType(), a);
  Value factorY = createNumber(e, y.getType(), c);
  Value termX = arith::MulFOp::create(e, factorX, x);
  Value termY = arith::MulFOp::create(e, factorY, y);
  return arith::AddFOp::create(e, termX, termY);
}

/// `value` limited to `[-limit, limit]`.
static Value createClamp(ImplicitLocOpBuilder &e, Value value,
                         std::optional<APFloat> limit) {
  if (!limit)
    return value;
  double bound = limit->convertToDouble();
  Value high = createNumber(e, value.getType(), bound);
  Value low = createNumber(e, value.getType(), -bound);
  Value below = arith::MinimumFOp::create(e, value, high);
  return arith::MaximumFOp::create(e, below, low);
}

/// Gives back the old state where the mask is not set; the weight, which comes
/// first, decays when the operation says so.
template <typename OpTy>
static void holdMasked(OpTy op, ImplicitLocOpBuilder &e,
                       SmallVectorImpl<Value> &results, Value mask,
                       ValueRange oldState) {
  SmallVector<Value> held(oldState);
  if (op.getDecayFrozen() && !op.getWeightDecay().isZero()) {
    Type type = held.front().getType();
    double decay = op.getWeightDecay().convertToDouble();
    Value factor = createNumber(e, type, decay);
    Value rate = arith::MulFOp::create(e, op.getLearningRate(), factor);
    Value pull = arith::MulFOp::create(e, rate, held.front());
    held.front() = arith::SubFOp::create(e, held.front(), pull);
  }
  for (auto [result, old] : llvm::zip_equal(results, held)) {
    Value chosen = arith::SelectOp::create(e, mask, result, old);
    result = chosen;
  }
}

/// Scalars of one iteration, by name. Loop order: gradient, mask, then the
/// destinations.
static SmallVector<Value> buildSgd(SgdUpdateOp op, ImplicitLocOpBuilder &e,
                                   ValueRange args) {
  bool hasMask = static_cast<bool>(op.getMask());
  Masker mask{e, hasMask ? args[1] : Value()};
  Value weight = args[1 + hasMask];
  Value g =
      createDecayedGradient(e, mask, args[0], weight, op.getWeightDecay());
  Value direction = g, velocity;
  if (op.getVelocity()) {
    Value old = mask(args[2 + hasMask]);
    double momentum = op.getMomentum().convertToDouble();
    Value factor = createNumber(e, g.getType(), momentum);
    Value carried = arith::MulFOp::create(e, factor, old);
    velocity = arith::AddFOp::create(e, carried, g);
    direction = velocity;
    if (op.getNesterov()) {
      Value ahead = arith::MulFOp::create(e, factor, velocity);
      direction = arith::AddFOp::create(e, g, ahead);
    }
  }
  Value step = arith::MulFOp::create(e, op.getLearningRate(), direction);
  Value moved = arith::SubFOp::create(e, weight, step);
  moved = createClamp(e, moved, op.getClamp());
  SmallVector<Value> results{mask(moved)};
  if (velocity)
    results.push_back(velocity);
  if (op.getFreezeMasked())
    holdMasked(op, e, results, args[1], args.drop_front(2));
  return results;
}

/// Takes the proximal step of the new weight, the first value, if there is one.
static void takeStep(ImplicitLocOpBuilder &e, ProximalOp step,
                     SmallVectorImpl<Value> &values) {
  if (step)
    values.front() =
        createSoftThreshold(e, values.front(), step.getThreshold());
}

/// Replaces an update, and the proximal step that was computed with it.
static void replaceUpdate(PatternRewriter &rewriter, Operation *update,
                          ProximalOp step, ValueRange results) {
  if (step)
    rewriter.replaceOp(step, results.front());
  rewriter.replaceOp(update, results);
}

namespace {

struct LowerSgdUpdate final : OpRewritePattern<SgdUpdateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SgdUpdateOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> inputs{op.getGradient()};
    if (op.getMask())
      inputs.push_back(op.getMask());
    SmallVector<Value> state{op.getWeight()};
    if (op.getVelocity())
      state.push_back(op.getVelocity());
    ProximalOp step = findFusedStep(op.getNewWeight());
    SmallVector<Value> results = createElementwise(
        b, inputs, state, [&](ImplicitLocOpBuilder &e, ValueRange args) {
          SmallVector<Value> values = buildSgd(op, e, args);
          takeStep(e, step, values);
          return values;
        });
    replaceUpdate(rewriter, op, step, results);
    return success();
  }
};

} // namespace

/// `1 - beta^t` for the number of the step, computed in double precision: in
/// single precision the first steps would be off by one part in ten thousand.
static Value createCorrection(ImplicitLocOpBuilder &b, Type type, double beta,
                              Value step) {
  Type wide = b.getF64Type();
  Value exponent = arith::SIToFPOp::create(b, wide, step);
  Value base = createNumber(b, wide, beta);
  Value power = math::PowFOp::create(b, base, exponent);
  Value one = createNumber(b, wide, 1.0);
  Value correction = arith::SubFOp::create(b, one, power);
  if (type.getIntOrFloatBitWidth() >= 64)
    return correction;
  return arith::TruncFOp::create(b, type, correction);
}

namespace {
/// Scalars of the whole step: the bias corrections of both moments.
struct AdamCorrections {
  Value first, second;
};
} // namespace

static SmallVector<Value> buildAdam(AdamUpdateOp op, ImplicitLocOpBuilder &e,
                                    AdamCorrections corrections,
                                    ValueRange args) {
  bool hasMask = static_cast<bool>(op.getMask());
  Masker mask{e, hasMask ? args[1] : Value()};
  Value weight = args[1 + hasMask];
  Value oldFirst = mask(args[2 + hasMask]);
  Value oldSecond = mask(args[3 + hasMask]);
  Value g =
      createDecayedGradient(e, mask, args[0], weight, op.getWeightDecay());
  double beta1 = op.getBeta1().convertToDouble();
  double beta2 = op.getBeta2().convertToDouble();
  Value square = arith::MulFOp::create(e, g, g);
  Value first = createBlend(e, beta1, oldFirst, 1.0 - beta1, g);
  Value second = createBlend(e, beta2, oldSecond, 1.0 - beta2, square);
  Value unbiasedFirst = arith::DivFOp::create(e, first, corrections.first);
  Value unbiasedSecond = arith::DivFOp::create(e, second, corrections.second);
  Value root = math::SqrtOp::create(e, unbiasedSecond);
  double epsilon = op.getEpsilon().convertToDouble();
  Value guard = createNumber(e, g.getType(), epsilon);
  Value denominator = arith::AddFOp::create(e, root, guard);
  Value scaled = arith::MulFOp::create(e, op.getLearningRate(), unbiasedFirst);
  Value step = arith::DivFOp::create(e, scaled, denominator);
  Value moved = arith::SubFOp::create(e, weight, step);
  moved = createClamp(e, moved, op.getClamp());
  SmallVector<Value> results{mask(moved), first, second};
  if (op.getFreezeMasked())
    holdMasked(op, e, results, args[1], args.drop_front(2));
  return results;
}

namespace {

struct LowerAdamUpdate final : OpRewritePattern<AdamUpdateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AdamUpdateOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type type = op.getLearningRate().getType();
    AdamCorrections corrections;
    corrections.first = createCorrection(
        b, type, op.getBeta1().convertToDouble(), op.getStep());
    corrections.second = createCorrection(
        b, type, op.getBeta2().convertToDouble(), op.getStep());
    SmallVector<Value> inputs{op.getGradient()};
    if (op.getMask())
      inputs.push_back(op.getMask());
    ProximalOp step = findFusedStep(op.getNewWeight());
    SmallVector<Value> results = createElementwise(
        b, inputs, {op.getWeight(), op.getMoment1(), op.getMoment2()},
        [&](ImplicitLocOpBuilder &e, ValueRange args) {
          SmallVector<Value> values = buildAdam(op, e, corrections, args);
          takeStep(e, step, values);
          return values;
        });
    replaceUpdate(rewriter, op, step, results);
    return success();
  }
};

} // namespace

void mlir::prune::populateUpdateLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerAdamUpdate, LowerSgdUpdate>(patterns.getContext());
}
