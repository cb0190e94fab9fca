//===- PruneTrainingOps.cpp - Penalties and updates -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormatShape.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Regularizers and proximal steps
//===----------------------------------------------------------------------===//

namespace {
/// A penalty of strength zero, or of a weight of zeros, and its gradient, are
/// zero.
template <typename OpTy>
struct FoldZeroStrength final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!matchPattern(op.getStrength(), m_AnyZeroFloat()) &&
        !matchPattern(op.getWeight(), m_AnyZeroFloat()))
      return rewriter.notifyMatchFailure(
          op, "neither strength nor weight is constant zero");
    Type type = op->getResult(0).getType();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, cast<TypedAttr>(rewriter.getZeroAttr(type)));
    return success();
  }
};
} // namespace

void RegularizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<FoldZeroStrength<RegularizeOp>>(context);
}

void RegularizeGradientOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldZeroStrength<RegularizeGradientOp>>(context);
}

/// Checks that a granularity is given exactly when `isGrouped`, fits the weight
/// and gives groups of elements.
static LogicalResult verifyGroups(Operation *op, Value weight,
                                  std::optional<GranularityAttr> granularity,
                                  bool isGrouped) {
  if (granularity.has_value() != isGrouped)
    return op->emitOpError()
           << "expected " << (isGrouped ? "a" : "no") << " granularity";
  if (!isGrouped)
    return success();
  auto type = cast<RankedTensorType>(weight.getType());
  if (granularity->getKind() == GranularityKind::NOfM ||
      failed(granularity->getGridShape(type.getShape())))
    return op->emitOpError() << "granularity " << *granularity
                             << " does not group a weight of shape "
                             << formatShape(type.getShape());
  return success();
}

/// regularize_c2, regularize_c3, regularize_gradient_c2
template <typename OpTy>
static LogicalResult verifyRegularizer(OpTy op) {
  RegularizerKind kind = op.getKind();
  bool isGrouped = kind == RegularizerKind::GroupLasso ||
                   kind == RegularizerKind::GroupHoyerSquare;
  if (failed(verifyGroups(op, op.getWeight(), op.getGranularity(), isGrouped)))
    return failure();
  bool countsGates = kind == RegularizerKind::OpenGates;
  if (op.getSte().has_value() != countsGates)
    return op.emitOpError()
           << "expected " << (countsGates ? "an" : "no") << " estimator";
  return success();
}

LogicalResult RegularizeOp::verify() { return verifyRegularizer(*this); }

LogicalResult RegularizeGradientOp::verify() {
  return verifyRegularizer(*this);
}

LogicalResult ProximalOp::verify() { // proximal_c1
  return verifyGroups(*this, getWeight(), getGranularity(),
                      getKind() == ProximalKind::GroupLasso);
}

//===----------------------------------------------------------------------===//
// Optimizer updates
//===----------------------------------------------------------------------===//

/// True when `value` is a constant of ones only.
static bool isFullMask(Attribute value) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(value);
  return splat && splat.getElementType().isInteger(1) &&
         splat.getSplatValue<bool>();
}

/// Checks that every value has the type of the weight, the mask its shape and
/// the learning rate its element type.
static LogicalResult verifyUpdateTypes(Operation *op, Value weight,
                                       ValueRange sameType, Value learningRate,
                                       Value mask) {
  auto type = cast<RankedTensorType>(weight.getType());
  auto hasType = [&](Value value) { return value.getType() == type; };
  if (!llvm::all_of(sameType, hasType) ||
      !llvm::all_of(op->getResultTypes(), [&](Type t) { return t == type; }))
    return op->emitOpError()
           << "expected gradient, state and results of the weight's type "
           << type;
  if (mask && mask.getType() != getMaskType(type))
    return op->emitOpError() << "expected a mask of type " << getMaskType(type)
                             << ", got " << mask.getType();
  if (learningRate.getType() != type.getElementType())
    return op->emitOpError()
           << "expected a learning rate of type " << type.getElementType()
           << ", got " << learningRate.getType();
  return success();
}

/// What both optimizers check of how they treat weights that are not trained.
template <typename OpTy>
static LogicalResult verifyHoldAndClamp(OpTy op) {
  if (op.getFreezeMasked() && !op.getMask())
    return op.emitOpError("expected a mask with freeze_masked");
  if (op.getDecayFrozen() && !op.getFreezeMasked())
    return op.emitOpError("expected freeze_masked with decay_frozen");
  std::optional<APFloat> limit = op.getClamp();
  if (limit && !(limit->convertToDouble() > 0.0))
    return op.emitOpError("expected a positive clamp");
  return success();
}

LogicalResult SgdUpdateOp::verify() {
  double momentum = getMomentum().convertToDouble();
  bool hasMomentum = momentum != 0.0;
  bool hasVelocity = static_cast<bool>(getVelocity());
  if (hasVelocity != hasMomentum ||
      hasVelocity != static_cast<bool>(getNewVelocity())) // sgd_update_c1
    return emitOpError(
        "expected a velocity, in and out, exactly when momentum is not zero");
  if (getNesterov() && !hasMomentum) // sgd_update_c2
    return emitOpError("expected momentum with nesterov");
  if (!(momentum >= 0.0 && momentum < 1.0)) // sgd_update_c3
    return emitOpError() << "expected a momentum in [0, 1), got " << momentum;
  if (!(getWeightDecay().convertToDouble() >= 0.0)) // sgd_update_c3
    return emitOpError("expected a weight decay that is not negative");
  // sgd_update_c5, sgd_update_c6
  if (failed(verifyHoldAndClamp(*this)))
    return failure();
  SmallVector<Value> sameType{getGradient()};
  if (getVelocity())
    sameType.push_back(getVelocity());
  return verifyUpdateTypes(*this, getWeight(), sameType, getLearningRate(),
                           getMask()); // sgd_update_c4
}

namespace {
/// An update under a mask masks its gradient itself.
template <typename OpTy>
struct DropMaskOfGradient final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto masked = op.getGradient().template getDefiningOp<ApplyMaskOp>();
    if (!masked || masked.getMask() != op.getMask())
      return rewriter.notifyMatchFailure(
          op, "the gradient is not masked by the mask of the update");
    rewriter.modifyOpInPlace(
        op, [&] { op.getGradientMutable().assign(masked.getWeight()); });
    return success();
  }
};

/// A mask that keeps everything is no mask.
template <typename OpTy>
struct DropFullMask final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Attribute mask;
    if (!op.getMask() || !matchPattern(op.getMask(), m_Constant(&mask)) ||
        !isFullMask(mask))
      return rewriter.notifyMatchFailure(op, "the mask may prune");
    rewriter.modifyOpInPlace(op, [&] {
      op.getMaskMutable().clear();
      op.setFreezeMasked(false);
      op.setDecayFrozen(false);
    });
    return success();
  }
};
} // namespace

void SgdUpdateOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropMaskOfGradient<SgdUpdateOp>, DropFullMask<SgdUpdateOp>>(
      context);
}

void AdamUpdateOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<DropMaskOfGradient<AdamUpdateOp>, DropFullMask<AdamUpdateOp>>(
      context);
}

LogicalResult AdamUpdateOp::verify() {
  auto isShare = [](const APFloat &value) {
    double number = value.convertToDouble();
    return number >= 0.0 && number < 1.0;
  };
  // adam_update_c1
  if (!isShare(getBeta1()) || !isShare(getBeta2()))
    return emitOpError("expected beta1 and beta2 in [0, 1)");
  if (!(getEpsilon().convertToDouble() > 0.0))
    return emitOpError("expected a positive epsilon");
  if (!(getWeightDecay().convertToDouble() >= 0.0))
    return emitOpError("expected a weight decay that is not negative");
  // adam_update_c3, adam_update_c4
  if (failed(verifyHoldAndClamp(*this)))
    return failure();
  return verifyUpdateTypes(*this, getWeight(),
                           {getGradient(), getMoment1(), getMoment2()},
                           getLearningRate(), getMask()); // adam_update_c2
}
