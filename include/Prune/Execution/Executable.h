//===- Executable.h - Compiled modules --------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_EXECUTABLE_H
#define PRUNE_EXECUTION_EXECUTABLE_H

#include "Prune/Execution/Signature.h"
#include "Prune/Profiling/Profile.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir {
class DialectRegistry;
class ExecutionEngine;
} // namespace mlir

namespace mlir::prune {

class ConstantData;
class Runtime;

/// How a module is compiled.
struct CompileOptions {
  /// Plain scalar loops on the naive runtime: slow, for comparison.
  bool reference = false;
  /// Threads that one call may use.
  int64_t threads = 1;
  /// Measure the time of each costly operation.
  bool profile = false;
  /// Effort of LLVM, 0 to 3. At 0 code is ready several times sooner and slow;
  /// the values that it computes are those of a higher effort on the same path,
  /// up to the contraction of products and sums.
  unsigned optimization = 3;
  /// When not empty, receives the assembly of the whole module.
  std::string assemblyFile;
};

/// A module compiled for this machine. Functions are called with pointers to
/// data in the order and layout of their signature: row-major, without gaps.
/// Not to be called from two threads at once when the functions share state.
class Executable {
public:
  /// Adds the translations that compiling needs; call before making a context.
  static void registerDialects(DialectRegistry &registry);

  /// Compiles `module`, which is lowered in place by prune-cpu-pipeline. Fails
  /// with diagnostics.
  static FailureOr<std::unique_ptr<Executable>>
  create(ModuleOp module, const CompileOptions &options = {});
  ~Executable();

  ArrayRef<FunctionSignature> getSignatures() const { return signatures; }

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
  Profile *getProfile() const { return profile.get(); }

private:
  Executable();
  LogicalResult compile(ModuleOp module, const CompileOptions &options);
  llvm::Error createEngine(ModuleOp module,
                           std::unique_ptr<llvm::TargetMachine> target,
                           const llvm::StringMap<void *> &symbols,
                           unsigned optimization);

  std::vector<FunctionSignature> signatures;
  int64_t threads = 1;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Profile> profile;
  /// Read by compiled code, so it outlives the engine.
  std::unique_ptr<ConstantData> constants;
  /// Kept alive for the engine, which compiles on first use.
  std::function<llvm::Error(llvm::Module *)> transformer;
  std::unique_ptr<ExecutionEngine> engine;
};

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_EXECUTABLE_H
