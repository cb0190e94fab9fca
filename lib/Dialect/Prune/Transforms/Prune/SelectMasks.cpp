//===- SelectMasks.cpp - Masks from scores of constant weights ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads every scored weight, applies the rule that its name selects, and masks
// the weight. Scores of single elements are never stored, so that the memory
// beside weights and masks is that of groups. O(n) in the number of elements,
// but for LAMP, which sorts.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "ScoredWeight.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-select-masks"

namespace mlir::prune {
#define GEN_PASS_DEF_SELECTMASKSPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
enum class Rule { None, Threshold, StdFactor, Sparsity };

struct SelectMasksPass final
    : prune::impl::SelectMasksPassBase<SelectMasksPass> {
  using SelectMasksPassBase::SelectMasksPassBase;
  using Weights = SmallVector<ScoredWeight *>;

  void runOnOperation() override;

private:
  LogicalResult readOptions();
  LogicalResult readRule(ArrayRef<std::string> &texts);
  LogicalResult verify(const ScoredWeight &weight);
  LogicalResult collect(FunctionOpInterface function,
                        SmallVectorImpl<ScoredWeight> &weights);
  void select(MutableArrayRef<ScoredWeight> weights);
  void selectByRatio(const Weights &members, double number);
  void rank(const Weights &members, double number);
  void write(ScoredWeight &weight);
  void finish(MutableArrayRef<ScoredWeight> weights);
  void report(ScoredWeight &weight);

  Rule rule = Rule::None;
  NumberRules numbers, caps;
  unsigned numRankings = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// Takes the one list of numbers that is given.
LogicalResult SelectMasksPass::readRule(ArrayRef<std::string> &texts) {
  rule = Rule::None;
  for (auto [kind, list] :
       {std::pair(Rule::Threshold, ArrayRef<std::string>(threshold)),
        std::pair(Rule::StdFactor, ArrayRef<std::string>(stdFactor)),
        std::pair(Rule::Sparsity, ArrayRef<std::string>(sparsity))}) {
    if (list.empty())
      continue;
    if (rule != Rule::None)
      return emitError(getOperation().getLoc())
             << "expected one of threshold, std-factor and sparsity";
    rule = kind;
    texts = list;
  }
  return success();
}

/// Checks that no number of a list is negative or, for a share, above one.
static LogicalResult verifyNumbers(const NumberRules &numbers, bool isShare,
                                   StringRef name, Location loc) {
  for (unsigned i = 0; i < numbers.getPatterns().size(); ++i) {
    double number = numbers.getNumber(i);
    if (number < 0.0 || (isShare && number > 1.0))
      return emitError(loc) << "expected a "
                            << (isShare ? name + " in [0, 1]"
                                        : Twine("number that is not negative"))
                            << ", got " << number;
  }
  return success();
}

LogicalResult SelectMasksPass::readOptions() {
  Location loc = getOperation().getLoc();
  auto emit = [&] { return emitError(loc); };
  numRankings = 0;
  if (!llvm::is_contained({"tensor", "global", "row", "erk", "lamp"},
                          StringRef(scope)))
    return emit() << "expected scope tensor, global, row, erk or lamp, got '"
                  << scope << "'";
  ArrayRef<std::string> texts;
  if (failed(readRule(texts)))
    return failure();
  if (scope != "tensor" && scope != "global" && rule != Rule::Sparsity)
    return emit() << "expected a sparsity with scope " << scope;
  if (roundTo < 1)
    return emit() << "expected round-to of at least 1, got "
                  << roundTo.getValue();
  if (roundTo > 1 && scope == "row")
    return emit() << "round-to counts channels of a layer: expected another "
                     "scope than row";
  if (!cap.empty() && rule == Rule::None)
    return emit() << "expected one of threshold, std-factor and sparsity with "
                     "cap";
  FailureOr<NumberRules> parsed = NumberRules::get(texts, emit);
  FailureOr<NumberRules> parsedCaps = NumberRules::get(cap, emit);
  if (failed(parsed) || failed(parsedCaps))
    return failure();
  numbers = *parsed;
  caps = *parsedCaps;
  if (failed(verifyNumbers(numbers, rule == Rule::Sparsity, "sparsity", loc)))
    return failure();
  return verifyNumbers(caps, /*isShare=*/true, "cap", loc);
}

/// Checks that the options can be applied to a weight.
LogicalResult SelectMasksPass::verify(const ScoredWeight &weight) {
  ScoreOp score = weight.score;
  GranularityAttr granularity = score.getGranularity();
  GranularityKind kind = granularity.getKind();
  bool isMagnitude = score.getCriterion().getKind() == CriterionKind::Magnitude;
  if (rule == Rule::None && kind != GranularityKind::NOfM)
    return score.emitError() << "expected one of threshold, std-factor and "
                                "sparsity to select by";
  if (rule == Rule::StdFactor && !isMagnitude)
    return score.emitError()
           << "std-factor is a threshold of magnitudes, got criterion "
           << score.getCriterion();
  if (scope == "lamp" && !isMagnitude)
    return score.emitError() << "scope lamp is about magnitudes, got criterion "
                             << score.getCriterion();
  if (roundTo > 1 && kind != GranularityKind::Channel)
    return score.emitError()
           << "round-to counts channels: expected granularity channel, got "
           << granularity;
  if (scope != "row")
    return success();
  if (!weight.rowDim)
    return score.emitError() << "scope row expects the weight of a layer with "
                                "output channels, got '"
                             << weight.name << "'";
  if (kind == GranularityKind::Channel &&
      granularity.getAxis() == *weight.rowDim)
    return score.emitError() << "scope row expects several groups in each "
                                "output channel, got granularity "
                             << granularity;
  return success();
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

LogicalResult SelectMasksPass::collect(FunctionOpInterface function,
                                       SmallVectorImpl<ScoredWeight> &weights) {
  llvm::DenseMap<Value, int64_t> rowDims;
  function.walk([&](PrunableOpInterface layer) {
    SmallVector<int64_t> dims = layer.getOutputChannelDims();
    if (Value weight = layer.getWeight(); weight && dims.size() == 1)
      rowDims[weight] = dims.front();
  });
  llvm::DenseSet<Value> seen;
  WalkResult result = function.walk([&](ScoreOp score) {
    if (!seen.insert(score.getWeight()).second) {
      score.emitError("expected one score of a weight, got a second one");
      return WalkResult::interrupt();
    }
    FailureOr<ScoredWeight> weight = readScoredWeight(score, threads);
    if (failed(weight))
      return WalkResult::interrupt();
    weight->rule = numbers.find(weight->name);
    if (auto dim = rowDims.find(score.getWeight()); dim != rowDims.end())
      weight->rowDim = dim->second;
    if (std::optional<unsigned> own = caps.find(weight->name))
      weight->cap = caps.getNumber(*own);
    if (failed(verify(*weight)))
      return WalkResult::interrupt();
    weights.push_back(std::move(*weight));
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Applies the rules: thresholds one by one, sparsities per tensor or together.
void SelectMasksPass::select(MutableArrayRef<ScoredWeight> weights) {
  llvm::MapVector<unsigned, Weights> byRule;
  for (ScoredWeight &weight : weights) {
    if (!weight.rule)
      continue;
    if (scope == "lamp")
      weight.scores.rescaleByLamp();
    weight.limit = getLimit(weight.scores, weight.cap, threads);
    if (rule == Rule::Sparsity) {
      byRule[*weight.rule].push_back(&weight);
      continue;
    }
    double number = numbers.getNumber(*weight.rule);
    if (rule == Rule::StdFactor)
      number *= weight.scores.computeStd();
    weight.threshold = number;
    weight.selection.cuts = {std::min(selectByThreshold(number), weight.limit)};
  }
  for (auto &[position, members] : byRule)
    selectByRatio(members, numbers.getNumber(position));
  if (roundTo == 1)
    return;
  for (ScoredWeight &weight : weights)
    if (weight.rule)
      weight.selection.cuts = {roundKept(weight.scores,
                                         weight.selection.cuts.front(), roundTo,
                                         /*least=*/allowEmpty ? 0 : 1)};
}

/// Divides a sparsity among the weights of one rule.
void SelectMasksPass::selectByRatio(const Weights &members, double number) {
  if (scope == "global" || scope == "lamp")
    return rank(members, number);
  if (scope == "row") {
    for (ScoredWeight *weight : members)
      weight->selection = selectBySparsityInRows(
          weight->scores, *weight->rowDim, number, weight->cap, threads);
    return;
  }
  SmallVector<double> densities(members.size(), 1.0 - number);
  if (scope == "erk") {
    SmallVector<ArrayRef<int64_t>> shapes;
    SmallVector<double> shares;
    for (ScoredWeight *weight : members) {
      shapes.push_back(weight->scores.getShape());
      shares.push_back(weight->cap);
    }
    densities = getErkDensities(shapes, shares, number);
  }
  for (auto [weight, density] : llvm::zip_equal(members, densities))
    rank({weight}, scope == "erk" ? 1.0 - density : number);
}

void SelectMasksPass::rank(const Weights &members, double number) {
  SmallVector<RankedScores> ranked;
  for (ScoredWeight *weight : members)
    ranked.push_back({&weight->scores, weight->limit});
  SmallVector<Cut> cuts = selectBySparsity(ranked, number, threads);
  for (auto [weight, cut] : llvm::zip_equal(members, cuts)) {
    weight->selection.cuts = {cut};
    weight->ranking = numRankings;
  }
  ++numRankings;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// Writes the new mask of a weight.
void SelectMasksPass::write(ScoredWeight &weight) {
  weight.mask = HeapAsmResourceBlob::allocate(weight.scores.getNumElements(),
                                              /*align=*/16);
  MutableArrayRef<char> kept = weight.getKept();
  weight.counts = writeMask(weight.scores, weight.selection, kept, threads);
  GranularityAttr granularity = weight.score.getGranularity();
  if (granularity.getKind() == GranularityKind::NOfM) {
    limitNOfM(weight.scores, granularity, kept, threads);
    weight.counts.kept = countKept(kept);
  }
  if (allowEmpty || weight.counts.kept != 0 || weight.counts.before == 0)
    return;
  keepLargest(weight.scores, kept);
  weight.counts.kept = countKept(kept);
  remark::missed(
      weight.score.getLoc(),
      remark::RemarkOpts::name("LayerKeptAlive").category(DEBUG_TYPE))
      << remark::metric("Parameter", weight.name)
      << remark::reason("the rule prunes every element")
      << remark::suggest("a lower number, or allow-empty");
}

void SelectMasksPass::report(ScoredWeight &weight) {
  int64_t kept = weight.counts.kept, total = weight.scores.getNumElements();
  ++numMasksSelected;
  numWeightsKept += kept;
  numWeightsPruned += weight.counts.before - kept;
  LDBG() << "'" << weight.name << "' keeps " << kept << " of " << total;
  auto remark = remark::passed(
      weight.score.getLoc(),
      remark::RemarkOpts::name("MaskSelected").category(DEBUG_TYPE));
  remark << remark::metric("Parameter", weight.name)
         << remark::metric("Kept", kept) << remark::metric("Total", total)
         << remark::metric("Share", static_cast<double>(kept) / total);
  if (weight.threshold)
    remark << remark::metric("Threshold", *weight.threshold);
}

void SelectMasksPass::finish(MutableArrayRef<ScoredWeight> weights) {
  // The threshold of a ranking is the largest score that it prunes.
  SmallVector<std::optional<double>> thresholds(numRankings);
  for (ScoredWeight &weight : weights) {
    write(weight);
    if (!weight.ranking || !weight.counts.lastPruned)
      continue;
    std::optional<double> &last = thresholds[*weight.ranking];
    last = std::max(last.value_or(-1.0), *weight.counts.lastPruned);
  }
  for (ScoredWeight &weight : weights) {
    if (weight.ranking)
      weight.threshold = thresholds[*weight.ranking];
    report(weight);
    applyMask(weight);
  }
}

void SelectMasksPass::runOnOperation() {
  if (failed(readOptions()))
    return signalPassFailure();
  for (auto function : getOperation().getOps<FunctionOpInterface>()) {
    SmallVector<ScoredWeight, 0> weights;
    if (failed(collect(function, weights)))
      return signalPassFailure();
    select(weights);
    finish(weights);
  }
}
