//===- SharedObject.h - Networks as shared objects --------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_SHAREDOBJECT_H
#define PRUNE_EXECUTION_SHAREDOBJECT_H

#include "Prune/Execution/Compiler.h"

namespace mlir::prune {

/// How a network is written to a shared object.
struct SharedObjectOptions {
  /// What its C functions begin with; when empty, made of the file's name.
  std::string name;
  /// The function that is the network; when empty, the only public one.
  std::string function;
  /// Instruction sets, best first, for each of which there is code. The best
  /// one that a computer has runs there.
  SmallVector<InstructionLevel> levels = {getHostLevel()};
  /// Prefer small code to fast code.
  bool small = false;
  /// What it is for, of parseTarget; empty for this computer's own.
  std::string triple;
  /// Threads of a new handle.
  int64_t threads = 1;
  /// File for the weights; when empty, they are beside the code.
  std::string weights;
  /// Name of the cost model, as findCostModel takes it.
  std::string costModel;
  /// Run all layers by our own kernels. Otherwise dense ones may be oneDNN's,
  /// as in the process. Small code, static libraries and other targets have
  /// our own kernels alone.
  bool standalone = false;
};

/// Compiles copies of a module to a shared object, or to a static library when
/// the file ends in `.a`, and writes a header of its C functions beside it,
/// with the ending `.h`. It needs nothing but libc and libm, and oneDNN's
/// library where a layer uses that. The same module and options give the same
/// bytes. Fails with diagnostics; then no file is written or changed.
LogicalResult writeSharedObject(ModuleOp module, StringRef file,
                                const SharedObjectOptions &options = {});

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_SHAREDOBJECT_H
