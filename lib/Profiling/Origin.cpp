//===- Origin.cpp - What operations were before lowering ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A name is one string, "operation label", in a NameLoc.
//
//===----------------------------------------------------------------------===//

#include "Origin.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace mlir::prune;

Location prune::nameLocation(Location location, Origin origin) {
  std::string text = origin.operation.str();
  if (!origin.label.empty())
    text += (" " + origin.label).str();
  auto attribute = StringAttr::get(location.getContext(), text);
  return NameLoc::get(attribute, location);
}

Origin prune::getOrigin(Location location) {
  auto named = location->findInstanceOf<NameLoc>();
  if (!named)
    return {};
  StringRef text = named.getName();
  auto [operation, label] = text.split(' ');
  // Names of other tools are labels.
  if (!RegisteredOperationName::lookup(operation, location.getContext()))
    return {StringRef(), text};
  return {operation, label};
}
