//===- Parameters.cpp - Parameters of a network ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Finds the parameters of a function and moves them between its two forms:
// arguments (for training) and constants with values (for pruning and
// compilation). Values travel as dense_resource attributes and are not copied.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Parameters.h"

#include "Prune/Dialect/Prune/Utils/Functions.h"

#include "Prune/Support/Constants.h"
#include "Prune/Support/KeptIndices.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::prune;

ParamAttr mlir::prune::getParam(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = dyn_cast_or_null<FunctionOpInterface>(
        argument.getOwner()->getParentOp());
    if (!function || !argument.getOwner()->isEntryBlock())
      return {};
    return function.getArgAttrOfType<ParamAttr>(argument.getArgNumber(),
                                                PruneDialect::kParamAttrName);
  }
  return value.getDefiningOp()->getAttrOfType<ParamAttr>(
      PruneDialect::kParamAttrName);
}

SmallVector<Parameter>
mlir::prune::getParameters(FunctionOpInterface function) {
  SmallVector<Parameter> parameters;
  if (function.isExternal())
    return parameters;
  for (BlockArgument argument : function.getArguments())
    if (ParamAttr param = getParam(argument))
      parameters.push_back({param, argument});
  function.walk([&](Operation *op) {
    if (!op->hasTrait<OpTrait::ConstantLike>() || op->getNumResults() != 1)
      return;
    if (ParamAttr param = getParam(op->getResult(0)))
      parameters.push_back({param, op->getResult(0)});
  });
  return parameters;
}

bool mlir::prune::returnsGradients(FunctionOpInterface function) {
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    if (function.getResultAttr(i, PruneDialect::kGradOfAttrName))
      return true;
  return false;
}

std::string mlir::prune::getDisplayName(Value value) {
  if (ParamAttr param = getParam(value))
    return param.getName().str();
  if (auto argument = dyn_cast<BlockArgument>(value))
    return "argument " + std::to_string(argument.getArgNumber());
  return value.getDefiningOp()->getName().getStringRef().str();
}

/// The value that a parameter argument is to be bound to, as a resource; null
/// after an error.
static ElementsAttr findValue(FunctionOpInterface function,
                              BlockArgument argument, ParamAttr param,
                              const llvm::StringMap<ElementsAttr> &values) {
  auto found = values.find(param.getName());
  ElementsAttr value =
      found != values.end()
          ? found->second
          : function.getArgAttrOfType<ElementsAttr>(
                argument.getArgNumber(), PruneDialect::kValueAttrName);
  if (!value) {
    function.emitError() << "no value for parameter '" << param.getName()
                         << "'";
    return {};
  }
  if (value.getShapedType() != argument.getType()) {
    function.emitError() << "expected a value of type " << argument.getType()
                         << " for parameter '" << param.getName() << "', got "
                         << value.getShapedType();
    return {};
  }
  DenseResourceElementsAttr resource = toResource(value, param.getName());
  if (!resource) {
    function.emitError() << "cannot read the value of parameter '"
                         << param.getName() << "'";
    return {};
  }
  return resource;
}

LogicalResult
mlir::prune::bindParameters(FunctionOpInterface function,
                            const llvm::StringMap<ElementsAttr> &values) {
  if (function.isExternal())
    return success();
  if (failed(verifyNotCalled(function)))
    return failure();
  SmallVector<std::pair<BlockArgument, ElementsAttr>> bindings;
  for (const Parameter &parameter : getParameters(function)) {
    auto argument = dyn_cast<BlockArgument>(parameter.value);
    if (!argument)
      continue;
    ElementsAttr value =
        findValue(function, argument, parameter.attribute, values);
    if (!value)
      return failure();
    bindings.push_back({argument, value});
  }

  OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
  llvm::BitVector erased(function.getNumArguments());
  for (auto [argument, value] : bindings) {
    auto constant = arith::ConstantOp::create(builder, argument.getLoc(),
                                              cast<TypedAttr>(value));
    constant->setAttr(PruneDialect::kParamAttrName, getParam(argument));
    if (Attribute kept =
            function.getArgAttr(argument.getArgNumber(), kKeptAttrName))
      constant->setAttr(kKeptAttrName, kept);
    argument.replaceAllUsesWith(constant);
    erased.set(argument.getArgNumber());
  }
  return function.eraseArguments(erased);
}

LogicalResult mlir::prune::liftParameters(FunctionOpInterface function,
                                          bool keepValues) {
  if (function.isExternal())
    return success();
  if (failed(verifyNotCalled(function)))
    return failure();
  SmallVector<Parameter> constants;
  for (const Parameter &parameter : getParameters(function))
    if (!isa<BlockArgument>(parameter.value))
      constants.push_back(parameter);

  // Copies of one constant become one argument.
  llvm::StringMap<Value> lifted;
  for (Parameter &parameter : constants) {
    Operation *constant = parameter.value.getDefiningOp();
    if (Value argument = lifted.lookup(parameter.attribute.getName())) {
      parameter.value.replaceAllUsesWith(argument);
      constant->erase();
      continue;
    }
    Attribute value;
    if (!matchPattern(constant, m_Constant(&value)))
      return constant->emitError() << "expected a constant for parameter '"
                                   << parameter.attribute.getName() << "'";
    NamedAttrList attributes;
    attributes.set(PruneDialect::kParamAttrName, parameter.attribute);
    if (keepValues)
      attributes.set(PruneDialect::kValueAttrName, value);
    if (Attribute kept = constant->getAttr(kKeptAttrName))
      attributes.set(kKeptAttrName, kept);
    unsigned position = function.getNumArguments();
    if (failed(function.insertArgument(
            position, parameter.value.getType(),
            attributes.getDictionary(function.getContext()),
            constant->getLoc())))
      return failure();
    lifted[parameter.attribute.getName()] = function.getArgument(position);
    parameter.value.replaceAllUsesWith(function.getArgument(position));
    constant->erase();
  }
  return success();
}
