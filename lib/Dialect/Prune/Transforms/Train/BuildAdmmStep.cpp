//===- BuildAdmmStep.cpp - The projection of ADMM -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Per parameter one ranking and two element-wise operations, in a new function
// on the state of the training step. Linear in parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Ranking.h"
#include "StepState.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::prune {
#define GEN_PASS_DEF_BUILDADMMSTEPPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct BuildAdmmStepPass final
    : prune::impl::BuildAdmmStepPassBase<BuildAdmmStepPass> {
  using BuildAdmmStepPassBase::BuildAdmmStepPassBase;

  void runOnOperation() override;

private:
  LogicalResult readOptions();
  void project(StateFunctionBuilder &function, const StepParameter &parameter);

  GranularityAttr groups;
  NumberRules numbers;
};
} // namespace

LogicalResult BuildAdmmStepPass::readOptions() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  groups = parseGranularity(&getContext(), granularity, emitError);
  FailureOr<NumberRules> rules = NumberRules::get(sparsities, emitError);
  if (!groups || failed(rules))
    return failure();
  numbers = *rules;
  for (unsigned i = 0; i < sparsities.size(); ++i)
    if (double number = numbers.getNumber(i);
        number < 0.0 || (!runtimeSparsity && number > 1.0))
      return emitError() << "expected a sparsity in [0, 1], got " << number;
  return verifyNameIsFree(getOperation(), name);
}

void BuildAdmmStepPass::project(StateFunctionBuilder &function,
                                const StepParameter &parameter) {
  OpBuilder &builder = function.getBuilder();
  Location loc = function.getFunction().getLoc();
  std::string projection = getStateName("admm_z", parameter.param);
  std::string dual = getStateName("admm_u", parameter.param);
  Value weight = function.getParameter(parameter);
  // The old projection is not read, but its memory receives the new one.
  (void)function.getState(projection, parameter.type);
  Value u = function.getState(dual, parameter.type);
  Value sum = arith::AddFOp::create(builder, loc, weight, u);
  Value scores = createMagnitudes(builder, loc, sum, groups);

  Value sparsity;
  if (groups.getKind() != GranularityKind::NOfM) {
    Type element = parameter.type.getElementType();
    std::optional<unsigned> own = numbers.find(parameter.param.getName());
    double number = own ? numbers.getNumber(*own) : 1.0;
    if (runtimeSparsity)
      sparsity = scaleScalar(builder, loc,
                             function.getInput("sparsity", element), number);
    else
      sparsity = arith::ConstantOp::create(
          builder, loc, builder.getFloatAttr(element, number));
  }
  Value mask = createSelection(builder, loc, scores,
                               getMaskType(parameter.type), sparsity, groups)
                   .front();
  Value z = ApplyMaskOp::create(builder, loc, sum, mask);
  Value left = arith::SubFOp::create(builder, loc, sum, z);
  function.setState(projection, z);
  function.setState(dual, left);
  ++numProjected;
}

void BuildAdmmStepPass::runOnOperation() {
  FailureOr<SmallVector<StepParameter>> parameters =
      readStepParameters(getOperation(), step);
  if (failed(parameters) || failed(readOptions()))
    return signalPassFailure();
  Operation *training = getOperation().lookupSymbol(step);
  llvm::erase_if(*parameters, [](const auto &p) { return !p.hasProjection; });
  if (parameters->empty()) {
    training->emitError(
        "expected at least one projection, as prune-insert-admm adds");
    return signalPassFailure();
  }
  bool needsSparsity =
      groups.getKind() != GranularityKind::NOfM && !runtimeSparsity;
  for (const StepParameter &parameter : *parameters) {
    StringRef name = parameter.param.getName();
    if (failed(groups.getGridShape(parameter.type.getShape()))) {
      training->emitError()
          << "granularity '" << granularity << "' does not fit parameter '"
          << name << "' of type " << parameter.type;
      return signalPassFailure();
    }
    if (needsSparsity && !numbers.find(name)) {
      training->emitError()
          << "expected a sparsity for parameter '" << name << "'";
      return signalPassFailure();
    }
  }
  auto function =
      StateFunctionBuilder::create(getOperation(), name, /*neighbor=*/step);
  for (const StepParameter &parameter : *parameters)
    project(function, parameter);
  function.finish();
}
