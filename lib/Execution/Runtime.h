//===- Runtime.h - The runtime library in use -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_RUNTIME_H
#define PRUNE_LIB_EXECUTION_RUNTIME_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace mlir::prune {

/// One of the two implementations of prune_runtime.h, loaded so that its
/// symbols do not meet those of the other.
class Runtime {
public:
  /// Path of a library of the project, empty when there is none. Looks in the
  /// folder of the environment variable PRUNE_RUNTIME_DIR, else beside the
  /// binary that holds this code, in the `lib` folders above it, and where the
  /// loader finds the shared runtime.
  static std::string findLibrary(llvm::StringRef name);

  /// Loads the naive library when `naive` is set or the oneDNN one was not
  /// built. Fails when neither library is found or its version is another one.
  static llvm::Expected<std::unique_ptr<Runtime>> load(bool naive);

  /// Paths of the libraries that the library calls oneDNN and its threads in,
  /// as they were loaded; empty when it was built without oneDNN. Fails when
  /// one of them cannot be loaded.
  static llvm::Expected<llvm::SmallVector<std::string>> findOneDNN();

  /// Address of a symbol of the library or of the C library, else null.
  void *lookup(llvm::StringRef name) const;

  llvm::StringRef getName() const;
  void setThreads(int64_t threads) const;
  /// Flushes sub-normal numbers in this thread; returns the setting before.
  int64_t flushDenormals(int64_t enable) const;
  /// Frees what a call site prepared.
  void releaseSlot(void **slot) const;

private:
  explicit Runtime(void *handle) : handle(handle) {}
  llvm::Error resolve();

  void *handle;
  const char *(*implementation)() = nullptr;
  void (*setNumThreads)(int64_t) = nullptr;
  int64_t (*setFlushing)(int64_t) = nullptr;
  void (*release)(void **) = nullptr;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_RUNTIME_H
