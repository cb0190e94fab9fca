//===- StepState.cpp - State that step functions share --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A step function is found and described by the names of its state, so that
// several functions in a module work on the same values.
//
//===----------------------------------------------------------------------===//

#include "StepState.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<SmallVector<StepParameter>>
prune::readStepParameters(ModuleOp module, StringRef name) {
  FailureOr<LossFunction> step = LossFunction::find(module, name);
  if (failed(step))
    return failure();
  StringRef key = PruneDialect::kStateAttrName;
  SmallVector<StepParameter> parameters;
  for (const TrainableParameter &found : step->getParameters()) {
    StringRef parameterName = found.param.getName();
    if (!step->findArgument(key, parameterName))
      return step->getFunction().emitError()
             << "expected a training step, whose parameter '" << parameterName
             << "' is state";
    StepParameter parameter;
    parameter.param = found.param;
    parameter.type = cast<RankedTensorType>(step->getArgument(found).getType());
    for (StringRef kind : {"velocity", "moment1", "moment2"}) {
      std::string state = getStateName(kind, found.param);
      if (step->findArgument(key, state))
        parameter.moments.push_back(state);
    }
    parameter.hasMask =
        step->findArgument(key, getStateName("mask", found.param)).has_value();
    parameter.hasProjection =
        step->findArgument(key, getStateName("admm_z", found.param))
            .has_value();
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

LogicalResult prune::verifyNameIsFree(ModuleOp module, StringRef name) {
  if (Operation *taken = module.lookupSymbol(name))
    return taken->emitError() << "the name '" << name << "' is taken";
  return success();
}

//===----------------------------------------------------------------------===//
// StateFunctionBuilder
//===----------------------------------------------------------------------===//

StateFunctionBuilder::StateFunctionBuilder(func::FuncOp function)
    : function(function), builder(function.front().getTerminator()) {}

StateFunctionBuilder StateFunctionBuilder::create(ModuleOp module,
                                                  StringRef name,
                                                  StringRef neighbor) {
  Operation *before = module.lookupSymbol(neighbor);
  OpBuilder builder(module.getContext());
  builder.setInsertionPointAfter(before);
  auto function = func::FuncOp::create(builder, before->getLoc(), name,
                                       builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(builder, before->getLoc());
  return StateFunctionBuilder(function);
}

Value StateFunctionBuilder::find(StringRef key, StringRef name) const {
  func::FuncOp f = function;
  for (unsigned i = 0, e = f.getNumArguments(); i < e; ++i) {
    Attribute attribute = f.getArgAttr(i, key);
    auto param = dyn_cast_or_null<ParamAttr>(attribute);
    auto text = dyn_cast_or_null<StringAttr>(attribute);
    if ((param && param.getName() == name) || (text && text == name))
      return f.getArgument(i);
  }
  return {};
}

Value StateFunctionBuilder::add(Type type, StringRef key, Attribute value) {
  unsigned position = function.getNumArguments();
  NamedAttribute marker(builder.getStringAttr(key), value);
  LogicalResult inserted = function.insertArgument(
      position, type, builder.getDictionaryAttr(marker), function.getLoc());
  (void)inserted;
  assert(succeeded(inserted) && "builtin function types take any argument");
  return function.getArgument(position);
}

Value StateFunctionBuilder::getParameter(const StepParameter &parameter) {
  StringRef key = PruneDialect::kParamAttrName;
  Value found = find(key, parameter.param.getName());
  return found ? found : add(parameter.type, key, parameter.param);
}

Value StateFunctionBuilder::getState(StringRef state, Type type) {
  StringRef key = PruneDialect::kStateAttrName;
  Value found = find(key, state);
  return found ? found : add(type, key, builder.getStringAttr(state));
}

Value StateFunctionBuilder::getInput(StringRef input, Type type) {
  StringRef key = PruneDialect::kInputAttrName;
  Value found = find(key, input);
  return found ? found : add(type, key, builder.getStringAttr(input));
}

void StateFunctionBuilder::setState(StringRef state, Value value) {
  newState.insert({builder.getStringAttr(state), value});
}

void StateFunctionBuilder::finish() {
  sortTrainStepArguments(function);
  setTrainStepResults(function, newState);
}
