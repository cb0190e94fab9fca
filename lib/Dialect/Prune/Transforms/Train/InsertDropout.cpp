//===- InsertDropout.cpp - Drop a share of what layers read ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One prune.dropout in front of each chosen layer, in the order of the layers,
// which numbers their seeds. Linear in operations times rules.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTDROPOUTPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-insert-dropout"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct InsertDropoutPass final
    : prune::impl::InsertDropoutPassBase<InsertDropoutPass> {
  using InsertDropoutPassBase::InsertDropoutPassBase;

  void runOnOperation() override {
    if (failed(insertDropouts()))
      signalPassFailure();
  }

private:
  LogicalResult insertDropouts();
  FailureOr<Value> getCounter(func::FuncOp target);
};
} // namespace

/// Where a layer reads its activations: before they are padded.
static OpOperand *findActivation(PrunableOpInterface op) {
  auto layer = dyn_cast<DestinationStyleOpInterface>(op.getOperation());
  OpOperand *weight = op.getWeightOperand();
  if (!layer || !weight)
    return nullptr;
  for (OpOperand *input : layer.getDpsInputOperands()) {
    if (input == weight)
      continue;
    auto pad = input->get().getDefiningOp<tensor::PadOp>();
    return pad ? &pad.getSourceMutable() : input;
  }
  return nullptr;
}

/// The step counter as a number, read at the start of the function.
FailureOr<Value> InsertDropoutPass::getCounter(func::FuncOp target) {
  Builder attributes(&getContext());
  auto type = RankedTensorType::get({}, attributes.getI64Type());
  StringRef key = PruneDialect::kStateAttrName;
  std::optional<unsigned> position;
  for (unsigned i = 0, e = target.getNumArguments(); i < e; ++i)
    if (auto state = target.getArgAttrOfType<StringAttr>(i, key))
      if (state.getValue() == "step")
        position = i;
  if (!position) {
    if (failed(verifyNotCalled(target)))
      return failure();
    position = target.getNumArguments();
    NamedAttribute marker =
        attributes.getNamedAttr(key, attributes.getStringAttr("step"));
    if (failed(target.insertArgument(*position, type,
                                     attributes.getDictionaryAttr(marker),
                                     target.getLoc())))
      return failure();
  }
  Value counter = target.getArgument(*position);
  if (counter.getType() != type)
    return target.emitError() << "expected the state \"step\" to be " << type
                              << ", got " << counter.getType();
  OpBuilder builder = OpBuilder::atBlockBegin(&target.front());
  auto number = tensor::ExtractOp::create(builder, target.getLoc(), counter,
                                          ValueRange());
  return number.getResult();
}

LogicalResult InsertDropoutPass::insertDropouts() {
  auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
  FailureOr<NumberRules> rules = NumberRules::get(rates, emitError);
  FailureOr<func::FuncOp> target = findFunction(getOperation(), function);
  if (failed(rules) || failed(target))
    return failure();
  if (returnsGradients(*target))
    return target->emitError("expected a function without gradients: they "
                             "would miss the dropout");
  for (unsigned i = 0, e = rates.size(); i < e; ++i)
    if (double rate = rules->getNumber(i); !(rate >= 0.0 && rate < 1.0))
      return emitError() << "expected a rate in [0, 1), got '" << rates[i]
                         << "'";

  SmallVector<PrunableOpInterface> layers;
  target->walk([&](PrunableOpInterface op) { layers.push_back(op); });
  llvm::BitVector used(rates.size());
  Value counter;
  int64_t next = seed;
  for (PrunableOpInterface layer : layers) {
    Value weight = layer.getWeight();
    ParamAttr param = weight ? getParam(weight) : ParamAttr();
    std::optional<unsigned> rule =
        param ? rules->find(param.getName()) : std::nullopt;
    OpOperand *activation = findActivation(layer);
    if (!rule || !activation)
      continue;
    used.set(*rule);
    double rate = rules->getNumber(*rule);
    int64_t own = next++;
    if (rate == 0.0 || activation->get().getDefiningOp<DropoutOp>())
      continue;
    if (!counter) {
      FailureOr<Value> number = getCounter(*target);
      if (failed(number))
        return failure();
      counter = *number;
    }
    OpBuilder builder(activation->getOwner());
    auto dropout = DropoutOp::create(
        builder, layer.getLoc(), activation->get().getType(), activation->get(),
        counter, builder.getF64FloatAttr(rate), builder.getI64IntegerAttr(own));
    activation->set(dropout);
    LDBG() << "inserted " << dropout;
    remark::passed(
        layer.getLoc(),
        remark::RemarkOpts::name("DropoutInserted").category(DEBUG_TYPE))
        << "dropped what a layer reads"
        << remark::metric("Parameter", param.getName());
    ++numInserted;
  }
  for (unsigned i = 0, e = rates.size(); i < e; ++i)
    if (!used.test(i))
      target->emitWarning() << "rate '" << rates[i] << "' is of no layer";
  return success();
}
