//===- Functions.cpp - Functions that passes are told of ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Functions.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<func::FuncOp> mlir::prune::findFunction(ModuleOp module,
                                                  StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function)
    return mlir::emitError(module.getLoc())
           << "expected a function named '" << name << "', found none";
  if (function.isExternal())
    return function.emitError("expected a function with a body");
  return function;
}

FailureOr<func::FuncOp> mlir::prune::findSingleBlockFunction(ModuleOp module,
                                                             StringRef name) {
  FailureOr<func::FuncOp> function = findFunction(module, name);
  if (failed(function) || llvm::hasSingleElement(function->getBody()))
    return function;
  return function->emitError() << "expected a function of one block, got "
                               << function->getBody().getBlocks().size();
}

LogicalResult mlir::prune::verifyNotCalled(FunctionOpInterface function) {
  if (SymbolTable::symbolKnownUseEmpty(function, function->getParentOp()))
    return success();
  return function.emitError()
         << "expected a function that nothing refers to, as its signature "
            "would change, got a reference to '"
         << function.getName() << "'";
}
