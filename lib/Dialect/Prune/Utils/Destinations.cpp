//===- Destinations.cpp - Where results of functions go -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Destinations.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<SmallVector<unsigned>>
prune::getResultDestinations(func::FuncOp function) {
  llvm::StringMap<unsigned> states;
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    if (auto state = function.getArgAttrOfType<StringAttr>(
            i, PruneDialect::kStateAttrName))
      states.try_emplace(state.getValue(), i);

  SmallVector<unsigned> destinations;
  llvm::SmallDenseSet<unsigned> taken;
  unsigned next = function.getNumArguments();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    auto state = function.getResultAttrOfType<StringAttr>(
        i, PruneDialect::kStateAttrName);
    if (!state) {
      destinations.push_back(next++);
      continue;
    }
    auto found = states.find(state.getValue());
    if (found == states.end())
      return function.emitOpError("result ")
             << i << " is the new state '" << state.getValue()
             << "', but no argument holds that state";
    unsigned argument = found->second;
    if (function.getArgumentTypes()[argument] != type)
      return function.emitOpError("state '")
             << state.getValue() << "' comes in as "
             << function.getArgumentTypes()[argument] << " and goes out as "
             << type;
    if (!taken.insert(argument).second)
      return function.emitOpError("two results are the new state '")
             << state.getValue() << "'";
    destinations.push_back(argument);
  }
  return destinations;
}
