//===- TrainStepSignature.cpp - Signature of a training step --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Puts arguments and results of a function into the order of a training step by
// what their attributes say. A stable sort by group, so the outcome depends on
// nothing but the signature.
//
//===----------------------------------------------------------------------===//

#include "TrainStepSignature.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Groups of the arguments of a training step, in their order.
enum class ArgumentGroup {
  Parameter,
  Velocity,
  Moment1,
  Moment2,
  Mask,
  OtherState,
  Step,
  Batch,
  LearningRate,
  Scalar
};
} // namespace

static ArgumentGroup getStateGroup(StringRef state) {
  return llvm::StringSwitch<ArgumentGroup>(state)
      .Case("step", ArgumentGroup::Step)
      .StartsWith("velocity:", ArgumentGroup::Velocity)
      .StartsWith("moment1:", ArgumentGroup::Moment1)
      .StartsWith("moment2:", ArgumentGroup::Moment2)
      .StartsWith("mask:", ArgumentGroup::Mask)
      .Default(ArgumentGroup::OtherState);
}

static ArgumentGroup getGroup(func::FuncOp function, unsigned argument) {
  if (function.getArgAttr(argument, PruneDialect::kParamAttrName))
    return ArgumentGroup::Parameter;
  if (auto state = function.getArgAttrOfType<StringAttr>(
          argument, PruneDialect::kStateAttrName))
    return getStateGroup(state.getValue());
  auto input = function.getArgAttrOfType<StringAttr>(
      argument, PruneDialect::kInputAttrName);
  if (input && input.getValue().ends_with("learning_rate"))
    return ArgumentGroup::LearningRate;
  bool isBatch = isa<ShapedType>(function.getArgumentTypes()[argument]);
  return isBatch ? ArgumentGroup::Batch : ArgumentGroup::Scalar;
}

/// The state that a function returns already, by name.
static StateValues getReturnedState(func::FuncOp function) {
  StateValues states;
  Operation *returnOp = function.front().getTerminator();
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    if (auto state = function.getResultAttrOfType<StringAttr>(
            i, PruneDialect::kStateAttrName))
      states.insert({state, returnOp->getOperand(i)});
  return states;
}

void prune::sortTrainStepArguments(func::FuncOp function) {
  unsigned count = function.getNumArguments();
  SmallVector<std::pair<ArgumentGroup, unsigned>> order;
  for (unsigned i = 0; i < count; ++i) {
    order.push_back({getGroup(function, i), i});
    if (auto param = function.getArgAttrOfType<ParamAttr>(
            i, PruneDialect::kParamAttrName)) {
      auto state = StringAttr::get(function.getContext(), param.getName());
      function.setArgAttr(i, PruneDialect::kStateAttrName, state);
    }
  }
  llvm::sort(order);

  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  Block &block = function.front();
  for (auto [group, old] : order) {
    BlockArgument before = block.getArgument(old);
    Value after = block.addArgument(before.getType(), before.getLoc());
    before.replaceAllUsesWith(after);
    types.push_back(after.getType());
    DictionaryAttr dictionary = function.getArgAttrDict(old);
    attributes.push_back(
        dictionary ? dictionary : DictionaryAttr::get(function.getContext()));
  }
  block.eraseArguments(0, count);
  function.setFunctionType(FunctionType::get(function.getContext(), types,
                                             function.getResultTypes()));
  function.setAllArgAttrs(attributes);
}

namespace {
/// Collects the results of a function before they are set together.
struct ResultList {
  SmallVector<Value> values;
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;

  void add(Value value, DictionaryAttr dictionary) {
    values.push_back(value);
    types.push_back(value.getType());
    attributes.push_back(dictionary ? dictionary
                                    : DictionaryAttr::get(value.getContext()));
  }
};
} // namespace

void prune::setTrainStepResults(func::FuncOp function,
                                const StateValues &newState) {
  MLIRContext *context = function.getContext();
  StringRef key = PruneDialect::kStateAttrName;
  StateValues states = getReturnedState(function);
  for (auto [state, value] : newState)
    states.insert({state, value});
  ResultList results;
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
    auto state = function.getArgAttrOfType<StringAttr>(i, key);
    auto found = states.find(state);
    if (!state || found == states.end())
      continue;
    NamedAttribute marker(StringAttr::get(context, key), state);
    results.add(found->second, DictionaryAttr::get(context, {marker}));
  }
  Operation *returnOp = function.front().getTerminator();
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    if (!function.getResultAttr(i, PruneDialect::kGradOfAttrName) &&
        !function.getResultAttr(i, key))
      results.add(returnOp->getOperand(i), function.getResultAttrDict(i));

  returnOp->setOperands(results.values);
  function.setFunctionType(
      FunctionType::get(context, function.getArgumentTypes(), results.types));
  function.setAllResultAttrs(results.attributes);
}
