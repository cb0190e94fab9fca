//===- NetworkData.cpp - Constants of a network ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkData.h"

#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mlir::prune;

void NetworkData::add(ArrayRef<ConstantData::Piece> pieces,
                      llvm::Module &module, StringRef suffix) {
  for (const ConstantData::Piece &piece : pieces) {
    StringRef bytes(piece.bytes.data(), piece.bytes.size());
    auto [entry, isNew] = parts.insert({{bytes, int(piece.isCode)}, Part()});
    if (isNew)
      entry->second = {{}, piece.bytes, piece.isCode};
    std::string symbol = (piece.symbol + "." + suffix).str();
    if (llvm::GlobalVariable *global = module.getNamedGlobal(piece.symbol))
      global->setName(symbol);
    entry->second.symbols.push_back(symbol);
  }
}
