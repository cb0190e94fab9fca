//===- AdjustDropout.cpp - Dropout rates of pruned layers -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Follows each dropout forward to the layers that read it and counts their
// connections; the dropouts of the reverse sweep, which lead to no layer's
// input, are found by their seed. Linear in operations times rules, and in the
// elements of constant masks.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#include <cmath>

namespace mlir::prune {
#define GEN_PASS_DEF_ADJUSTDROPOUTPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-adjust-dropout"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Connections behind a dropout.
struct Connections {
  double remaining = 0.0;
  double all = 0.0;
};

struct AdjustDropoutPass final
    : prune::impl::AdjustDropoutPassBase<AdjustDropoutPass> {
  using AdjustDropoutPassBase::AdjustDropoutPassBase;

  void runOnOperation() override {
    if (failed(adjust()))
      signalPassFailure();
  }

private:
  LogicalResult adjust();
  LogicalResult addReaders(Value value, const NumberRules &rules,
                           Connections &found);
  LogicalResult addLayer(PrunableOpInterface layer, const NumberRules &rules,
                         Connections &found);
};
} // namespace

/// Elements of a weight that the constant mask in front of its layer keeps, all
/// when there is none.
static double countKept(PrunableOpInterface layer, double all) {
  auto mask = layer.getWeightOperand()->get().getDefiningOp<ApplyMaskOp>();
  std::optional<ConstantView> bits;
  if (mask)
    bits = ConstantView::get(mask.getMask());
  if (!bits)
    return all;
  SmallVector<double, 0> values = bits->toVector();
  return values.size() - llvm::count(values, 0.0);
}

LogicalResult AdjustDropoutPass::addLayer(PrunableOpInterface layer,
                                          const NumberRules &rules,
                                          Connections &found) {
  Value weight = layer.getWeight();
  if (!weight)
    return success();
  auto type = cast<RankedTensorType>(weight.getType());
  double all = type.getNumElements();
  double kept = all;
  ParamAttr param = getParam(weight);
  std::optional<unsigned> rule =
      param ? rules.find(param.getName()) : std::nullopt;
  if (rule)
    kept = rules.getNumber(*rule);
  else if (rules.empty())
    kept = countKept(layer, all);
  if (!(kept >= 0.0 && kept <= all))
    return layer.emitError()
           << "expected at most " << all << " connections of '"
           << getDisplayName(weight) << "' to remain, got " << kept;
  found.remaining += kept;
  found.all += all;
  return success();
}

/// Counts the layers that read a value, as it is or in another shape.
LogicalResult AdjustDropoutPass::addReaders(Value value,
                                            const NumberRules &rules,
                                            Connections &found) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isa<tensor::PadOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
            user)) {
      if (failed(addReaders(user->getResult(0), rules, found)))
        return failure();
    } else if (auto layer = dyn_cast<PrunableOpInterface>(user)) {
      if (layer.getWeightOperand() != &use &&
          failed(addLayer(layer, rules, found)))
        return failure();
    }
  }
  return success();
}

LogicalResult AdjustDropoutPass::adjust() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  FailureOr<NumberRules> rules = NumberRules::get(remaining, emitError);
  if (failed(rules))
    return failure();
  FailureOr<func::FuncOp> target = findFunction(getOperation(), function);
  if (failed(target))
    return failure();
  SmallVector<DropoutOp> dropouts;
  target->walk([&](DropoutOp op) { dropouts.push_back(op); });
  llvm::DenseMap<int64_t, Connections> bySeed;
  for (DropoutOp op : dropouts)
    if (failed(addReaders(op.getResult(), *rules, bySeed[op.getSeed()])))
      return failure();
  for (DropoutOp op : dropouts) {
    Connections found = bySeed.lookup(op.getSeed());
    if (found.all == found.remaining)
      continue;
    double rate =
        op.getRate().convertToDouble() * std::sqrt(found.remaining / found.all);
    op.setRate(APFloat(rate));
    LDBG() << "rate " << rate << ": " << op;
    remark::passed(
        op.getLoc(),
        remark::RemarkOpts::name("DropoutAdjusted").category(DEBUG_TYPE))
        << remark::metric("Seed", static_cast<int64_t>(op.getSeed()))
        << remark::metric("Rate", rate);
    ++numAdjusted;
  }
  return success();
}
