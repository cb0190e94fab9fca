//===- InsertProximalSteps.cpp - Proximal steps after updates -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces the new value of each chosen parameter by its proximal step; the
// lowering computes an l1 step in the loop of the update. Linear in parameters
// and patterns.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Ranking.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTPROXIMALSTEPSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct InsertProximalStepsPass final
    : prune::impl::InsertProximalStepsPassBase<InsertProximalStepsPass> {
  using InsertProximalStepsPassBase::InsertProximalStepsPassBase;

  void runOnOperation() override;

private:
  LogicalResult readOptions();
  LogicalResult verifyStep(const LossFunction &step, ParameterFilter &filter);
  Value getThreshold(LossFunction &step, double number);
  void addStep(LossFunction &step, const TrainableParameter &parameter);

  GranularityAttr groups;
  NumberRules factors;
};
} // namespace

LogicalResult InsertProximalStepsPass::readOptions() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  groups = {};
  if ((kind == ProximalKind::GroupLasso) != !granularity.empty())
    return emitError() << "expected a granularity with group_lasso, and with "
                          "it only";
  if (!granularity.empty()) {
    groups = parseGranularity(&getContext(), granularity, emitError);
    if (!groups)
      return failure();
    if (groups.getKind() == GranularityKind::NOfM)
      return emitError() << "expected a granularity of groups, got '"
                         << granularity << "'";
  }
  FailureOr<NumberRules> numbers = NumberRules::get(strengths, emitError);
  if (failed(numbers))
    return failure();
  factors = *numbers;
  double lowest = runtimeStrength ? 0.0 : static_cast<double>(strength);
  for (unsigned i = 0; i < strengths.size(); ++i)
    lowest = std::min(lowest, factors.getNumber(i));
  if (!(lowest >= 0.0))
    return emitError() << "expected a strength that is not negative, got "
                       << lowest;
  return success();
}

LogicalResult InsertProximalStepsPass::verifyStep(const LossFunction &step,
                                                  ParameterFilter &filter) {
  func::FuncOp training = step.getFunction();
  if (!step.findArgument(PruneDialect::kInputAttrName, "learning_rate"))
    return training.emitError(
        "expected a training step, which has a learning rate");
  bool isAnyChosen = false;
  for (const TrainableParameter &parameter : step.getParameters()) {
    if (!filter.matches(parameter.param))
      continue;
    isAnyChosen = true;
    StringRef name = parameter.param.getName();
    if (!step.findResult(PruneDialect::kStateAttrName, name))
      return training.emitError() << "expected a training step, which returns "
                                     "parameter '"
                                  << name << "'";
    auto type = cast<RankedTensorType>(step.getArgument(parameter).getType());
    if (groups && isCompressed(step.getArgument(parameter)))
      return training.emitError()
             << "expected '" << name
             << "' in its shape, which groups need, got its compressed values";
    if (groups && failed(groups.getGridShape(type.getShape())))
      return training.emitError()
             << "granularity '" << granularity << "' does not fit parameter '"
             << name << "' of type " << type;
  }
  if (!isAnyChosen)
    training.emitWarning("no parameter to take proximal steps of");
  return success();
}

/// `learning rate * strength`, at the start of the function so that updates can
/// use it.
Value InsertProximalStepsPass::getThreshold(LossFunction &step, double number) {
  func::FuncOp training = step.getFunction();
  StringRef key = PruneDialect::kInputAttrName;
  Value rate = training.getArgument(*step.findArgument(key, "learning_rate"));
  OpBuilder builder = OpBuilder::atBlockBegin(&training.front());
  Location loc = training.getLoc();
  if (!runtimeStrength)
    return scaleScalar(builder, loc, rate, number);
  Value amount;
  if (auto position = step.findArgument(key, "strength"))
    amount = training.getArgument(*position);
  else
    amount = step.appendArgument(rate.getType(), key, "strength", loc);
  Value scaled = scaleScalar(builder, loc, amount, number);
  return arith::MulFOp::create(builder, loc, rate, scaled);
}

/// The mask of an update that holds what it does not set, else null.
static Value getHoldingMask(Value weight) {
  if (auto sgd = weight.getDefiningOp<SgdUpdateOp>();
      sgd && sgd.getFreezeMasked())
    return sgd.getMask();
  if (auto adam = weight.getDefiningOp<AdamUpdateOp>();
      adam && adam.getFreezeMasked())
    return adam.getMask();
  return {};
}

void InsertProximalStepsPass::addStep(LossFunction &step,
                                      const TrainableParameter &parameter) {
  StringRef name = parameter.param.getName();
  unsigned result = *step.findResult(PruneDialect::kStateAttrName, name);
  std::optional<unsigned> own = factors.find(name);
  double common = runtimeStrength ? 1.0 : static_cast<double>(strength);
  Value threshold = getThreshold(step, own ? factors.getNumber(*own) : common);
  func::ReturnOp returnOp = step.getReturn();
  Value weight = returnOp.getOperand(result);
  OpBuilder builder(returnOp);
  Location loc = weight.getLoc();
  Value next = ProximalOp::create(builder, loc, weight.getType(), kind, weight,
                                  threshold, groups);
  if (Value mask = getHoldingMask(weight))
    next = arith::SelectOp::create(builder, loc, mask, next, weight);
  returnOp.setOperand(result, next);
  ++numSteps;
}

void InsertProximalStepsPass::runOnOperation() {
  FailureOr<LossFunction> step = LossFunction::find(getOperation(), function);
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), roles, parameters, ignore);
  if (failed(step) || failed(filter) || failed(readOptions()) ||
      failed(verifyStep(*step, *filter)))
    return signalPassFailure();
  warnOfUnused(*filter, *step);
  for (const TrainableParameter &parameter : step->getParameters())
    if (filter->matches(parameter.param))
      addStep(*step, parameter);
}
