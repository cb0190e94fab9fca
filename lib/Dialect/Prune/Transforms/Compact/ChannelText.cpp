//===- ChannelText.cpp - What is known about channels as text -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelText.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::prune;

void mlir::prune::printIndices(ArrayRef<int64_t> indices, raw_ostream &os) {
  for (size_t i = 0; i < indices.size();) {
    size_t end = i + 1;
    while (end < indices.size() && indices[end] == indices[end - 1] + 1)
      ++end;
    os << ' ' << indices[i];
    if (end - i > 1)
      os << '-' << indices[end - 1];
    i = end;
  }
}

void mlir::prune::printChannels(
    ModuleOp module, StringRef title,
    function_ref<void(Block &, const ChannelState &, raw_ostream &)> print) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto function : module.getOps<FunctionOpInterface>()) {
    if (function.isExternal())
      continue;
    os << title << " of @" << function.getName() << '\n';
    if (!function.getFunctionBody().hasOneBlock()) {
      os << "  not analyzed: it has more than one block\n";
      continue;
    }
    OwningOpRef<Operation *> copy = function->clone();
    Block &block = cast<FunctionOpInterface>(*copy).getFunctionBody().front();
    unshareConstants(block);
    print(block, ChannelState(block), os);
  }
  llvm::errs() << text;
}
