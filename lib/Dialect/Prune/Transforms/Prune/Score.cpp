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

#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"
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

namespace {
struct ScorePass final : prune::impl::ScorePassBase<ScorePass> {
  using ScorePassBase::ScorePassBase;

  /// Prunable weights, and parameters of the other roles asked for.
  llvm::SetVector<Value> collect(ArrayRef<ParamRole> chosenRoles,
                                 const ParameterFilter &filter) {
    llvm::SetVector<Value> weights;
    auto add = [&](Value value) {
      ParamAttr param = getParam(value);
      ParamRole role = param ? param.getRole() : ParamRole::Weight;
      if (llvm::is_contained(chosenRoles, role) &&
          filter.matches(param ? param.getName() : StringRef()))
        weights.insert(value);
    };
    getOperation().walk([&](PrunableOpInterface op) {
      if (Value weight = op.getWeight())
        add(weight);
    });
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      for (const Parameter &parameter : getParameters(function))
        if (parameter.attribute.getRole() != ParamRole::Weight)
          add(parameter.value);
    return weights;
  }

  void score(Value weight, CriterionAttr criterionAttr,
             GranularityAttr granularityAttr) {
    auto type = cast<RankedTensorType>(weight.getType());
    auto remarkKept = [&](const char *reason) {
      remark::missed(
          weight.getLoc(),
          remark::RemarkOpts::name("WeightNotScored").category(DEBUG_TYPE))
          << remark::metric("Parameter", getDisplayName(weight))
          << remark::reason(reason);
    };
    if (!type.hasStaticShape())
      return remarkKept("its shape is not static");
    FailureOr<SmallVector<int64_t>> grid =
        granularityAttr.getGridShape(type.getShape());
    if (failed(grid))
      return remarkKept("the granularity does not fit the shape");
    OpBuilder builder(weight.getContext());
    builder.setInsertionPointAfterValue(weight);
    auto scoreType = RankedTensorType::get(*grid, type.getElementType());
    ScoreOp::create(builder, weight.getLoc(), scoreType, weight, criterionAttr,
                    granularityAttr);
    ++numWeightsScored;
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
    llvm::SetVector<Value> weights = collect(*chosenRoles, *filter);
    if (weights.empty())
      remark::missed(
          getOperation().getLoc(),
          remark::RemarkOpts::name("NothingToScore").category(DEBUG_TYPE))
          << remark::reason("no operation has a weight of the chosen roles and "
                            "names; nothing will be pruned");
    LDBG() << weights.size() << " weights get scores";
    for (Value weight : weights)
      if (!isScored(weight, criterionAttr, granularityAttr))
        score(weight, criterionAttr, granularityAttr);
  }
};
} // namespace
