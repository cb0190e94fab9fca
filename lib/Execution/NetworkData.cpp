//===- NetworkData.cpp - Constants of a network ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkData.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

using namespace mlir;
using namespace mlir::prune;

void NetworkData::add(ArrayRef<ConstantData::Piece> pieces,
                      llvm::Module &module, StringRef suffix) {
  for (const ConstantData::Piece &piece : pieces) {
    StringRef bytes(piece.bytes.data(), piece.bytes.size());
    auto [entry, isNew] = parts.insert({{bytes, int(piece.isCode)}, Part()});
    if (isNew) {
      uint64_t offset = llvm::alignTo(size, ConstantData::kAlignment);
      entry->second = {{}, piece.bytes, piece.isCode, offset};
      if (!piece.isCode)
        size = offset + piece.bytes.size();
    }
    std::string symbol = (piece.symbol + "." + suffix).str();
    if (llvm::GlobalVariable *global = module.getNamedGlobal(piece.symbol))
      global->setName(symbol);
    entry->second.symbols.push_back(symbol);
  }
}

std::string NetworkData::makeFile() const {
  std::string file(size, '\0');
  prune_network_weights_header header = {PRUNE_NETWORK_MAGIC,
                                         PRUNE_NETWORK_WEIGHTS_VERSION,
                                         size,
                                         /*digest=*/0,
                                         {}};
  for (const Part &part : getParts())
    if (!part.isCode)
      llvm::copy(part.bytes, file.begin() + part.offset);
  header.digest = llvm::xxHash64(StringRef(file).drop_front(sizeof(header)));
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}
