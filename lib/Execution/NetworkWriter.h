//===- NetworkWriter.h - The files of a network -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_NETWORKWRITER_H
#define PRUNE_LIB_EXECUTION_NETWORKWRITER_H

#include "NetworkInterface.h"

#include "Prune/Execution/SharedObject.h"

#include "mlir/IR/OwningOpRef.h"

namespace mlir::prune {

/// A network compiled for one instruction set.
struct NetworkCode {
  InstructionLevel level;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<CompiledModule> compiled;
};

/// Writes the shared object, its header and, if there is to be one, the file of
/// weights. When it fails, nothing was changed.
llvm::Error writeNetwork(NetworkTable table, ArrayRef<NetworkCode> codes,
                         const SharedObjectOptions &options, StringRef file);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_NETWORKWRITER_H
