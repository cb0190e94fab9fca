//===- BuildTrainStep.cpp - Turn a gradient function into a step ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Appends the missing state to the arguments, replaces each gradient by one
// optimizer update, and then puts arguments and results into the order of the
// training step. Linear in arguments and results.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "UpdateBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::prune {
#define GEN_PASS_DEF_BUILDTRAINSTEPPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct BuildTrainStepPass final
    : prune::impl::BuildTrainStepPassBase<BuildTrainStepPass> {
  using BuildTrainStepPassBase::BuildTrainStepPassBase;

  void runOnOperation() override;

private:
  LogicalResult verifySettings();
  LogicalResult verifyAuxiliarySettings();
  LogicalResult readDecayRoles();
  LogicalResult verifyFunction(const LossFunction &loss);
  BuildTrainStepPassOptions getOptions() const;

  SmallVector<ParamRole> decayed;
};
} // namespace

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

LogicalResult BuildTrainStepPass::verifySettings() {
  auto isShare = [](double x) { return x >= 0.0 && x < 1.0; };
  Location loc = getOperation().getLoc();
  if (!isShare(momentum))
    return emitError(loc) << "expected a momentum in [0, 1), got " << momentum;
  if (!isShare(beta1) || !isShare(beta2))
    return emitError(loc) << "expected beta1 and beta2 in [0, 1), got " << beta1
                          << " and " << beta2;
  if (!(epsilon > 0.0))
    return emitError(loc) << "expected a positive epsilon, got " << epsilon;
  if (!(weightDecay >= 0.0))
    return emitError(loc)
           << "expected a weight decay that is not negative, got "
           << weightDecay;
  if (!(clampAuxiliary >= 0.0))
    return emitError(loc) << "expected a limit of auxiliary parameters that is "
                             "not negative, got "
                          << clampAuxiliary;
  if (decayFrozen && !freezeGated)
    return emitError(loc) << "expected freeze-gated with decay-frozen";
  bool isSgd = optimizer == OptimizerKind::Sgd;
  if (!isSgd && (momentum != 0.0 || nesterov))
    return emitError(loc) << "momentum and nesterov are settings of sgd";
  if (nesterov && momentum == 0.0)
    return emitError(loc) << "expected momentum with nesterov";
  if (failed(verifyAuxiliarySettings()))
    return failure();
  return readDecayRoles();
}

LogicalResult BuildTrainStepPass::verifyAuxiliarySettings() {
  Location loc = getOperation().getLoc();
  if (!(auxiliaryMomentum >= 0.0 && auxiliaryMomentum < 1.0))
    return emitError(loc) << "expected an auxiliary momentum in [0, 1), got "
                          << auxiliaryMomentum;
  bool isSgd = auxiliaryOptimizer == OptimizerKind::Sgd;
  if (!separateAuxiliary && (auxiliaryMomentum != 0.0 || !isSgd))
    return emitError(loc) << "expected separate-auxiliary with an optimizer of "
                             "auxiliary parameters";
  if (!isSgd && auxiliaryMomentum != 0.0)
    return emitError(loc) << "the auxiliary momentum is a setting of sgd";
  return success();
}

LogicalResult BuildTrainStepPass::readDecayRoles() {
  decayed.clear();
  if (decayRoles.empty())
    decayed.push_back(ParamRole::Weight);
  for (StringRef text : decayRoles) {
    std::optional<ParamRole> role = symbolizeParamRole(text);
    if (!role)
      return emitError(getOperation().getLoc())
             << "expected a role weight, bias, scale, buffer or auxiliary, "
                "got '"
             << text << "'";
    decayed.push_back(*role);
  }
  return success();
}

LogicalResult BuildTrainStepPass::verifyFunction(const LossFunction &loss) {
  if (failed(loss.verifyGradients()))
    return failure();
  func::FuncOp function = loss.getFunction();
  ModuleOp module = getOperation();
  if (loss.getParameters().empty())
    return function.emitError("expected at least one trainable parameter");
  for (StringRef rate : {"learning_rate", "auxiliary_learning_rate"})
    if (loss.findArgument(PruneDialect::kInputAttrName, rate))
      return function.emitError("the function has a learning rate already");
  Operation *taken = module.lookupSymbol(name);
  if (taken && taken != function)
    return taken->emitError() << "the name '" << name << "' is taken";
  if (failed(verifyNotCalled(function)))
    return failure();
  Type element = getElementTypeOrSelf(loss.getLoss().getType());
  for (const TrainableParameter &parameter : loss.getParameters()) {
    Type type = loss.getArgument(parameter).getType();
    if (getElementTypeOrSelf(type) != element)
      return function.emitError()
             << "expected parameter '" << parameter.param.getName()
             << "' to have the loss's element type " << element << ", got "
             << type;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

BuildTrainStepPassOptions BuildTrainStepPass::getOptions() const {
  BuildTrainStepPassOptions options;
  options.optimizer = optimizer;
  options.momentum = momentum;
  options.nesterov = nesterov;
  options.weightDecay = weightDecay;
  options.beta1 = beta1;
  options.beta2 = beta2;
  options.epsilon = epsilon;
  options.clampAuxiliary = clampAuxiliary;
  options.separateAuxiliary = separateAuxiliary;
  options.auxiliaryOptimizer = auxiliaryOptimizer;
  options.auxiliaryMomentum = auxiliaryMomentum;
  options.freezeGated = freezeGated;
  options.decayFrozen = decayFrozen;
  return options;
}

void BuildTrainStepPass::runOnOperation() {
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  if (failed(verifySettings()) || failed(loss) || failed(verifyFunction(*loss)))
    return signalPassFailure();
  BuildTrainStepPassOptions options = getOptions();
  UpdateBuilder updates(*loss, options, decayed);
  if (failed(updates.addStepCounter()))
    return signalPassFailure();
  // Gates last: what they open and close is decided by their values before.
  for (bool isGate : {false, true})
    for (const TrainableParameter &parameter : loss->getParameters())
      if ((parameter.param.getRole() == ParamRole::Auxiliary) == isGate)
        updates.addUpdate(parameter);
  numUpdates += loss->getParameters().size();
  numMasked += updates.getNumMasked();
  numFrozen += updates.getNumHeld();
  numStateAdded += updates.getNumStateAdded();

  func::FuncOp step = loss->getFunction();
  sortTrainStepArguments(step);
  setTrainStepResults(step, updates.getNewState());
  step.setName(name);
}
