//===- InsertStraightThroughMasks.cpp - Mask weights in a network ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Puts prune.apply_mask between each chosen weight and everything that reads
// it. Linear in the uses of the weights.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Ranking.h"
#include "StepState.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTSTRAIGHTTHROUGHMASKSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-insert-straight-through-masks"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct InsertStraightThroughMasksPass final
    : prune::impl::InsertStraightThroughMasksPassBase<
          InsertStraightThroughMasksPass> {
  using InsertStraightThroughMasksPassBase::InsertStraightThroughMasksPassBase;

  void runOnOperation() override;

private:
  LogicalResult readOptions();
  bool canMask(func::FuncOp network, BlockArgument weight, ParamAttr param);
  void maskWeight(StateFunctionBuilder &network, BlockArgument weight,
                  ParamAttr param);

  GranularityAttr groups;
  std::optional<double> share;
};
} // namespace

LogicalResult InsertStraightThroughMasksPass::readOptions() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  groups = parseGranularity(&getContext(), granularity, emitError);
  if (!groups)
    return failure();
  share.reset();
  bool isPattern = groups.getKind() == GranularityKind::NOfM;
  unsigned numRules = isPattern + !sparsity.empty() + runtimeSparsity + state;
  if (numRules != 1)
    return emitError()
           << "expected one of sparsity, runtime-sparsity, state and an "
              "n_of_m granularity to choose masks by";
  double number = 0.0;
  if (!sparsity.empty()) {
    if (StringRef(sparsity).getAsDouble(number) ||
        !(number >= 0.0 && number <= 1.0))
      return emitError() << "expected a sparsity in [0, 1], got '" << sparsity
                         << "'";
    share = number;
  }
  if (!(decay >= 0.0))
    return emitError() << "expected a decay that is not negative, got "
                       << decay;
  if (maskGradient && decay != 0.0)
    return emitError() << "decay needs the gradient of what is pruned: "
                          "expected no mask-gradient";
  return success();
}

/// A granularity that does not fit leaves the weight alone, with a remark.
bool InsertStraightThroughMasksPass::canMask(func::FuncOp network,
                                             BlockArgument weight,
                                             ParamAttr param) {
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  bool fits = type && type.hasStaticShape() &&
              isa<FloatType>(type.getElementType()) &&
              succeeded(groups.getGridShape(type.getShape()));
  LDBG() << "mask of '" << param.getName() << "' "
         << (fits ? "fits" : "does not fit");
  if (!fits)
    remark::missed(weight.getLoc(), remark::RemarkOpts::name("WeightNotMasked")
                                        .category(DEBUG_TYPE)
                                        .function(network.getName()))
        << remark::metric("Parameter", param.getName())
        << remark::reason("the granularity has no groups in the shape");
  return fits;
}

void InsertStraightThroughMasksPass::maskWeight(StateFunctionBuilder &network,
                                                BlockArgument weight,
                                                ParamAttr param) {
  OpBuilder builder = OpBuilder::atBlockBegin(weight.getOwner());
  Location loc = weight.getLoc();
  Type maskType = getMaskType(weight.getType());
  Value mask;
  if (state) {
    mask = network.getState(getStateName("mask", param), maskType);
  } else {
    Type element = getElementTypeOrSelf(weight.getType());
    Value value;
    if (runtimeSparsity)
      value = network.getInput("sparsity", element);
    else if (share)
      value = arith::ConstantOp::create(builder, loc,
                                        builder.getFloatAttr(element, *share));
    Value scores = createMagnitudes(builder, loc, weight, groups);
    mask =
        createSelection(builder, loc, scores, maskType, value, groups).front();
  }
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : weight.getUses())
    if (!isa<ScoreOp>(use.getOwner()))
      uses.push_back(&use);
  auto masked =
      ApplyMaskOp::create(builder, loc, weight.getType(), weight, mask,
                          maskGradient ? UnitAttr() : builder.getUnitAttr(),
                          builder.getF64FloatAttr(decay));
  for (OpOperand *use : uses)
    use->set(masked);
  ++numMasked;
}

void InsertStraightThroughMasksPass::runOnOperation() {
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), roles, parameters, ignore);
  if (failed(readOptions()) || failed(filter))
    return signalPassFailure();
  FailureOr<func::FuncOp> found =
      findSingleBlockFunction(getOperation(), function);
  if (failed(found) ||
      ((state || runtimeSparsity) && failed(verifyNotCalled(*found))))
    return signalPassFailure();
  func::FuncOp network = *found;
  StateFunctionBuilder step(network);
  bool isAnyChosen = false;
  for (unsigned i = 0, e = network.getNumArguments(); i < e; ++i) {
    auto param =
        network.getArgAttrOfType<ParamAttr>(i, PruneDialect::kParamAttrName);
    if (!param || !filter->matches(param))
      continue;
    isAnyChosen = true;
    if (canMask(network, network.getArgument(i), param))
      maskWeight(step, network.getArgument(i), param);
  }
  if (!isAnyChosen)
    network.emitWarning("no parameter to mask");
}
