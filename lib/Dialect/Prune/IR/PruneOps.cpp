//===- PruneOps.cpp - Prune dialect operations ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::prune;

Type mlir::prune::getMaskType(Type weightType) {
  auto type = cast<RankedTensorType>(weightType);
  return RankedTensorType::get(type.getShape(),
                               IntegerType::get(type.getContext(), 1));
}

#define GET_OP_CLASSES
#include "Prune/Dialect/Prune/IR/PruneOps.cpp.inc"

/// True when `value` is a constant whose elements all equal the given bit.
static bool isConstantMask(Attribute value, bool bit) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(value);
  return splat && splat.getElementType().isInteger(1) &&
         splat.getSplatValue<bool>() == bit;
}

//===----------------------------------------------------------------------===//
// ApplyMaskOp
//===----------------------------------------------------------------------===//

OpFoldResult ApplyMaskOp::fold(FoldAdaptor adaptor) {
  if (isConstantMask(adaptor.getMask(), true))
    return getWeight();
  // What a straight-through mask prunes still gets a gradient.
  if (isConstantMask(adaptor.getMask(), false) && !getStraightThrough())
    return Builder(getContext()).getZeroAttr(getType());
  auto producer = getWeight().getDefiningOp<ApplyMaskOp>();
  if (producer && producer.getMask() == getMask() &&
      producer.getStraightThrough() == getStraightThrough())
    return getWeight();
  return {};
}

LogicalResult ApplyMaskOp::verify() {
  double decay = getDecay().convertToDouble();
  // apply_mask_c2
  if (!(decay >= 0.0) || (decay != 0.0 && !getStraightThrough()))
    return emitOpError() << "expected a decay that is not negative, and "
                            "'straight_through' with it, got "
                         << decay;
  return success();
}

namespace {
/// A mask of a masked weight is one mask, the conjunction of both.
struct MergeMasks final : OpRewritePattern<ApplyMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyMaskOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getWeight().getDefiningOp<ApplyMaskOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op,
                                         "the weight is not masked already");
    if (producer.getStraightThrough() || op.getStraightThrough())
      return rewriter.notifyMatchFailure(op, "the gradients would differ");
    auto both = arith::AndIOp::create(rewriter, op.getLoc(), producer.getMask(),
                                      op.getMask());
    rewriter.replaceOpWithNewOp<ApplyMaskOp>(op, producer.getWeight(), both);
    return success();
  }
};

/// A gate whose auxiliary parameters are a constant of one sign is open or
/// shut.
struct FoldConstantGate final : OpRewritePattern<GateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GateOp op,
                                PatternRewriter &rewriter) const override {
    SplatElementsAttr splat;
    if (!matchPattern(op.getAux(), m_Constant(&splat)))
      return rewriter.notifyMatchFailure(
          op, "auxiliary parameters are not a splat constant");
    APFloat value = splat.getSplatValue<APFloat>();
    if (value.isNaN())
      return rewriter.notifyMatchFailure(
          op, "auxiliary parameters are not numbers");
    if (!value.isZero() && !value.isNegative()) {
      rewriter.replaceOp(op, op.getWeight());
      return success();
    }
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, rewriter.getZeroAttr(op.getType()));
    return success();
  }
};

/// A selection that keeps or prunes everything does not depend on scores.
struct FoldTrivialSelection final : OpRewritePattern<SelectMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectMaskOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getValue())
      return rewriter.notifyMatchFailure(op, "the value comes at run time");
    SelectionAttr selection = op.getSelection();
    bool isRatio = selection.getKind() == SelectionKind::Ratio;
    bool keepsAll = selection.getKind() == SelectionKind::KeepAll ||
                    (isRatio && selection.getValue().isZero());
    bool keepsNone = isRatio && selection.getValue().convertToDouble() == 1.0;
    bool isCut = op.getGranularity().getKind() == GranularityKind::NOfM;
    if (!keepsNone && (!keepsAll || isCut))
      return rewriter.notifyMatchFailure(op, "the masks depend on the scores");
    SmallVector<Value> masks;
    for (Value mask : op.getMasks()) {
      auto type = cast<RankedTensorType>(mask.getType());
      auto value = DenseElementsAttr::get(type, keepsAll);
      masks.push_back(arith::ConstantOp::create(rewriter, op.getLoc(), value));
    }
    rewriter.replaceOp(op, masks);
    return success();
  }
};

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

void ApplyMaskOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<MergeMasks>(context);
}

void GateOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<FoldConstantGate>(context);
}

void SelectMaskOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<FoldTrivialSelection>(context);
}

void RegularizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<FoldZeroStrength<RegularizeOp>>(context);
}

void RegularizeGradientOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldZeroStrength<RegularizeGradientOp>>(context);
}

//===----------------------------------------------------------------------===//
// ScoreOp and SelectMaskOp
//===----------------------------------------------------------------------===//

/// Renders a shape as 300x784 for a diagnostic; a scalar shape as "scalar".
static std::string formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(shape, stream, "x");
  return text;
}

LogicalResult ScoreOp::verify() {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  auto scoreType = cast<RankedTensorType>(getScores().getType());
  auto grid = getGranularity().getGridShape(weightType.getShape());
  if (failed(grid)) // score_c1
    return emitOpError() << "granularity " << getGranularity()
                         << " does not fit a weight of shape "
                         << formatShape(weightType.getShape());
  // score_c2
  if (scoreType.getShape() != ArrayRef<int64_t>(*grid))
    return emitOpError() << "expected scores of shape " << formatShape(*grid)
                         << ", got " << formatShape(scoreType.getShape());
  if (scoreType.getElementType() != weightType.getElementType())
    return emitOpError() << "expected scores of element type "
                         << weightType.getElementType() << ", got "
                         << scoreType.getElementType();
  return success();
}

LogicalResult SelectMaskOp::verify() {
  if (getScores().empty() ||
      getScores().size() != getMasks().size()) // select_mask_c1
    return emitOpError()
           << "expected as many masks as scores and at least one, got "
           << getScores().size() << " scores and " << getMasks().size()
           << " masks";
  Type elementType = getElementTypeOrSelf(getScores().front().getType());
  for (auto [score, mask] : llvm::zip_equal(getScores(), getMasks())) {
    auto scoreType = cast<RankedTensorType>(score.getType());
    auto maskType = cast<RankedTensorType>(mask.getType());
    auto grid = getGranularity().getGridShape(maskType.getShape());
    if (failed(grid)) // select_mask_c2
      return emitOpError() << "granularity " << getGranularity()
                           << " does not fit a mask of shape "
                           << formatShape(maskType.getShape());
    if (scoreType.getShape() != ArrayRef<int64_t>(*grid)) // select_mask_c2
      return emitOpError() << "expected scores of shape " << formatShape(*grid)
                           << ", got " << formatShape(scoreType.getShape());
    if (scoreType.getElementType() != elementType) // select_mask_c3
      return emitOpError() << "expected scores of one element type, got "
                           << elementType << " and "
                           << scoreType.getElementType();
  }
  if (!getValue())
    return success();
  if (getSelection().getKind() == SelectionKind::KeepAll) // select_mask_c4
    return emitOpError("expected a threshold or a ratio with a run-time value");
  if (getValue().getType() != elementType) // select_mask_c3
    return emitOpError() << "expected a run-time value of element type "
                         << elementType << ", got " << getValue().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// GateOp, regularisers and proximal steps
//===----------------------------------------------------------------------===//

LogicalResult GateOp::verify() {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  auto auxType = cast<RankedTensorType>(getAux().getType());
  SmallVector<int64_t> expected = llvm::to_vector(weightType.getShape());
  if (getGranularity()) {
    auto grid = getGranularity()->getGridShape(weightType.getShape());
    if (failed(grid)) // gate_c1
      return emitOpError() << "granularity " << *getGranularity()
                           << " does not fit a weight of shape "
                           << formatShape(weightType.getShape());
    expected = *grid;
  }
  auto type = RankedTensorType::get(expected, weightType.getElementType());
  if (auxType != type) // gate_c1
    return emitOpError() << "expected auxiliary parameters of type " << type
                         << ", got " << auxType;
  return success();
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
// DropoutOp and SoftmaxCrossEntropyOp
//===----------------------------------------------------------------------===//

LogicalResult DropoutOp::verify() {
  double rate = getRate().convertToDouble();
  if (!(rate >= 0.0 && rate < 1.0)) // dropout_c1
    return emitOpError() << "expected a rate in [0, 1), got " << rate;
  return success();
}

OpFoldResult DropoutOp::fold(FoldAdaptor adaptor) {
  if (getRate().isZero())
    return getInput();
  return {};
}

LogicalResult SoftmaxCrossEntropyOp::verify() {
  auto logits = cast<RankedTensorType>(getLogits().getType());
  auto labels = cast<RankedTensorType>(getLabels().getType());
  // softmax_cross_entropy_c1
  if (logits.getRank() != 2 || labels.getRank() != 1 ||
      logits.getDimSize(0) != labels.getDimSize(0))
    return emitOpError()
           << "expected logits [batch, classes] and labels [batch], got "
           << formatShape(logits.getShape()) << " and "
           << formatShape(labels.getShape());
  return success();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// Checks that `scale`, and with it all values of its type, has one element per
/// channel of the input (batch_norm_c1), and epsilon (batch_norm_c2).
template <typename OpTy>
static LogicalResult verifyBatchNorm(OpTy op) {
  auto type = cast<RankedTensorType>(op.getInput().getType());
  if (type.getRank() < 2)
    return op.emitOpError()
           << "expected an input of at least two dimensions, got " << type;
  auto expected =
      RankedTensorType::get(type.getDimSize(1), type.getElementType());
  if (op.getScale().getType() != expected)
    return op.emitOpError() << "expected one element per channel, " << expected
                            << ", got " << op.getScale().getType();
  if (!(op.getEpsilon().convertToDouble() > 0.0))
    return op.emitOpError("expected a positive epsilon");
  return success();
}

LogicalResult BatchNormOp::verify() { return verifyBatchNorm(*this); }

LogicalResult BatchNormTrainingOp::verify() { return verifyBatchNorm(*this); }

LogicalResult BatchNormGradientOp::verify() { return verifyBatchNorm(*this); }

LogicalResult MaxPoolGradientOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto output = cast<RankedTensorType>(getOutput().getType());
  if (input.getRank() != 4 || output.getRank() != 4 ||
      input.getShape().take_front(2) != output.getShape().take_front(2) ||
      input.getElementType() != output.getElementType()) // max_pool_gradient_c1
    return emitOpError() << "expected input and output [n, c, h, w] of one "
                            "batch, channels and element type, got "
                         << input << " and " << output;
  auto isPair = [](ArrayRef<int64_t> values) {
    return values.size() == 2 && values[0] > 0 && values[1] > 0;
  };
  // max_pool_gradient_c2
  if (!isPair(getWindow()) || !isPair(getStrides()) || !isPair(getDilations()))
    return emitOpError("expected two positive numbers each for window, strides "
                       "and dilations");
  for (unsigned i = 0; i < 2; ++i) {
    int64_t reach = (getWindow()[i] - 1) * getDilations()[i] + 1;
    int64_t room = input.getDimSize(i + 2) - reach;
    int64_t extent = room < 0 ? 0 : room / getStrides()[i] + 1;
    if (output.getDimSize(i + 2) != extent)
      return emitOpError() << "expected extent " << extent << " in dimension "
                           << i + 2 << " of the output, got "
                           << output.getDimSize(i + 2);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Optimiser updates
//===----------------------------------------------------------------------===//

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
  if (getHold() && !getMask()) // sgd_update_c5
    return emitOpError("expected a mask with hold");
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
        !isConstantMask(mask, true))
      return rewriter.notifyMatchFailure(op, "the mask may prune");
    rewriter.modifyOpInPlace(op, [&] {
      op.getMaskMutable().clear();
      op.setHold(false);
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
  if (getHold() && !getMask()) // adam_update_c3
    return emitOpError("expected a mask with hold");
  return verifyUpdateTypes(*this, getWeight(),
                           {getGradient(), getMoment1(), getMoment2()},
                           getLearningRate(), getMask()); // adam_update_c2
}
