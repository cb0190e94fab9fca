//===- Score.cpp - Scores of prunable weights -----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Finds every prunable weight once, in the order of the operations that use it,
// and places a prune.score behind it. Linear in the number of operations; no
// value is read here.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Evidence.h"
#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-score"

namespace mlir::prune {
#define GEN_PASS_DEF_SCOREPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True when `weight` has this very score already.
static bool isScored(Value weight, CriterionAttr criterion,
                     GranularityAttr granularity) {
  return llvm::any_of(weight.getUsers(), [&](Operation *user) {
    auto score = dyn_cast<ScoreOp>(user);
    return score && score.getCriterion() == criterion &&
           score.getGranularity() == granularity;
  });
}

/// True for evidence that is one number for an output channel.
static bool isOfChannel(EvidenceKind kind) {
  return kind == EvidenceKind::Scale || kind == EvidenceKind::ZeroShare ||
         kind == EvidenceKind::Activation || kind == EvidenceKind::Distance;
}

/// True when an operand is what the result is added to.
static bool isInit(OpOperand &use) {
  auto op = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
  return op && op.isDpsInit(&use);
}

/// Layers that read the result of a layer, or what other operations make of it.
static llvm::SetVector<Operation *>
findReaders(Operation *layer, const llvm::DenseSet<Operation *> &layers) {
  llvm::SetVector<Operation *> readers;
  llvm::SetVector<Value> values;
  auto add = [&](Operation *op) {
    values.insert_range(op->getResults());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        values.insert_range(block.getArguments());
  };
  values.insert_range(layer->getResults());
  for (size_t i = 0; i < values.size(); ++i) {
    for (OpOperand &use : values[i].getUses()) {
      Operation *user = use.getOwner();
      if (layers.contains(user) && !isInit(use))
        readers.insert(user);
      else if (!user->hasTrait<OpTrait::IsTerminator>())
        add(user);
      else if (!isa<FunctionOpInterface>(user->getParentOp()))
        add(user->getParentOp());
    }
  }
  return readers;
}

/// Weights of layers that no other layer is before, or none behind.
static llvm::DenseSet<Value> findEnds(ModuleOp module) {
  SmallVector<PrunableOpInterface> layers;
  llvm::DenseSet<Operation *> isLayer, isBehind;
  module.walk([&](PrunableOpInterface layer) {
    ParamAttr param = layer.getWeight() ? getParam(layer.getWeight()) : nullptr;
    if (!layer.getWeight() || (param && param.getRole() != ParamRole::Weight))
      return;
    layers.push_back(layer);
    isLayer.insert(layer);
  });
  llvm::DenseSet<Value> ends;
  for (PrunableOpInterface layer : layers) {
    llvm::SetVector<Operation *> readers = findReaders(layer, isLayer);
    isBehind.insert_range(readers);
    if (readers.empty())
      ends.insert(layer.getWeight());
  }
  for (PrunableOpInterface layer : layers)
    if (!isBehind.contains(layer))
      ends.insert(layer.getWeight());
  return ends;
}

/// True for evidence that follows from the network where it can be had at all.
static bool isDerived(EvidenceKind kind) {
  return kind == EvidenceKind::Scale || kind == EvidenceKind::Distance;
}

namespace {
struct ScorePass final : prune::impl::ScorePassBase<ScorePass> {
  using ScorePassBase::ScorePassBase;

  /// Prunable weights, and parameters of the other roles asked for.
  llvm::MapVector<Value, ScoredParameter>
  collect(ArrayRef<ParamRole> chosenRoles, const ParameterFilter &filter) {
    llvm::MapVector<Value, ScoredParameter> weights;
    auto add = [&](Value value, PrunableOpInterface layer) {
      ParamAttr param = getParam(value);
      ParamRole role = param ? param.getRole() : ParamRole::Weight;
      if (llvm::is_contained(chosenRoles, role) &&
          filter.matches(param ? param.getName() : StringRef()))
        weights.insert({value, {value, layer}});
    };
    getOperation().walk([&](PrunableOpInterface op) {
      if (Value weight = op.getWeight())
        add(weight, op);
    });
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      for (const Parameter &parameter : getParameters(function))
        if (parameter.attribute.getRole() != ParamRole::Weight)
          add(parameter.value, {});
    return weights;
  }

  /// Takes the first and the last layers out.
  void leaveEnds(llvm::MapVector<Value, ScoredParameter> &weights) {
    llvm::DenseSet<Value> ends = findEnds(getOperation());
    weights.remove_if([&](const auto &entry) {
      Value weight = entry.first;
      if (!ends.contains(weight))
        return false;
      remark::missed(
          weight.getLoc(),
          remark::RemarkOpts::name("LayerExcluded").category(DEBUG_TYPE))
          << remark::metric("Parameter", getDisplayName(weight))
          << remark::reason("it is a first or a last layer of the network")
          << remark::suggest("exclude-ends=false");
      return true;
    });
  }

  /// Refuses single elements where all of a channel have one score.
  LogicalResult verifyGroups(CriterionAttr criterionAttr,
                             GranularityAttr granularityAttr) {
    std::optional<EvidenceKind> kind = criterionAttr.getEvidence();
    bool hasElements =
        granularityAttr.getKind() == GranularityKind::Unstructured ||
        granularityAttr.getKind() == GranularityKind::NOfM;
    if (!kind || !isOfChannel(*kind) || !hasElements)
      return success();
    return emitError(getOperation().getLoc())
           << "criterion '" << stringifyCriterionKind(criterion)
           << "' gives all elements of an output channel one score: expected a "
              "granularity of whole channels, such as channel:0, got '"
           << granularity << "'";
  }

  LogicalResult score(ScoredParameter parameter, CriterionAttr criterionAttr,
                      GranularityAttr granularityAttr) {
    Value weight = parameter.value;
    auto type = cast<RankedTensorType>(weight.getType());
    auto remarkKept = [&](StringRef reason) {
      remark::missed(
          weight.getLoc(),
          remark::RemarkOpts::name("WeightNotScored").category(DEBUG_TYPE))
          << remark::metric("Parameter", getDisplayName(weight))
          << remark::reason("{0}", reason);
      return success();
    };
    if (!type.hasStaticShape())
      return remarkKept("its shape is not static");
    FailureOr<SmallVector<int64_t>> grid =
        granularityAttr.getGridShape(type.getShape());
    if (failed(grid))
      return remarkKept("the granularity does not fit the shape");
    Value evidence;
    if (std::optional<EvidenceKind> kind = criterionAttr.getEvidence()) {
      StringRef reason;
      evidence = findEvidence(parameter, *kind, seed, reason);
      if (!evidence && isDerived(*kind))
        return remarkKept(reason);
      if (!evidence)
        return mlir::emitError(weight.getLoc())
               << "criterion '" << stringifyCriterionKind(criterion)
               << "' expects evidence '" << stringifyEvidenceKind(*kind)
               << "' about parameter '" << getDisplayName(weight) << "'";
    }
    OpBuilder builder(weight.getContext());
    builder.setInsertionPointAfterValue(
        evidence && evidence.getDefiningOp() ? evidence : weight);
    auto scoreType = RankedTensorType::get(*grid, type.getElementType());
    ScoreOp::create(builder, weight.getLoc(), scoreType, weight, evidence,
                    criterionAttr, granularityAttr);
    ++numWeightsScored;
    return success();
  }

  void runOnOperation() override {
    auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
    FailureOr<SmallVector<ParamRole>> chosenRoles =
        parseRoles(roles, emitError);
    FailureOr<ParameterFilter> filter =
        ParameterFilter::get({}, parameters, ignore, emitError);
    auto granularityAttr =
        parseGranularity(&getContext(), granularity, emitError);
    llvm::APFloat exponent(p.getValue());
    if (failed(chosenRoles) || failed(filter) || !granularityAttr ||
        failed(CriterionAttr::verify(emitError, criterion, exponent)))
      return signalPassFailure();
    if (chosenRoles->empty())
      chosenRoles->push_back(ParamRole::Weight);
    auto criterionAttr = CriterionAttr::get(&getContext(), criterion, exponent);
    if (failed(verifyGroups(criterionAttr, granularityAttr)))
      return signalPassFailure();
    llvm::MapVector<Value, ScoredParameter> weights =
        collect(*chosenRoles, *filter);
    if (weights.empty())
      remark::missed(
          getOperation().getLoc(),
          remark::RemarkOpts::name("NothingToScore").category(DEBUG_TYPE))
          << remark::reason("no operation has a weight of the chosen roles and "
                            "names; nothing will be pruned");
    LDBG() << weights.size() << " weights get scores";
    if (excludeEnds)
      leaveEnds(weights);
    for (auto &[weight, parameter] : weights)
      if (!isScored(weight, criterionAttr, granularityAttr) &&
          failed(score(parameter, criterionAttr, granularityAttr)))
        return signalPassFailure();
  }
};
} // namespace
