//===- BuildMaskStep.cpp - Functions that move masks ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads the masked parameters of a training step and builds a function on the
// same state: for magnitude a new one, for rigl out of a gradient function,
// whose gradients it needs. Everything is operations of the dialect, so the
// ranking is that of every selection. Linear in parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"
#include "Ranking.h"
#include "StepState.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

namespace mlir::prune {
#define GEN_PASS_DEF_BUILDMASKSTEPPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct BuildMaskStepPass final
    : prune::impl::BuildMaskStepPassBase<BuildMaskStepPass> {
  using BuildMaskStepPassBase::BuildMaskStepPassBase;

  void runOnOperation() override;

private:
  LogicalResult readOptions();
  LogicalResult chooseParameters();
  LogicalResult verifyRigL(const LossFunction &loss);
  void buildMagnitude();
  void buildRigL(const LossFunction &loss);

  /// Sets the new mask, and zeroes weight and moments where `stays` is not
  /// set.
  void moveMask(StateFunctionBuilder &step, const StepParameter &parameter,
                Value mask, Value stays);
  Value getMask(StateFunctionBuilder &step, const StepParameter &parameter) {
    return step.getState(getStateName("mask", parameter.param),
                         getMaskType(parameter.type));
  }

  GranularityAttr groups;
  ParameterFilter filter;
  NumberRules factors;
  SmallVector<StepParameter> chosen;
};
} // namespace

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

LogicalResult BuildMaskStepPass::readOptions() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  if (scope != "tensor" && scope != "global")
    return emitError() << "expected scope tensor or global, got '" << scope
                       << "'";
  if (scope == "global" && !sparsities.empty())
    return emitError() << "factors of the sparsity need scope=tensor";
  groups = parseGranularity(&getContext(), granularity, emitError);
  FailureOr<ParameterFilter> names =
      ParameterFilter::get({}, parameters, ignore, emitError);
  FailureOr<NumberRules> numbers = NumberRules::get(sparsities, emitError);
  if (!groups || failed(names) || failed(numbers))
    return failure();
  filter = *names;
  factors = *numbers;
  bool isPlain = groups.getKind() == GranularityKind::Unstructured;
  if (rule == MaskRule::RigL && (!isPlain || keepValues))
    return emitError()
           << "rigl moves single weights, and what it drops becomes "
              "zero: expected no granularity and no keep-values";
  return verifyNameIsFree(getOperation(), name);
}

LogicalResult BuildMaskStepPass::chooseParameters() {
  FailureOr<SmallVector<StepParameter>> found =
      readStepParameters(getOperation(), step);
  if (failed(found))
    return failure();
  Operation *function = getOperation().lookupSymbol(step);
  chosen.clear();
  for (StepParameter &parameter : *found) {
    if (!parameter.hasMask || !filter.matches(parameter.param))
      continue;
    if (failed(groups.getGridShape(parameter.type.getShape())))
      return function->emitError()
             << "granularity '" << granularity << "' does not fit parameter '"
             << parameter.param.getName() << "' of type " << parameter.type;
    chosen.push_back(std::move(parameter));
  }
  if (chosen.empty())
    return function->emitError(
        "expected at least one mask to move, as prune-mask-gradients adds");
  return success();
}

LogicalResult BuildMaskStepPass::verifyRigL(const LossFunction &loss) {
  func::FuncOp gradient = loss.getFunction();
  if (failed(loss.verifyGradients()) || failed(verifyNotCalled(gradient)))
    return failure();
  for (const StepParameter &parameter : chosen)
    if (llvm::none_of(loss.getParameters(), [&](const auto &other) {
          return other.param == parameter.param;
        }))
      return gradient.emitError()
             << "expected a gradient of '" << parameter.param.getName() << "'";
  return success();
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

void BuildMaskStepPass::moveMask(StateFunctionBuilder &step,
                                 const StepParameter &parameter, Value mask,
                                 Value stays) {
  OpBuilder &builder = step.getBuilder();
  Location loc = mask.getLoc();
  step.setState(getStateName("mask", parameter.param), mask);
  ++numMoved;
  if (keepValues)
    return;
  Value weight = step.getParameter(parameter);
  Value pruned = ApplyMaskOp::create(builder, loc, weight, stays);
  step.setState(parameter.param.getName(), pruned);
  for (StringRef name : parameter.moments) {
    Value moment = step.getState(name, parameter.type);
    Value left = ApplyMaskOp::create(builder, loc, moment, stays);
    step.setState(name, left);
  }
}

void BuildMaskStepPass::buildMagnitude() {
  auto function =
      StateFunctionBuilder::create(getOperation(), name, /*neighbor=*/step);
  OpBuilder &builder = function.getBuilder();
  Location loc = function.getFunction().getLoc();
  bool hasSparsity = groups.getKind() != GranularityKind::NOfM;
  SmallVector<Value> scores;
  SmallVector<Type> types;
  for (const StepParameter &parameter : chosen) {
    Value weight = function.getParameter(parameter);
    Value own = createMagnitudes(builder, loc, weight, groups);
    if (!keepValues) {
      Value mask = getMask(function, parameter);
      own = rankPrunedLowest(builder, loc, own, mask, groups);
    }
    scores.push_back(own);
    types.push_back(getMaskType(parameter.type));
  }
  Value sparsity;
  if (hasSparsity)
    sparsity =
        function.getInput("sparsity", getElementTypeOrSelf(scores.front()));

  SmallVector<Value> masks;
  if (scope == "global")
    masks = createSelection(builder, loc, scores, types, sparsity, groups);
  else
    for (auto [parameter, score, type] :
         llvm::zip_equal(chosen, scores, types)) {
      std::optional<unsigned> own = factors.find(parameter.param.getName());
      Value share = sparsity;
      if (sparsity && own)
        share = scaleScalar(builder, loc, sparsity, factors.getNumber(*own));
      llvm::append_range(
          masks, createSelection(builder, loc, score, type, share, groups));
    }
  for (auto [parameter, mask] : llvm::zip_equal(chosen, masks)) {
    Value old = getMask(function, parameter);
    Value next = mask;
    if (!keepValues)
      next = arith::AndIOp::create(builder, loc, mask, old);
    moveMask(function, parameter, next, next);
  }
  function.finish();
}

/// How many elements the mask keeps, as a number of the given type.
static Value countKept(OpBuilder &builder, Location loc, Value mask,
                       Type element) {
  auto type = cast<RankedTensorType>(mask.getType());
  Value ones = arith::UIToFPOp::create(builder, loc, type.clone(element), mask);
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq(type.getRank()));
  Value sum = createSum(builder, loc, ones, all);
  return tensor::ExtractOp::create(builder, loc, sum);
}

void BuildMaskStepPass::buildRigL(const LossFunction &loss) {
  func::FuncOp gradientFunction = loss.getFunction();
  StateFunctionBuilder function(gradientFunction);
  OpBuilder &builder = function.getBuilder();
  Location loc = gradientFunction.getLoc();
  for (const StepParameter &parameter : chosen) {
    auto *own = llvm::find_if(loss.getParameters(), [&](const auto &other) {
      return other.param == parameter.param;
    });
    Value gradient = loss.getReturn().getOperand(*own->gradient);
    Value weight = function.getParameter(parameter);
    Value mask = getMask(function, parameter);
    Type element = parameter.type.getElementType();
    Value fraction = function.getInput("fraction", element);

    // Numbers of elements are whole, so that the sparsities below round to
    // them.
    Value kept = countKept(builder, loc, mask, element);
    Value total = arith::ConstantOp::create(
        builder, loc,
        builder.getFloatAttr(element, parameter.type.getNumElements()));
    Value share = arith::MulFOp::create(builder, loc, fraction, kept);
    Value dropped = math::FloorOp::create(builder, loc, share);
    Value inactive = arith::SubFOp::create(builder, loc, total, kept);
    Value absent = arith::AddFOp::create(builder, loc, inactive, dropped);
    Value dropShare = arith::DivFOp::create(builder, loc, absent, total);
    Value growShare = arith::DivFOp::create(builder, loc, inactive, total);

    Type maskType = mask.getType();
    Value magnitudes = createMagnitudes(builder, loc, weight, groups);
    Value active = rankPrunedLowest(builder, loc, magnitudes, mask, groups);
    Value left =
        createSelection(builder, loc, active, maskType, dropShare, groups)
            .front();
    // What is left ranks above every gradient.
    Value slopes = createMagnitudes(builder, loc, gradient, groups);
    FloatAttr infinity =
        builder.getFloatAttr(element, std::numeric_limits<double>::infinity());
    Value highest = arith::ConstantOp::create(
        builder, loc, DenseElementsAttr::get(parameter.type, infinity));
    Value candidates =
        arith::SelectOp::create(builder, loc, left, highest, slopes);
    Value next =
        createSelection(builder, loc, candidates, maskType, growShare, groups)
            .front();
    Value stays = arith::AndIOp::create(builder, loc, next, mask);
    moveMask(function, parameter, next, stays);
  }
  function.finish();
  gradientFunction.setName(name);
}

void BuildMaskStepPass::runOnOperation() {
  if (failed(readOptions()) || failed(chooseParameters()))
    return signalPassFailure();
  if (rule == MaskRule::Magnitude)
    return buildMagnitude();
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  if (failed(loss) || failed(verifyRigL(*loss)))
    return signalPassFailure();
  buildRigL(*loss);
}
