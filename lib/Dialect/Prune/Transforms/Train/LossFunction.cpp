//===- LossFunction.cpp - Loss and gradient functions ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads the signature of a loss function once, with the checks of the gradient
// form, so that the training passes need not repeat them. Linear in arguments
// times results, both small.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"

#include "Prune/Dialect/Prune/Utils/Functions.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<LossFunction> LossFunction::find(ModuleOp module, StringRef name) {
  // gradient_c1
  FailureOr<func::FuncOp> function = findSingleBlockFunction(module, name);
  if (failed(function))
    return failure();
  if (!isa<func::ReturnOp>(function->getBody().front().back()))
    return function->emitError()
           << "expected '" << name << "' to be one block that returns";
  LossFunction loss(*function);
  if (failed(loss.readLoss()) || failed(loss.readParameters()))
    return failure();
  return loss;
}

func::ReturnOp LossFunction::getReturn() const {
  func::FuncOp f = function;
  return cast<func::ReturnOp>(f.getBody().front().back());
}

LogicalResult LossFunction::readLoss() {
  SmallVector<unsigned> losses;
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
    auto output = function.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kOutputAttrName);
    if (output && output.getValue() == "loss")
      losses.push_back(i);
  }
  // gradient_c2
  if (losses.size() != 1)
    return function.emitError()
           << "expected one result with prune.output = \"loss\", found "
           << losses.size();
  lossResult = losses.front();
  auto type = dyn_cast<RankedTensorType>(function.getResultTypes()[lossResult]);
  if (!type || type.getRank() != 0 || !isa<FloatType>(type.getElementType()))
    return function.emitError()
           << "expected the loss to be a tensor of rank zero of floats, got "
           << function.getResultTypes()[lossResult];
  return success();
}

LogicalResult LossFunction::readParameters() {
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
    auto param =
        function.getArgAttrOfType<ParamAttr>(i, PruneDialect::kParamAttrName);
    if (!param || !param.isTrainable() || isFrozen(function, i))
      continue;
    // gradient_c4
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
    if (!type || !type.hasStaticShape() ||
        !isa<FloatType>(type.getElementType()))
      return function.emitError()
             << "expected trainable parameter '" << param.getName()
             << "' to be a tensor of floats of static shape, got "
             << function.getArgumentTypes()[i];
    parameters.push_back({param, i, std::nullopt});
  }
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kGradOfAttrName);
    if (name && failed(readGradient(i, name.getValue())))
      return failure();
  }
  return success();
}

LogicalResult LossFunction::readGradient(unsigned result, StringRef name) {
  auto *parameter = llvm::find_if(
      parameters, [&](const auto &p) { return p.param.getName() == name; });
  // gradient_c3
  if (parameter == parameters.end())
    return function.emitError() << "result " << result << " is a gradient of '"
                                << name << "', which is no trainable parameter";
  if (parameter->gradient)
    return function.emitError()
           << "parameter '" << name << "' has more than one gradient";
  // gradient_c4
  Type expected = function.getArgumentTypes()[parameter->argument];
  if (function.getResultTypes()[result] != expected)
    return function.emitError()
           << "expected the gradient of '" << name << "' to have type "
           << expected << ", got " << function.getResultTypes()[result];
  parameter->gradient = result;
  return success();
}

BlockArgument
LossFunction::getArgument(const TrainableParameter &parameter) const {
  func::FuncOp f = function;
  return f.getArgument(parameter.argument);
}

bool LossFunction::hasGradients() const {
  return llvm::any_of(parameters,
                      [](const auto &p) { return p.gradient.has_value(); });
}

/// Checks that new state belongs to an argument.
static LogicalResult verifyNewState(func::FuncOp function) {
  llvm::StringMap<Type> arguments;
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
    Type type = function.getArgumentTypes()[i];
    if (auto param = function.getArgAttrOfType<ParamAttr>(
            i, PruneDialect::kParamAttrName))
      arguments[param.getName()] = type;
    if (auto state = function.getArgAttrOfType<StringAttr>(
            i, PruneDialect::kStateAttrName))
      arguments[state.getValue()] = type;
  }
  llvm::StringSet<> seen;
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
    auto state = function.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kStateAttrName);
    if (!state)
      continue;
    Type expected = arguments.lookup(state.getValue());
    // gradient_c6
    if (!expected)
      return function.emitError() << "result " << i << " is new state " << state
                                  << ", which has no argument";
    if (expected != function.getResultTypes()[i])
      return function.emitError()
             << "expected state " << state << " of type " << expected
             << ", got " << function.getResultTypes()[i];
    if (!seen.insert(state.getValue()).second)
      return function.emitError()
             << "state " << state << " is returned more than once";
  }
  return success();
}

LogicalResult LossFunction::verifyGradients() const {
  func::FuncOp f = function;
  for (const TrainableParameter &parameter : parameters)
    if (!parameter.gradient) // gradient_c5
      return f.emitError() << "trainable parameter '"
                           << parameter.param.getName()
                           << "' has no gradient among the results";
  return verifyNewState(f);
}

std::optional<unsigned> LossFunction::findArgument(StringRef key,
                                                   StringRef value) const {
  func::FuncOp f = function;
  for (unsigned i = 0, e = f.getNumArguments(); i < e; ++i)
    if (auto text = f.getArgAttrOfType<StringAttr>(i, key))
      if (text.getValue() == value)
        return i;
  return std::nullopt;
}

std::optional<unsigned> LossFunction::findResult(StringRef key,
                                                 StringRef value) const {
  func::FuncOp f = function;
  for (unsigned i = 0, e = f.getNumResults(); i < e; ++i)
    if (auto text = f.getResultAttrOfType<StringAttr>(i, key))
      if (text.getValue() == value)
        return i;
  return std::nullopt;
}

static DictionaryAttr makeMarker(MLIRContext *context, StringRef key,
                                 StringRef value) {
  StringAttr text = StringAttr::get(context, value);
  NamedAttribute marker(StringAttr::get(context, key), text);
  return DictionaryAttr::get(context, {marker});
}

BlockArgument LossFunction::appendArgument(Type type, StringRef key,
                                           StringRef value, Location loc) {
  unsigned position = function.getNumArguments();
  DictionaryAttr attributes = makeMarker(function.getContext(), key, value);
  LogicalResult inserted =
      function.insertArgument(position, type, attributes, loc);
  (void)inserted;
  assert(succeeded(inserted) && "builtin function types take any argument");
  return function.getArgument(position);
}

void LossFunction::appendOutput(Value value, StringRef output) {
  DictionaryAttr attributes =
      makeMarker(function.getContext(), PruneDialect::kOutputAttrName, output);
  LogicalResult inserted = function.insertResult(function.getNumResults(),
                                                 value.getType(), attributes);
  (void)inserted;
  assert(succeeded(inserted) && "builtin function types take any result");
  getReturn().getOperandsMutable().append(value);
}

//===----------------------------------------------------------------------===//
// Choosing parameters
//===----------------------------------------------------------------------===//

/// The parameters of a loss function that patterns choose from.
static SmallVector<ParamAttr> getParams(const LossFunction &loss) {
  return llvm::map_to_vector(loss.getParameters(), [](const auto &parameter) {
    return parameter.param;
  });
}

void mlir::prune::warnOfUnused(ArrayRef<ParameterPattern> patterns,
                               Operation *op, ArrayRef<ParamAttr> params) {
  SmallVector<ParameterKey> keys(params.begin(), params.end());
  for (const ParameterPattern &pattern : patterns)
    if (!isUsed(pattern, keys))
      op->emitWarning() << "pattern '" << pattern.getText()
                        << "' matches no trainable parameter";
}

void mlir::prune::warnOfUnused(const ParameterFilter &filter, Operation *op,
                               ArrayRef<ParamAttr> params) {
  warnOfUnused(filter.getChosen(), op, params);
  warnOfUnused(filter.getIgnored(), op, params);
}

void mlir::prune::warnOfUnused(const ParameterFilter &filter,
                               const LossFunction &loss) {
  warnOfUnused(filter, loss.getFunction(), getParams(loss));
}

void mlir::prune::warnOfUnused(ArrayRef<ParameterPattern> patterns,
                               const LossFunction &loss) {
  warnOfUnused(patterns, loss.getFunction(), getParams(loss));
}

SmallVector<TrainableParameter>
mlir::prune::choose(const ParameterFilter &filter, const LossFunction &loss,
                    StringRef purpose) {
  warnOfUnused(filter, loss);
  SmallVector<TrainableParameter> chosen;
  llvm::copy_if(loss.getParameters(), std::back_inserter(chosen),
                [&](const TrainableParameter &parameter) {
                  return filter.matches(parameter.param);
                });
  if (chosen.empty())
    loss.getFunction().emitWarning() << "no parameter to " << purpose;
  return chosen;
}
