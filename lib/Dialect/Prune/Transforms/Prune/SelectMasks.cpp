//===- SelectMasks.cpp - Masks from scores of constant weights ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads every scored weight, applies the rule that its name selects, and masks
// the weight. A global sparsity ranks all weights of one rule together. O(n log
// n) in the number of elements.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Prune/Analysis/MaskSelection.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/DebugLog.h"

#include <cmath>

#define DEBUG_TYPE "prune-select-masks"

namespace mlir::prune {
#define GEN_PASS_DEF_SELECTMASKSPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
enum class Rule { None, Threshold, StdFactor, Sparsity };

/// A scored weight, its values before, and what becomes of it.
struct Candidate {
  ScoreOp score;
  std::string name;
  std::optional<unsigned> rule;
  /// The dimension of output channels.
  int64_t rowDim = 0;
  WeightScores before;
  WeightScores after;
  std::optional<double> threshold;
};
} // namespace

/// The one mask through which the weight is used, if all its uses but scores go
/// through one.
static ApplyMaskOp findMask(Value weight) {
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

/// True when a group is all of an output channel.
static bool isRow(GranularityAttr granularity, int64_t dim) {
  return granularity.getKind() == GranularityKind::Channel &&
         granularity.getAxis() == dim;
}

/// Checks the numbers of evidence: none is infinite or NaN, and only gradients
/// and scales have a sign.
static LogicalResult verifyEvidence(ScoreOp score, const ConstantView &view,
                                    StringRef name) {
  EvidenceKind kind = *score.getCriterion().getEvidence();
  bool isSigned = kind == EvidenceKind::Gradient || kind == EvidenceKind::Scale;
  for (double value : view.toVector())
    if (!std::isfinite(value) || (value < 0.0 && !isSigned))
      return score.emitError()
             << "expected finite " << (isSigned ? "" : "non-negative ")
             << "evidence '" << stringifyEvidenceKind(kind) << "' about '"
             << name << "', got " << value;
  return success();
}

/// Reads the weight of a score and the mask it has; an error when either is not
/// constant.
static LogicalResult readCandidate(Candidate &candidate) {
  ScoreOp score = candidate.score;
  Value weight = score.getWeight();
  candidate.name = getDisplayName(weight);
  std::optional<ConstantView> view = ConstantView::get(weight);
  if (!view && matchPattern(weight, m_Constant()))
    return score.emitError()
           << "expected a weight of floating-point numbers of at most 64 bits, "
              "got '"
           << candidate.name << "' of " << getElementTypeOrSelf(weight);
  if (!view)
    return score.emitError()
           << "expected a constant weight to select a mask for, got '"
           << candidate.name << "' without value";
  std::optional<ConstantView> mask;
  if (ApplyMaskOp applied = findMask(weight)) {
    mask = ConstantView::get(applied.getMask());
    if (!mask)
      return applied.emitError()
             << "expected a constant mask on '" << candidate.name << "'";
  }
  std::optional<ConstantView> evidence;
  if (Value operand = score.getEvidence()) {
    evidence = ConstantView::get(operand);
    if (!evidence)
      return score.emitError()
             << "expected constant evidence about '" << candidate.name << "'";
    if (failed(verifyEvidence(score, *evidence, candidate.name)))
      return failure();
  }
  candidate.before = computeScores(*view, mask, evidence, score.getCriterion(),
                                   score.getGranularity());
  candidate.after = candidate.before;
  return success();
}

/// Makes every use of the weight see the new mask, and drops the score. A mask
/// that is there already is part of the new one.
static void applyMask(Candidate &candidate) {
  ScoreOp score = candidate.score;
  Value weight = score.getWeight();
  auto type = cast<RankedTensorType>(getMaskType(weight.getType()));
  std::string key = "mask_" + candidate.name;
  auto value = createResource(type, key, ArrayRef<char>(candidate.after.kept));
  OpBuilder builder(score);
  auto mask = arith::ConstantOp::create(builder, score.getLoc(), value);
  if (ApplyMaskOp applied = findMask(weight)) {
    Operation *old = applied.getMask().getDefiningOp();
    mask->moveBefore(applied);
    applied.getMaskMutable().assign(mask);
    if (old->use_empty())
      old->erase();
  } else {
    auto masked = ApplyMaskOp::create(builder, score.getLoc(), weight, mask);
    weight.replaceUsesWithIf(masked, [&](OpOperand &use) {
      return use.getOwner() != masked && !isa<ScoreOp>(use.getOwner());
    });
  }
  Operation *evidence =
      score.getEvidence() ? score.getEvidence().getDefiningOp() : nullptr;
  score.erase();
  if (evidence && evidence->hasAttr(PruneDialect::kEvidenceAttrName) &&
      evidence->use_empty())
    evidence->erase();
}

static void emitSelected(const Candidate &candidate, Location loc) {
  int64_t kept = candidate.after.countKept();
  int64_t total = candidate.after.values.size();
  LDBG() << "'" << candidate.name << "' keeps " << kept << " of " << total;
  auto remark = remark::passed(
      loc, remark::RemarkOpts::name("MaskSelected").category(DEBUG_TYPE));
  remark << remark::metric("Parameter", candidate.name)
         << remark::metric("Kept", kept) << remark::metric("Total", total)
         << remark::metric("Share", static_cast<double>(kept) / total);
  if (candidate.threshold)
    remark << remark::metric("Threshold", *candidate.threshold);
}

namespace {
struct SelectMasksPass final
    : prune::impl::SelectMasksPassBase<SelectMasksPass> {
  using SelectMasksPassBase::SelectMasksPassBase;

  void runOnOperation() override {
    if (failed(readRules()))
      return signalPassFailure();
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      SmallVector<Candidate, 0> candidates;
      if (failed(collect(function, candidates)))
        return signalPassFailure();
      select(candidates);
      for (Candidate &candidate : candidates)
        finish(candidate);
    }
  }

private:
  /// Takes the one list of numbers that is given.
  LogicalResult readRules() {
    auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
    if (scope != "tensor" && scope != "global" && scope != "row")
      return emitError() << "expected scope tensor, global or row, got '"
                         << scope << "'";
    rule = Rule::None;
    ArrayRef<std::string> texts;
    for (auto [kind, list] :
         {std::pair(Rule::Threshold, ArrayRef<std::string>(threshold)),
          std::pair(Rule::StdFactor, ArrayRef<std::string>(stdFactor)),
          std::pair(Rule::Sparsity, ArrayRef<std::string>(sparsity))}) {
      if (list.empty())
        continue;
      if (rule != Rule::None)
        return emitError()
               << "expected one of threshold, std-factor and sparsity";
      rule = kind;
      texts = list;
    }
    if (scope == "row" && rule != Rule::Sparsity)
      return emitError() << "expected a sparsity with scope row";
    FailureOr<NumberRules> parsed = NumberRules::get(texts, emitError);
    if (failed(parsed))
      return failure();
    numbers = *parsed;
    for (unsigned i = 0; i < texts.size(); ++i) {
      double number = numbers.getNumber(i);
      if (number < 0.0 || (rule == Rule::Sparsity && number > 1.0))
        return emitError() << "expected a "
                           << (rule == Rule::Sparsity
                                   ? "sparsity in [0, 1]"
                                   : "number that is not negative")
                           << ", got " << number;
    }
    return success();
  }

  LogicalResult collect(FunctionOpInterface function,
                        SmallVectorImpl<Candidate> &candidates) {
    LogicalResult result = success();
    llvm::DenseMap<Value, ScoreOp> seen;
    llvm::DenseMap<Value, int64_t> rowDims;
    function.walk([&](PrunableOpInterface layer) {
      SmallVector<int64_t> dims = layer.getOutputChannelDims();
      if (Value weight = layer.getWeight(); weight && dims.size() == 1)
        rowDims[weight] = dims.front();
    });
    function.walk([&](ScoreOp score) {
      auto [entry, isNew] = seen.try_emplace(score.getWeight(), score);
      if (!isNew) {
        result = score.emitError() << "expected one score of a weight, got a "
                                      "second one";
        return WalkResult::interrupt();
      }
      Candidate candidate;
      candidate.score = score;
      if (failed(readCandidate(candidate))) {
        result = failure();
        return WalkResult::interrupt();
      }
      bool isLimited =
          score.getGranularity().getKind() == GranularityKind::NOfM;
      if (rule == Rule::None && !isLimited) {
        result = score.emitError() << "expected one of threshold, std-factor "
                                      "and sparsity to select by";
        return WalkResult::interrupt();
      }
      if (rule == Rule::StdFactor &&
          score.getCriterion().getKind() != CriterionKind::Magnitude) {
        result = score.emitError()
                 << "std-factor is a threshold of magnitudes, got criterion "
                 << score.getCriterion();
        return WalkResult::interrupt();
      }
      candidate.rule = numbers.find(candidate.name);
      candidate.rowDim = rowDims.lookup(score.getWeight());
      if (scope == "row" && !rowDims.contains(score.getWeight())) {
        result = score.emitError() << "scope row expects the weight of a layer "
                                      "with output channels, got '"
                                   << candidate.name << "'";
        return WalkResult::interrupt();
      }
      if (scope == "row" && isRow(score.getGranularity(), candidate.rowDim)) {
        result = score.emitError() << "scope row expects several groups in "
                                      "each output channel, got granularity "
                                   << score.getGranularity();
        return WalkResult::interrupt();
      }
      candidates.push_back(std::move(candidate));
      return WalkResult::advance();
    });
    return result;
  }

  /// Applies the rules: thresholds one by one, sparsities per tensor or
  /// together.
  void select(MutableArrayRef<Candidate> candidates) {
    llvm::MapVector<unsigned, SmallVector<Candidate *>> byRule;
    for (Candidate &candidate : candidates) {
      if (!candidate.rule)
        continue;
      double number = numbers.getNumber(*candidate.rule);
      if (rule == Rule::Sparsity) {
        byRule[*candidate.rule].push_back(&candidate);
        continue;
      }
      if (rule == Rule::StdFactor)
        number *= computeStd(candidate.before);
      candidate.threshold = number;
      selectByThreshold(candidate.after, number);
    }
    for (auto &[position, members] : byRule) {
      double number = numbers.getNumber(position);
      if (scope == "global") {
        rank(members, number);
        continue;
      }
      for (Candidate *candidate : members) {
        if (scope == "row")
          selectBySparsityInRows(candidate->after, candidate->rowDim, number);
        else
          rank(candidate, number);
      }
    }
  }

  static void rank(ArrayRef<Candidate *> members, double number) {
    SmallVector<WeightScores *> weights;
    for (Candidate *candidate : members)
      weights.push_back(&candidate->after);
    std::optional<double> last = selectBySparsity(weights, number);
    for (Candidate *candidate : members)
      candidate->threshold = last;
  }

  void finish(Candidate &candidate) {
    GranularityAttr granularity = candidate.score.getGranularity();
    if (granularity.getKind() == GranularityKind::NOfM)
      limitNOfM(candidate.after, granularity);
    Location loc = candidate.score.getLoc();
    if (!allowEmpty && keepAtLeastOne(candidate.after, candidate.before))
      remark::missed(
          loc, remark::RemarkOpts::name("LayerKeptAlive").category(DEBUG_TYPE))
          << remark::metric("Parameter", candidate.name)
          << remark::reason("the rule prunes every element")
          << remark::suggest("a lower number, or allow-empty");
    ++numMasksSelected;
    int64_t kept = candidate.after.countKept();
    numWeightsKept += kept;
    numWeightsPruned += candidate.before.countKept() - kept;
    emitSelected(candidate, loc);
    applyMask(candidate);
  }

  Rule rule = Rule::None;
  NumberRules numbers;
};
} // namespace
