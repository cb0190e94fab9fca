//===- NetworkData.h - Constants of a network -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_NETWORKDATA_H
#define PRUNE_LIB_EXECUTION_NETWORKDATA_H

#include "ConstantData.h"

#include "prune_network.h"

#include "llvm/ADT/MapVector.h"

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::prune {

/// The large constants of the code of all instruction sets. Equal bytes are
/// kept once.
class NetworkData {
public:
  /// Bytes with the symbols by which code knows them.
  struct Part {
    SmallVector<std::string, 1> symbols;
    ArrayRef<char> bytes;
    /// Is machine code.
    bool isCode;
    /// Where it lies in the file of weights; not used for machine code.
    uint64_t offset;
  };

  /// Adds the constants that the module of one instruction set declares, which
  /// get names of their own there by `suffix`. The bytes stay where they are.
  void add(ArrayRef<ConstantData::Piece> pieces, llvm::Module &module,
           StringRef suffix);

  /// In the order in which they were added.
  auto getParts() const { return llvm::make_second_range(parts); }

  /// Bytes of the file of weights.
  uint64_t getFileSize() const { return size; }

  /// What a file of weights holds: a prune_network_weights_header and all that
  /// is no machine code.
  std::string makeFile() const;

private:
  uint64_t size = sizeof(prune_network_weights_header);
  llvm::MapVector<std::pair<StringRef, int>, Part> parts;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_NETWORKDATA_H
