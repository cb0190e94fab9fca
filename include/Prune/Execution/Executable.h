//===- Executable.h - Compiled modules --------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_EXECUTABLE_H
#define PRUNE_EXECUTION_EXECUTABLE_H

#include "Prune/Execution/Compiler.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace mlir {
class ExecutionEngine;
} // namespace mlir

namespace mlir::prune {

class Runtime;

/// A module compiled for this machine. Functions are called with pointers to
/// data in the order and layout of their signature: row-major, without gaps.
/// Not to be called from two threads at once when the functions share state.
class Executable {
public:
  /// Adds the translations that compiling needs; call before making a context.
  static void registerDialects(DialectRegistry &registry) {
    CompiledModule::registerDialects(registry);
  }

  /// Compiles `module`, which is lowered in place by prune-cpu-pipeline. Fails
  /// with diagnostics.
  static FailureOr<std::unique_ptr<Executable>>
  create(ModuleOp module, const CompileOptions &options = {});
  ~Executable();

  ArrayRef<FunctionSignature> getSignatures() const {
    return compiled->getSignatures();
  }

  /// Signature by name. Fails when there is no such function, with the names
  /// that there are.
  llvm::Expected<const FunctionSignature *> findSignature(StringRef name) const;

  /// The names of all functions for a message, with commas.
  std::string getFunctionNames() const;

  /// Name and version of the runtime library in use.
  StringRef getRuntimeName() const;

  /// Runs a function. `arguments` points to the data of each argument, scalars
  /// included; `destinations` to the memory of each result that no state
  /// argument receives, in order. Fails when the counts are wrong.
  llvm::Error call(const FunctionSignature &signature,
                   ArrayRef<void *> arguments, ArrayRef<void *> destinations);

  /// Runs a function at least `repeat` times and for at least `minSeconds`, and
  /// returns the seconds that each run took.
  llvm::Expected<std::vector<double>> time(const FunctionSignature &signature,
                                           ArrayRef<void *> arguments,
                                           ArrayRef<void *> destinations,
                                           int64_t repeat, double minSeconds);

  /// The times of operations; null unless compiled with
  /// CompileOptions::profile.
  Profile *getProfile() const { return compiled->getProfile(); }

private:
  Executable();
  LogicalResult compile(ModuleOp module, CompileOptions options);
  llvm::Error createEngine(const llvm::StringMap<void *> &symbols,
                           unsigned optimization);

  int64_t threads = 1;
  std::unique_ptr<Runtime> runtime;
  /// Its constants and its optimizer outlive the engine, which uses both.
  std::unique_ptr<CompiledModule> compiled;
  std::unique_ptr<ExecutionEngine> engine;
};

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_EXECUTABLE_H
