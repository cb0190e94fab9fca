//===- ScoredWeight.cpp - A scored weight on its way to a mask ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScoredWeight.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

ApplyMaskOp mlir::prune::findMask(Value weight) {
  ApplyMaskOp found;
  for (Operation *user : weight.getUsers()) {
    if (isa<ScoreOp>(user))
      continue;
    auto mask = dyn_cast<ApplyMaskOp>(user);
    if (!mask || found)
      return {};
    found = mask;
  }
  return found;
}

/// Checks the numbers of evidence: none is infinite or NaN, and only gradients
/// and scales have a sign.
static LogicalResult verifyEvidence(ScoreOp score, const ConstantView &view,
                                    StringRef name) {
  EvidenceKind kind = *score.getCriterion().getEvidence();
  bool isSigned = kind == EvidenceKind::Gradient || kind == EvidenceKind::Scale;
  bool isSplat =
      llvm::all_of(view.getStrides(), [](int64_t s) { return s == 0; });
  int64_t count = isSplat ? std::min<int64_t>(view.getNumElements(), 1)
                          : view.getNumElements();
  for (int64_t i = 0; i < count; ++i) {
    double value = view.load(i);
    if (!std::isfinite(value) || (value < 0.0 && !isSigned))
      return score.emitError()
             << "expected finite " << (isSigned ? "" : "non-negative ")
             << "evidence '" << stringifyEvidenceKind(kind) << "' about '"
             << name << "', got " << value;
  }
  return success();
}

/// The values of a weight.
static FailureOr<ConstantView> readWeight(ScoreOp score, StringRef name) {
  Value weight = score.getWeight();
  std::optional<ConstantView> view = ConstantView::get(weight);
  if (view)
    return *view;
  if (matchPattern(weight, m_Constant()))
    return score.emitError()
           << "expected a weight of floating-point numbers of at most 64 bits, "
              "got '"
           << name << "' of " << getElementTypeOrSelf(weight);
  return score.emitError()
         << "expected a constant weight to select a mask for, got '" << name
         << "' without value";
}

FailureOr<ScoredWeight> mlir::prune::readScoredWeight(ScoreOp score,
                                                      unsigned threads) {
  std::string name = getDisplayName(score.getWeight());
  FailureOr<ConstantView> view = readWeight(score, name);
  if (failed(view))
    return failure();
  std::optional<ConstantView> mask, evidence;
  if (ApplyMaskOp applied = findMask(score.getWeight())) {
    mask = ConstantView::get(applied.getMask());
    if (!mask)
      return applied.emitError()
             << "expected a constant mask on '" << name << "'";
  }
  if (Value operand = score.getEvidence()) {
    evidence = ConstantView::get(operand);
    if (!evidence)
      return score.emitError()
             << "expected constant evidence about '" << name << "'";
    if (failed(verifyEvidence(score, *evidence, name)))
      return failure();
  }
  GroupScores scores(*view, mask, evidence, score.getCriterion(),
                     score.getGranularity(), threads);
  return ScoredWeight(score, name, std::move(scores));
}

void mlir::prune::setMask(Value parameter, TypedAttr value, OpBuilder &builder,
                          Location loc) {
  auto mask = arith::ConstantOp::create(builder, loc, value);
  if (ApplyMaskOp applied = findMask(parameter)) {
    Operation *old = applied.getMask().getDefiningOp();
    mask->moveBefore(applied);
    applied.getMaskMutable().assign(mask);
    if (old->use_empty())
      old->erase();
    return;
  }
  auto masked = ApplyMaskOp::create(builder, loc, parameter, mask);
  parameter.replaceUsesWithIf(masked, [&](OpOperand &use) {
    return use.getOwner() != masked && !isa<ScoreOp>(use.getOwner());
  });
}

void mlir::prune::applyMask(ScoredWeight &candidate) {
  ScoreOp score = candidate.score;
  Value weight = score.getWeight();
  auto type = cast<RankedTensorType>(getMaskType(weight.getType()));
  auto value =
      createResource(type, "mask_" + candidate.name, std::move(candidate.mask));
  OpBuilder builder(score);
  setMask(weight, value, builder, score.getLoc());
  Operation *evidence =
      score.getEvidence() ? score.getEvidence().getDefiningOp() : nullptr;
  score.erase();
  if (evidence && evidence->hasAttr(PruneDialect::kEvidenceAttrName) &&
      evidence->use_empty())
    evidence->erase();
}
