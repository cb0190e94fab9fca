//===- NetworkInterface.h - C interface of a network ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_NETWORKINTERFACE_H
#define PRUNE_LIB_EXECUTION_NETWORKINTERFACE_H

#include "Prune/Execution/Compiler.h"

#include "prune_network.h"

#include <optional>

namespace mlir::prune {

/// What the functions of a network begin with when only its file is known: the
/// file's name without `lib` and ending, as an identifier of C.
std::string getNetworkName(StringRef file);

bool isIdentifier(StringRef name);

/// What the C interface of a network says of it.
struct NetworkTable {
  const FunctionSignature &signature;
  /// What the functions begin with.
  std::string name;
  /// Instruction sets for which there is code, best first.
  SmallVector<InstructionLevel> levels;
  /// Threads of a new handle.
  int64_t threads = 1;
  /// What the file of weights begins with, when they are in a file of their
  /// own.
  std::optional<prune_network_weights_header> weights = std::nullopt;
};

/// Symbol of the pages of which the file of weights takes the place.
constexpr StringLiteral kWeightsPlace = "prune_network_weights_place";

/// Adds to the code of one instruction set the function by which the interface
/// runs it, and makes every other function local to the object.
void addNetworkCall(llvm::Module &module, const FunctionSignature &signature,
                    InstructionLevel level);

/// Adds the table and the exported functions of prune_network.h.
void addNetworkInterface(llvm::Module &module, const NetworkTable &table);

/// The header that declares the exported functions.
std::string makeNetworkHeader(const NetworkTable &table);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_NETWORKINTERFACE_H
