//===- SelectChannels.cpp - Masks of channels that leave together ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Groups come from the channel analysis of a copy of the function without
// scores and masks, whose parameters are matched with those of the function.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "ScoredWeight.h"

#include "Prune/Analysis/ChannelGroups.h"
#include "Prune/Analysis/ChannelRanking.h"
#include "Prune/Analysis/ChannelState.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "prune-select-channels"

namespace mlir::prune {
#define GEN_PASS_DEF_SELECTCHANNELSPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {

/// A scored weight of a group.
struct ScoredMember {
  ScoredWeight *weight;
  /// For each channel its indices in the dimension of output channels.
  SmallVector<SmallVector<int64_t, 1>, 0> indices;
};

/// A parameter that channels get besides: a bias, a scale, an embedding.
struct OffsetMember {
  Value parameter;
  unsigned dim;
  SmallVector<SmallVector<int64_t, 1>, 0> indices;
};

/// A group that can lose channels.
struct ScoredGroup {
  SmallVector<ScoredMember, 2> members;
  SmallVector<OffsetMember, 0> offsets;
  ChannelRanking ranking;

  std::string getNames() const {
    return llvm::join(llvm::map_range(members,
                                      [](const ScoredMember &member) {
                                        return member.weight->name;
                                      }),
                      ", ");
  }
};

/// The copy of a function that is analyzed.
class AnalyzedFunction {
public:
  AnalyzedFunction(FunctionOpInterface function,
                   MutableArrayRef<ScoredWeight> weights);

  SmallVector<ScoredGroup, 0> findGroups() const;

private:
  std::string getObstacle(const ChannelGroup &group) const;

  OwningOpRef<Operation *> copy;
  std::optional<ChannelState> state;
  llvm::DenseMap<Value, ScoredWeight *> scored;
  /// Constant parameters of the function, by those of the copy.
  llvm::DenseMap<Value, Value> originals;
  /// Dimensions of output channels of the weights of layers.
  llvm::MapVector<Value, SmallVector<int64_t>> outputs;

  Block &getBlock() const {
    return cast<FunctionOpInterface>(copy.get()).getFunctionBody().front();
  }
};

} // namespace

AnalyzedFunction::AnalyzedFunction(FunctionOpInterface function,
                                   MutableArrayRef<ScoredWeight> weights) {
  IRMapping mapping;
  copy = function->clone(mapping);
  for (ScoredWeight &weight : weights)
    scored[mapping.lookup(weight.score.getWeight())] = &weight;
  function.walk([&](arith::ConstantOp constant) {
    Value parameter = constant.getResult();
    ParamAttr param = getParam(parameter);
    if (param && param.isTrainable() &&
        isa<RankedTensorType>(parameter.getType()))
      originals[mapping.lookup(parameter)] = parameter;
  });
  copy->walk([](ScoreOp score) { score.erase(); });
  copy->walk([](ApplyMaskOp mask) {
    mask.replaceAllUsesWith(mask->getOperand(0));
    mask.erase();
  });
  unshareConstants(getBlock());
  state.emplace(getBlock());
  copy->walk([&](PrunableOpInterface layer) {
    if (Value weight = layer.getWeight())
      outputs[weight] = layer.getOutputChannelDims();
  });
}

/// Why no channel of a group may be pruned; empty where one may.
std::string AnalyzedFunction::getObstacle(const ChannelGroup &group) const {
  if (!group.reason.empty())
    return group.reason;
  for (const ChannelGroup::Member &member : group.members) {
    if (!llvm::is_contained(outputs.lookup(member.parameter), member.dim))
      continue;
    ScoredWeight *weight = scored.lookup(member.parameter);
    if (!weight || weight->score.getGranularity().getAxis() != member.dim)
      return ("'" + getParam(member.parameter).getName() +
              "' makes the same channels and has no scores of them")
          .str();
  }
  return "";
}

/// The mean of the scores of a channel in all weights that make it; -1 where
/// masks have pruned it in all.
static double getScore(ArrayRef<ScoredMember> members, size_t channel) {
  double sum = 0.0;
  int64_t count = 0;
  bool isPruned = true;
  for (const ScoredMember &member : members)
    for (int64_t index : member.indices[channel]) {
      double score = member.weight->scores.getScore(index);
      isPruned &= score < 0.0;
      sum += std::max(score, 0.0);
      ++count;
    }
  return isPruned ? -1.0 : sum / static_cast<double>(count);
}

SmallVector<ScoredGroup, 0> AnalyzedFunction::findGroups() const {
  SmallVector<ScoredGroup, 0> found;
  for (const ChannelGroup &group :
       findChannelGroups(getBlock(), state->getAxes())) {
    ScoredGroup result;
    for (const ChannelGroup::Member &member : group.members) {
      ScoredWeight *weight = scored.lookup(member.parameter);
      if (weight && weight->score.getGranularity().getAxis() == member.dim)
        result.members.push_back({weight, member.indices});
      Value original = originals.lookup(member.parameter);
      if (original && !outputs.contains(member.parameter))
        result.offsets.push_back({original, member.dim, member.indices});
    }
    if (result.members.empty())
      continue;
    if (std::string reason = getObstacle(group); !reason.empty()) {
      remark::missed(
          result.members.front().weight->score.getLoc(),
          remark::RemarkOpts::name("ChannelsKept").category(DEBUG_TYPE))
          << remark::metric("Parameters", result.getNames())
          << remark::metric("Channels", group.size())
          << remark::metric("Reason", reason);
      continue;
    }
    for (int64_t i = 0; i < group.size(); ++i)
      result.ranking.scores.push_back(getScore(result.members, i));
    found.push_back(std::move(result));
  }
  return found;
}

/// Clears the elements at some indices of a dimension.
static void clear(MutableArrayRef<char> kept, ArrayRef<int64_t> shape,
                  unsigned dim, ArrayRef<SmallVector<int64_t, 1>> indices,
                  ArrayRef<char> isPruned) {
  int64_t inner = ShapedType::getNumElements(shape.drop_front(dim + 1));
  int64_t outer = ShapedType::getNumElements(shape.take_front(dim));
  for (auto [ofChannel, pruned] : llvm::zip_equal(indices, isPruned)) {
    if (!pruned)
      continue;
    for (int64_t index : ofChannel)
      for (int64_t block = 0; block < outer; ++block)
        llvm::fill(kept.slice((block * shape[dim] + index) * inner, inner), 0);
  }
}

/// Makes every use of a parameter see a mask, besides the one that it has.
static void maskOffset(Value parameter, SmallVector<char, 0> kept) {
  if (ApplyMaskOp applied = findMask(parameter)) {
    std::optional<ConstantView> before = ConstantView::get(applied.getMask());
    if (!before)
      return;
    for (auto [keep, was] : llvm::zip_equal(kept, before->toVector()))
      keep = keep && was != 0.0;
  }
  auto type = cast<RankedTensorType>(getMaskType(parameter.getType()));
  auto value = createResource(type, "mask_" + getDisplayName(parameter),
                              ArrayRef<char>(kept));
  OpBuilder builder(parameter.getContext());
  builder.setInsertionPointAfterValue(parameter);
  setMask(parameter, value, builder, parameter.getLoc());
}

namespace {
struct SelectChannelsPass final
    : prune::impl::SelectChannelsPassBase<SelectChannelsPass> {
  using SelectChannelsPassBase::SelectChannelsPassBase;

  void runOnOperation() override {
    if (failed(readOptions()))
      return signalPassFailure();
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      SmallVector<ScoredWeight, 0> weights;
      if (failed(collect(function, weights)))
        return signalPassFailure();
      if (weights.empty())
        continue;
      SmallVector<ScoredGroup, 0> groups =
          AnalyzedFunction(function, weights).findGroups();
      select(groups);
      finish(groups, weights);
    }
  }

private:
  LogicalResult readOptions() {
    auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
    if (scope != "group" && scope != "global")
      return emitError() << "expected scope group or global, got '" << scope
                         << "'";
    if (sparsity.empty())
      return emitError() << "expected a sparsity";
    FailureOr<NumberRules> parsed = NumberRules::get(sparsity, emitError);
    if (failed(parsed))
      return failure();
    rules = *parsed;
    for (size_t i = 0; i < sparsity.size(); ++i)
      if (double number = rules.getNumber(i); !(number >= 0.0 && number <= 1.0))
        return emitError() << "expected a sparsity in [0, 1], got " << number;
    if (!(cap >= 0.0 && cap <= 1.0))
      return emitError() << "expected a cap in [0, 1], got " << cap.getValue();
    if (roundTo < 1)
      return emitError() << "expected a positive round-to, got "
                         << roundTo.getValue();
    return success();
  }

  LogicalResult collect(FunctionOpInterface function,
                        SmallVectorImpl<ScoredWeight> &weights) {
    llvm::DenseSet<Value> seen;
    SmallVector<ScoreOp> scores;
    function.walk([&](ScoreOp score) { scores.push_back(score); });
    if (!scores.empty() && !function.getFunctionBody().hasOneBlock())
      return function.emitError() << "expected a function of one block";
    for (ScoreOp score : scores) {
      GranularityAttr granularity = score.getGranularity();
      if (granularity.getKind() != GranularityKind::Channel)
        return score.emitError()
               << "expected scores of channels, got " << granularity;
      if (!seen.insert(score.getWeight()).second)
        return score.emitError()
               << "expected one score of a weight, got a second one";
      FailureOr<ScoredWeight> weight = readScoredWeight(score, /*threads=*/1);
      if (failed(weight))
        return failure();
      if (weight->scores.getNumGroups() !=
          weight->scores.getShape()[granularity.getAxis()])
        return score.emitError()
               << "expected scores of single channels, got " << granularity;
      weights.push_back(std::move(*weight));
    }
    return success();
  }

  /// The rule of the first weight that has one.
  std::optional<unsigned> findRule(const ScoredGroup &group) const {
    for (const ScoredMember &member : group.members)
      if (std::optional<unsigned> rule = rules.find(member.weight->name))
        return rule;
    return std::nullopt;
  }

  void select(MutableArrayRef<ScoredGroup> groups) {
    llvm::MapVector<unsigned, SmallVector<ChannelRanking *>> byRule;
    for (ScoredGroup &group : groups) {
      group.ranking.least = getLeast(group.ranking.scores.size(), cap);
      group.ranking.multiple = roundTo;
      if (std::optional<unsigned> rule = findRule(group))
        byRule[*rule].push_back(&group.ranking);
    }
    for (auto &[rule, rankings] : byRule) {
      double share = rules.getNumber(rule);
      if (scope == "global") {
        selectChannels(rankings, share);
        continue;
      }
      for (ChannelRanking *ranking : rankings)
        selectChannels(ranking, share);
    }
  }

  void finish(ArrayRef<ScoredGroup> groups,
              MutableArrayRef<ScoredWeight> weights) {
    for (ScoredWeight &weight : weights) {
      weight.mask =
          HeapAsmResourceBlob::allocate(weight.scores.getNumElements(),
                                        /*align=*/16);
      weight.scores.readMask(0, weight.getKept());
    }
    llvm::MapVector<Value, SmallVector<char, 0>> offsets;
    for (const ScoredGroup &group : groups) {
      ArrayRef<char> isPruned = group.ranking.isPruned;
      int64_t total = group.ranking.scores.size();
      int64_t pruned = llvm::count(isPruned, 1);
      if (pruned > 0)
        mask(group, offsets);
      numChannelsPruned += pruned;
      ++numGroups;
      remark::passed(
          group.members.front().weight->score.getLoc(),
          remark::RemarkOpts::name("ChannelsSelected").category(DEBUG_TYPE))
          << remark::metric("Parameters", group.getNames())
          << remark::metric("Kept", total - pruned)
          << remark::metric("Total", total);
    }
    for (ScoredWeight &weight : weights)
      applyMask(weight);
    for (auto &[parameter, kept] : offsets)
      maskOffset(parameter, std::move(kept));
  }

  /// Clears the pruned channels in all parameters that make them. Several
  /// groups have parts of a parameter behind a concatenation.
  static void mask(const ScoredGroup &group,
                   llvm::MapVector<Value, SmallVector<char, 0>> &offsets) {
    ArrayRef<char> isPruned = group.ranking.isPruned;
    for (const ScoredMember &member : group.members) {
      unsigned axis = member.weight->score.getGranularity().getAxis();
      clear(member.weight->getKept(), member.weight->scores.getShape(), axis,
            member.indices, isPruned);
    }
    for (const OffsetMember &member : group.offsets) {
      auto type = cast<RankedTensorType>(member.parameter.getType());
      SmallVector<char, 0> &kept = offsets[member.parameter];
      kept.resize(type.getNumElements(), 1);
      clear(kept, type.getShape(), member.dim, member.indices, isPruned);
    }
  }

  NumberRules rules;
};
} // namespace
