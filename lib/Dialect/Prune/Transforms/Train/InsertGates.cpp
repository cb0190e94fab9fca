//===- InsertGates.cpp - Gate weights by auxiliary parameters -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One argument and one prune.gate per chosen weight, at the start of the
// function, so that every use sees the gated value. What else belongs to a
// neuron is found along the data flow: the bias where the sums of the weight
// start, and the normalization that reads them. Linear in parameters times
// operations.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Analysis/ChannelVectors.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTGATESPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-insert-gates"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct InsertGatesPass final
    : prune::impl::InsertGatesPassBase<InsertGatesPass> {
  using InsertGatesPassBase::InsertGatesPassBase;

  void runOnOperation() override;

private:
  FailureOr<SmallVector<BlockArgument>> chooseWeights(func::FuncOp target);
  FailureOr<BlockArgument> addAuxiliary(func::FuncOp target,
                                        BlockArgument weight);
  void insertGate(OpBuilder &builder, BlockArgument weight, BlockArgument aux);

  SteAttr estimator;
};
} // namespace

static bool isGated(Value weight) {
  return llvm::any_of(weight.getUsers(), [&](Operation *user) {
    auto gate = dyn_cast<GateOp>(user);
    return gate && gate.getWeight() == weight;
  });
}

//===----------------------------------------------------------------------===//
// What belongs to a neuron
//===----------------------------------------------------------------------===//

/// Collects parameters with one element per output of a weight.
class ChannelParameters {
public:
  explicit ChannelParameters(BlockArgument weight)
      : channels(cast<RankedTensorType>(weight.getType()).getDimSize(0)) {
    auto function = cast<func::FuncOp>(weight.getOwner()->getParentOp());
    function.walk([&](PrunableOpInterface op) {
      if (op.getWeight() != weight)
        return;
      for (OpOperand *use : getChannelVectors(op))
        add(use->get());
    });
  }

  ArrayRef<BlockArgument> get() const { return found.getArrayRef(); }

private:
  void add(Value value) {
    auto argument = dyn_cast<BlockArgument>(skipReshapes(value));
    if (!argument || !getParam(argument) || isGated(argument))
      return;
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (type && type.getRank() == 1 && type.getDimSize(0) == channels)
      found.insert(argument);
  }

  int64_t channels;
  llvm::SetVector<BlockArgument> found;
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<BlockArgument>>
InsertGatesPass::chooseWeights(func::FuncOp target) {
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), roles, parameters, ignore);
  if (failed(filter))
    return failure();
  SmallVector<ParamAttr> known;
  SmallVector<BlockArgument> chosen;
  bool isAnyChosen = false;
  for (BlockArgument argument : target.getArguments()) {
    ParamAttr param = getParam(argument);
    if (!param)
      continue;
    known.push_back(param);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!filter->matches(param) || !type || !type.hasStaticShape() ||
        type.getRank() == 0 || !isa<FloatType>(type.getElementType()))
      continue;
    isAnyChosen = true;
    if (!isGated(argument))
      chosen.push_back(argument);
  }
  warnOfUnused(*filter, target, known);
  if (!isAnyChosen)
    target.emitWarning("no parameter to gate");
  return chosen;
}

/// The new parameter `<w>.gate`, appended to the arguments.
FailureOr<BlockArgument> InsertGatesPass::addAuxiliary(func::FuncOp target,
                                                       BlockArgument weight) {
  std::string name = (getParam(weight).getName() + ".gate").str();
  for (BlockArgument argument : target.getArguments())
    if (ParamAttr param = getParam(argument); param && param.getName() == name)
      return target.emitError() << "the name '" << name << "' is taken";
  auto type = cast<RankedTensorType>(weight.getType());
  if (granularity == GateGranularity::Channel)
    type = RankedTensorType::get({type.getDimSize(0)}, type.getElementType());
  auto param = ParamAttr::get(&getContext(), name, ParamRole::Auxiliary);
  NamedAttribute marker(
      StringAttr::get(&getContext(), PruneDialect::kParamAttrName), param);
  unsigned position = target.getNumArguments();
  if (failed(target.insertArgument(position, type,
                                   DictionaryAttr::get(&getContext(), {marker}),
                                   weight.getLoc())))
    return failure();
  ++numAuxiliary;
  return target.getArgument(position);
}

/// Makes every use of the weight see the gated value.
void InsertGatesPass::insertGate(OpBuilder &builder, BlockArgument weight,
                                 BlockArgument aux) {
  GranularityAttr groups;
  if (weight.getType() != aux.getType())
    groups = GranularityAttr::get(&getContext(), GranularityKind::Channel, {},
                                  /*axis=*/0);
  auto gate =
      GateOp::create(builder, weight.getLoc(), weight.getType(), weight, aux,
                     estimator, static_cast<GateRule>(rule), groups);
  weight.replaceAllUsesExcept(gate, gate);
  LDBG() << "inserted " << gate;
  remark::passed(weight.getLoc(),
                 remark::RemarkOpts::name("GateInserted").category(DEBUG_TYPE))
      << "gated a parameter"
      << remark::metric("Parameter", getParam(weight).getName())
      << remark::metric("Gates", getParam(aux).getName());
  ++numGates;
}

void InsertGatesPass::runOnOperation() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  APFloat slopeValue(slope.getValue());
  FailureOr<func::FuncOp> target = findFunction(getOperation(), function);
  if (failed(SteAttr::verify(emitError, ste, slopeValue)) || failed(target) ||
      failed(verifyNotCalled(*target)))
    return signalPassFailure();
  estimator = SteAttr::get(&getContext(), ste, slopeValue);
  FailureOr<SmallVector<BlockArgument>> chosen = chooseWeights(*target);
  if (failed(chosen))
    return signalPassFailure();
  OpBuilder builder = OpBuilder::atBlockBegin(&target->front());
  for (BlockArgument weight : *chosen) {
    // Before the gate comes between the weight and its layers.
    std::optional<ChannelParameters> others;
    if (granularity == GateGranularity::Channel)
      others.emplace(weight);
    FailureOr<BlockArgument> aux = addAuxiliary(*target, weight);
    if (failed(aux))
      return signalPassFailure();
    insertGate(builder, weight, *aux);
    if (others)
      for (BlockArgument other : others->get())
        insertGate(builder, other, *aux);
  }
}
