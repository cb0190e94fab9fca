//===- Diagnostics.h - Diagnostics as exceptions ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PYTHON_NATIVE_DIAGNOSTICS_H
#define PRUNE_PYTHON_NATIVE_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

namespace mlir::prune::python {

/// One diagnostic as Python sees it.
struct Message {
  std::string severity;
  std::string location;
  std::string text;
};

/// Thrown where MLIR reported errors; becomes `PruneError`.
struct DiagnosticError {
  std::vector<Message> messages;
};

/// Collects what a context reports while it lives.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(MLIRContext *context);

  /// Throws what was collected.
  [[noreturn]] void raise() { throw DiagnosticError{std::move(messages)}; }

private:
  std::vector<Message> messages;
  ScopedDiagnosticHandler handler;
};

/// Text of a location as diagnostics print it: `file:line:column`.
std::string toString(Location location);

/// Throws an LLVM error as `PruneError`.
[[noreturn]] void raise(llvm::Error error);

/// Defines `PruneError` in the module and makes DiagnosticError become it.
void bindDiagnostics(nanobind::module_ &module);

} // namespace mlir::prune::python

#endif // PRUNE_PYTHON_NATIVE_DIAGNOSTICS_H
