//===- ParameterFilter.h - Choosing parameters ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one way in which passes, pipelines and recipes choose parameters, and
// give each of them a number.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_PARAMETERFILTER_H
#define PRUNE_DIALECT_PRUNE_UTILS_PARAMETERFILTER_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/GlobPattern.h"

#include <memory>
#include <optional>
#include <string>

namespace mlir::prune {

/// What a filter knows of a parameter.
struct ParameterKey {
  ParameterKey(StringRef name, ParamRole role = ParamRole::Weight,
               StringRef layer = {})
      : name(name), role(role), layer(layer) {}
  ParameterKey(ParamAttr param)
      : name(param.getName()), role(param.getRole()) {}

  StringRef name;
  ParamRole role;
  /// Kind of the layer that it belongs to, `conv` or `fc`; empty for none.
  StringRef layer;
};

/// A glob pattern over names of parameters (`fc*.weight`, `conv[12].*`) as
/// llvm::GlobPattern reads it: `*`, `?`, sets with `^` or `!`, `\` before a
/// sign that is meant.
class ParameterPattern {
public:
  using EmitErrorFn = function_ref<InFlightDiagnostic()>;

  /// With `takesWords`, `weight`, `bias`, `scale`, `buffer`, `auxiliary`,
  /// `conv` and `fc` choose by what a parameter is, and by its name only when
  /// that is the word itself. Fails, after an error, on a malformed pattern.
  static FailureOr<ParameterPattern> get(StringRef text, EmitErrorFn emitError,
                                         bool takesWords = false);

  bool matches(const ParameterKey &key) const;
  StringRef getText() const { return *text; }

private:
  /// The pattern refers to it.
  std::shared_ptr<const std::string> text;
  std::optional<llvm::GlobPattern> glob;
  std::optional<ParamRole> role;
  bool isLayer = false;
};

/// Chooses parameters by role, and by lists of patterns.
class ParameterFilter {
public:
  using EmitErrorFn = ParameterPattern::EmitErrorFn;

  /// Parameters of one of `roles` (any if empty) that match one of `chosen`
  /// (all if empty) and none of `ignored`.
  static FailureOr<ParameterFilter> get(ArrayRef<ParamRole> roles,
                                        ArrayRef<std::string> chosen,
                                        ArrayRef<std::string> ignored,
                                        EmitErrorFn emitError,
                                        bool takesWords = false);

  /// The same by options of a pass; no roles means weights. Emits an error at
  /// `loc` and fails on a role or pattern that is none.
  static FailureOr<ParameterFilter> create(Location loc,
                                           ArrayRef<std::string> roles,
                                           ArrayRef<std::string> chosen,
                                           ArrayRef<std::string> ignored);

  bool matches(const ParameterKey &key) const;

  ArrayRef<ParameterPattern> getChosen() const { return chosen; }
  ArrayRef<ParameterPattern> getIgnored() const { return ignored; }

private:
  SmallVector<ParamRole> roles;
  SmallVector<ParameterPattern> chosen, ignored;
};

/// A number for each parameter, as a list of rules `pattern:number`, or a
/// number alone for all; the first rule that matches counts. Numbers are
/// finite.
class NumberRules {
public:
  /// Fails, after an error, on a malformed rule.
  static FailureOr<NumberRules> get(ArrayRef<std::string> rules,
                                    ParameterPattern::EmitErrorFn emitError);

  /// Position of the first rule that matches, if any.
  std::optional<unsigned> find(StringRef name) const;
  double getNumber(unsigned rule) const { return numbers[rule]; }
  ArrayRef<ParameterPattern> getPatterns() const { return patterns; }
  bool empty() const { return numbers.empty(); }

private:
  SmallVector<ParameterPattern> patterns;
  SmallVector<double> numbers;
};

/// Roles by name; fails, after an error, on a word that is none.
FailureOr<SmallVector<ParamRole>>
parseRoles(ArrayRef<std::string> texts,
           ParameterPattern::EmitErrorFn emitError);

/// True when `pattern` matches one of the keys.
bool isUsed(const ParameterPattern &pattern, ArrayRef<ParameterKey> keys);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_PARAMETERFILTER_H
