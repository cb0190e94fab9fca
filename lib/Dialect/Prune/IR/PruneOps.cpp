//===- PruneOps.cpp - Prune dialect operations ----------------------------===//
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
    // Compiled code takes subnormal numbers for zero, and so does this.
    if (!value.isZero() && !value.isDenormal() && !value.isNegative()) {
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
    bool isSparsity = selection.getKind() == SelectionKind::Sparsity;
    bool keepsAll = selection.getKind() == SelectionKind::KeepAll ||
                    (isSparsity && selection.getValue().isZero());
    bool keepsNone =
        isSparsity && selection.getValue().convertToDouble() == 1.0;
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

//===----------------------------------------------------------------------===//
// ScoreOp and SelectMaskOp
//===----------------------------------------------------------------------===//

/// Checks what a criterion judges a weight by (score_c3).
static LogicalResult verifyEvidence(ScoreOp op) {
  std::optional<EvidenceKind> kind = op.getCriterion().getEvidence();
  if (!kind && !op.getEvidence())
    return success();
  if (!kind)
    return op.emitOpError()
           << "criterion " << op.getCriterion() << " takes no evidence";
  if (!op.getEvidence())
    return op.emitOpError()
           << "criterion " << op.getCriterion() << " expects evidence '"
           << stringifyEvidenceKind(*kind) << "'";
  Type weightType = op.getWeight().getType();
  auto type = cast<RankedTensorType>(op.getEvidence().getType());
  if (!EvidenceAttr::broadcasts(type, weightType))
    return op.emitOpError() << "expected evidence that broadcasts to "
                            << weightType << ", got " << type;
  return success();
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
  return verifyEvidence(*this);
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
    return emitOpError(
        "expected a threshold or a sparsity with a run-time value");
  if (getValue().getType() != elementType) // select_mask_c3
    return emitOpError() << "expected a run-time value of element type "
                         << elementType << ", got " << getValue().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// GateOp
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
