//===- VerifyTrainStep.cpp - Check the form of a training step ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Compares the state arguments of a function with its state results. Names are
// looked up in ordered maps, so the first offender by position is reported.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "llvm/ADT/StringMap.h"

namespace mlir::prune {
#define GEN_PASS_DEF_VERIFYTRAINSTEPPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct VerifyTrainStepPass final
    : prune::impl::VerifyTrainStepPassBase<VerifyTrainStepPass> {
  using VerifyTrainStepPassBase::VerifyTrainStepPassBase;

  void runOnOperation() override;

private:
  LogicalResult verifyArguments(func::FuncOp step);
  LogicalResult verifyResults(func::FuncOp step);
  LogicalResult verifyParameters(const LossFunction &loss);
  LogicalResult verifyCompanions(func::FuncOp step);

  /// Type of each state argument, of each state result, and of each parameter,
  /// by name.
  llvm::StringMap<Type> argumentStates, resultStates, parameterTypes;
};
} // namespace

LogicalResult VerifyTrainStepPass::verifyArguments(func::FuncOp step) {
  for (unsigned i = 0, e = step.getNumArguments(); i < e; ++i) {
    Type type = step.getArgumentTypes()[i];
    if (auto param =
            step.getArgAttrOfType<ParamAttr>(i, PruneDialect::kParamAttrName))
      parameterTypes[param.getName()] = type;
    auto state =
        step.getArgAttrOfType<StringAttr>(i, PruneDialect::kStateAttrName);
    if (state && !argumentStates.try_emplace(state.getValue(), type).second)
      return step.emitError() // train_step_c3
             << "two arguments carry the state " << state;
  }
  return success();
}

LogicalResult VerifyTrainStepPass::verifyResults(func::FuncOp step) {
  for (unsigned i = 0, e = step.getNumResults(); i < e; ++i) {
    Type type = step.getResultTypes()[i];
    if (step.getResultAttr(i, PruneDialect::kGradOfAttrName))
      return step.emitError() // train_step_c7
             << "result " << i << " of a training step is a gradient";
    auto state =
        step.getResultAttrOfType<StringAttr>(i, PruneDialect::kStateAttrName);
    if (!state)
      continue;
    if (!resultStates.try_emplace(state.getValue(), type).second)
      return step.emitError() // train_step_c3
             << "two results carry the state " << state;
    auto argument = argumentStates.find(state.getValue());
    if (argument == argumentStates.end()) // train_step_c4
      return step.emitError() << "state " << state << " has no argument";
    if (argument->second != type) // train_step_c4
      return step.emitError() << "expected state " << state << " of type "
                              << argument->second << ", got " << type;
  }
  return success();
}

LogicalResult VerifyTrainStepPass::verifyParameters(const LossFunction &loss) {
  func::FuncOp step = loss.getFunction();
  for (const TrainableParameter &parameter : loss.getParameters()) {
    StringRef name = parameter.param.getName();
    auto state = step.getArgAttrOfType<StringAttr>(
        parameter.argument, PruneDialect::kStateAttrName);
    if (!state || state.getValue() != name || !resultStates.contains(name))
      return step.emitError() // train_step_c5
             << "expected parameter '" << name
             << "' to be state that is returned";
  }
  return success();
}

LogicalResult VerifyTrainStepPass::verifyCompanions(func::FuncOp step) {
  for (unsigned i = 0, e = step.getNumArguments(); i < e; ++i) {
    auto state =
        step.getArgAttrOfType<StringAttr>(i, PruneDialect::kStateAttrName);
    // A parameter may be called just `mask`.
    if (!state || !state.getValue().contains(':'))
      continue;
    auto [kind, name] = state.getValue().split(':');
    if (!llvm::is_contained({"mask", "velocity", "moment1", "moment2"}, kind))
      continue;
    auto owner = parameterTypes.find(name);
    if (owner == parameterTypes.end() ||
        !isa<RankedTensorType>(owner->second)) // train_step_c6
      return step.emitError() << "state " << state << " has no parameter";
    Type expected = kind == "mask" ? getMaskType(owner->second) : owner->second;
    if (step.getArgumentTypes()[i] != expected) // train_step_c6
      return step.emitError()
             << "expected state " << state << " of type " << expected
             << ", got " << step.getArgumentTypes()[i];
  }
  return success();
}

void VerifyTrainStepPass::runOnOperation() {
  argumentStates.clear();
  resultStates.clear();
  parameterTypes.clear();
  // train_step_c1, train_step_c2
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  if (failed(loss))
    return signalPassFailure();
  func::FuncOp step = loss->getFunction();
  if (failed(verifyArguments(step)) || failed(verifyResults(step)) ||
      failed(verifyParameters(*loss)) || failed(verifyCompanions(step)))
    return signalPassFailure();
  markAllAnalysesPreserved();
}
