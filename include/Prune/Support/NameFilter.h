//===- NameFilter.h - Choosing parameters by name ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_NAMEFILTER_H
#define PRUNE_SUPPORT_NAMEFILTER_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/GlobPattern.h"

#include <optional>
#include <string>

namespace mlir::prune {

/// Chooses parameters by the names given to a pass as lists of glob patterns
/// (`fc*.weight`).
class NameFilter {
public:
  /// Every name that matches one of `chosen` (all if empty) and none of
  /// `ignored`. Fails, after an error, on a malformed pattern.
  static FailureOr<NameFilter>
  get(ArrayRef<std::string> chosen, ArrayRef<std::string> ignored,
      function_ref<InFlightDiagnostic()> emitError);

  bool matches(StringRef name) const;

private:
  SmallVector<llvm::GlobPattern> chosen;
  SmallVector<llvm::GlobPattern> ignored;
};

/// A number for each parameter, given to a pass as a list of rules
/// `pattern:number`, or a number alone for all; the first rule that matches
/// counts.
class NumberRules {
public:
  /// Fails, after an error, on a malformed rule.
  static FailureOr<NumberRules>
  get(ArrayRef<std::string> rules,
      function_ref<InFlightDiagnostic()> emitError);

  /// Position of the first rule that matches, if any.
  std::optional<unsigned> find(StringRef name) const;
  double getNumber(unsigned rule) const { return numbers[rule]; }
  bool empty() const { return numbers.empty(); }

private:
  SmallVector<llvm::GlobPattern> patterns;
  SmallVector<double> numbers;
};

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_NAMEFILTER_H
