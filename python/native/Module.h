//===- Module.h - A module of the compiler in Python ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PYTHON_NATIVE_MODULE_H
#define PRUNE_PYTHON_NATIVE_MODULE_H

#include "Prune/Execution/Executable.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>

namespace mlir::prune::python {

/// A context with all dialects, shared by a module, its clones and the views of
/// its constants. It is single-threaded, so whoever uses it holds the lock.
struct Context {
  Context();
  MLIRContext context;
  std::mutex mutex;
};

/// A decision that a pass reported through the remark engine.
struct Remark {
  std::string kind;
  std::string name;
  std::string category;
  std::string function;
  std::string location;
  std::string message;
  std::vector<std::pair<std::string, std::string>> arguments;
};

/// An MLIR module and its context.
class Module {
public:
  Module(std::shared_ptr<Context> context, OwningOpRef<ModuleOp> module)
      : context(std::move(context)), module(std::move(module)) {}
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  /// Reads text or bytecode. Throws DiagnosticError.
  static std::unique_ptr<Module> parse(StringRef source, StringRef name);
  static std::unique_ptr<Module> fromFile(const std::string &path);

  /// Runs a textual pipeline, with or without `builtin.module(...)`, and gives
  /// the remarks of its passes.
  std::vector<Remark> run(const std::string &pipeline);

  std::string print() const;
  std::string writeBytecode() const;
  std::unique_ptr<Module> clone() const;
  std::vector<FunctionSignature> getSignatures() const;
  std::unique_ptr<Executable> compile(const CompileOptions &options) const;

  /// Calls `use` with the module while holding the lock of its context and not
  /// the interpreter's. Throws what was reported when `use` fails.
  void access(llvm::function_ref<LogicalResult(ModuleOp)> use) const;

  const std::shared_ptr<Context> &getContext() const { return context; }

private:
  // The order matters: the module goes before its context.
  std::shared_ptr<Context> context;
  OwningOpRef<ModuleOp> module;
};

/// Defines how parameters and their values are read and set.
void bindParameters(nanobind::class_<Module> &type);

/// Defines how layers with weights are listed.
void bindLayers(nanobind::class_<Module> &type);

/// Defines how the operations of a function are listed.
void bindOperations(nanobind::class_<Module> &type);

/// Adds what gives parameters constant masks.
void bindMasks(nanobind::class_<Module> &type);

/// Adds what tells a module evidence about parameters.
void bindEvidence(nanobind::class_<Module> &type);

/// A value from an array, which it keeps alive and does not copy. `name` is
/// that of the resource and of errors; raises when it is no array of f32 or
/// f64.
ElementsAttr makeValue(MLIRContext &context, const std::string &name,
                       nanobind::handle array);

/// Adds how a module is written as a shared object.
void bindSharedObject(nanobind::class_<Module> &type);

/// Defines Module, its information classes and Remark.
void bindModule(nanobind::module_ &module);

/// Defines Executable.
void bindExecutable(nanobind::module_ &module);

/// Defines how parameters are chosen by name and role.
void bindFilter(nanobind::module_ &module);

/// Adds what measures this computer, and keeps and finds its figures.
void bindCalibration(nanobind::module_ &module);

} // namespace mlir::prune::python

#endif // PRUNE_PYTHON_NATIVE_MODULE_H
