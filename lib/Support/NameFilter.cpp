//===- NameFilter.cpp - Choosing parameters by name -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/NameFilter.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

/// Appends the compiled pattern; an error when it is malformed.
static LogicalResult addPattern(SmallVectorImpl<llvm::GlobPattern> &patterns,
                                StringRef text,
                                function_ref<InFlightDiagnostic()> emitError) {
  llvm::Expected<llvm::GlobPattern> pattern = llvm::GlobPattern::create(text);
  if (!pattern)
    return emitError() << "malformed name pattern '" << text
                       << "': " << llvm::toString(pattern.takeError());
  patterns.push_back(*pattern);
  return success();
}

static bool matchesAny(ArrayRef<llvm::GlobPattern> patterns, StringRef name) {
  return llvm::any_of(patterns, [&](const llvm::GlobPattern &pattern) {
    return pattern.match(name);
  });
}

FailureOr<NameFilter>
NameFilter::get(ArrayRef<std::string> chosen, ArrayRef<std::string> ignored,
                function_ref<InFlightDiagnostic()> emitError) {
  NameFilter filter;
  for (const std::string &text : chosen)
    if (failed(addPattern(filter.chosen, text, emitError)))
      return failure();
  for (const std::string &text : ignored)
    if (failed(addPattern(filter.ignored, text, emitError)))
      return failure();
  return filter;
}

bool NameFilter::matches(StringRef name) const {
  return (chosen.empty() || matchesAny(chosen, name)) &&
         !matchesAny(ignored, name);
}

FailureOr<NumberRules>
NumberRules::get(ArrayRef<std::string> rules,
                 function_ref<InFlightDiagnostic()> emitError) {
  NumberRules result;
  for (StringRef rule : rules) {
    size_t colon = rule.rfind(':');
    StringRef pattern =
        colon == StringRef::npos ? StringRef("*") : rule.substr(0, colon);
    StringRef text = colon == StringRef::npos ? rule : rule.substr(colon + 1);
    double number = 0.0;
    if (text.getAsDouble(number) || !std::isfinite(number))
      return emitError() << "expected 'number' or 'pattern:number', got '"
                         << rule << "'";
    if (failed(addPattern(result.patterns, pattern, emitError)))
      return failure();
    result.numbers.push_back(number);
  }
  return result;
}

std::optional<unsigned> NumberRules::find(StringRef name) const {
  for (auto [position, pattern] : llvm::enumerate(patterns))
    if (pattern.match(name))
      return position;
  return std::nullopt;
}
