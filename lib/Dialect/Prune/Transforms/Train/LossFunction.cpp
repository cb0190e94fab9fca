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

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<LossFunction> LossFunction::find(ModuleOp module, StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function)
    return module.emitError()
           << "expected a function named '" << name << "', found none";
  // gradient_c1
  if (!llvm::hasSingleElement(function.getBody()) ||
      !isa<func::ReturnOp>(function.getBody().front().back()))
    return function.emitError()
           << "expected '" << name << "' to be one block that returns";
  LossFunction loss(function);
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
// NamePattern and ParameterFilter
//===----------------------------------------------------------------------===//

FailureOr<NamePattern> NamePattern::parse(Location loc, StringRef text) {
  auto glob = llvm::GlobPattern::create(text);
  if (!glob) {
    std::string reason = llvm::toString(glob.takeError());
    return emitError(loc) << "'" << text << "' is no glob pattern: " << reason;
  }
  return NamePattern{text.str(), std::move(*glob)};
}

/// The parameters of a loss function that patterns choose from.
static SmallVector<ParamAttr> getParams(const LossFunction &loss) {
  return llvm::map_to_vector(loss.getParameters(), [](const auto &parameter) {
    return parameter.param;
  });
}

void NamePattern::warnIfUnused(Operation *op,
                               ArrayRef<ParamAttr> params) const {
  bool isUsed =
      llvm::any_of(params, [&](ParamAttr param) { return matches(param); });
  if (!isUsed)
    op->emitWarning() << "pattern '" << text
                      << "' matches no trainable parameter";
}

void NamePattern::warnIfUnused(const LossFunction &loss) const {
  warnIfUnused(loss.getFunction(), getParams(loss));
}

static LogicalResult parsePatterns(Location loc, ArrayRef<std::string> texts,
                                   SmallVectorImpl<NamePattern> &patterns) {
  for (StringRef text : texts) {
    FailureOr<NamePattern> pattern = NamePattern::parse(loc, text);
    if (failed(pattern))
      return failure();
    patterns.push_back(std::move(*pattern));
  }
  return success();
}

FailureOr<ParameterFilter>
ParameterFilter::create(Location loc, ArrayRef<std::string> roles,
                        ArrayRef<std::string> patterns,
                        ArrayRef<std::string> ignore) {
  ParameterFilter filter;
  for (StringRef text : roles) {
    std::optional<ParamRole> role = symbolizeParamRole(text);
    if (!role)
      return emitError(loc) << "expected a role weight, bias, scale, buffer "
                               "or auxiliary, got '"
                            << text << "'";
    filter.roles.push_back(*role);
  }
  if (roles.empty())
    filter.roles.push_back(ParamRole::Weight);
  if (failed(parsePatterns(loc, patterns, filter.patterns)) ||
      failed(parsePatterns(loc, ignore, filter.ignore)))
    return failure();
  return filter;
}

bool ParameterFilter::matches(ParamAttr param) const {
  auto matchesName = [&](const NamePattern &pattern) {
    return pattern.matches(param);
  };
  return llvm::is_contained(roles, param.getRole()) &&
         (patterns.empty() || llvm::any_of(patterns, matchesName)) &&
         llvm::none_of(ignore, matchesName);
}

void ParameterFilter::warnOfUnused(Operation *op,
                                   ArrayRef<ParamAttr> params) const {
  for (const NamePattern &pattern : patterns)
    pattern.warnIfUnused(op, params);
  for (const NamePattern &pattern : ignore)
    pattern.warnIfUnused(op, params);
}

SmallVector<TrainableParameter>
ParameterFilter::choose(const LossFunction &loss, StringRef purpose) const {
  warnOfUnused(loss);
  SmallVector<TrainableParameter> chosen;
  llvm::copy_if(loss.getParameters(), std::back_inserter(chosen),
                [&](const TrainableParameter &parameter) {
                  return matches(parameter.param);
                });
  if (chosen.empty())
    loss.getFunction().emitWarning() << "no parameter to " << purpose;
  return chosen;
}

void ParameterFilter::warnOfUnused(const LossFunction &loss) const {
  warnOfUnused(loss.getFunction(), getParams(loss));
}
