//===- ParameterFilter.cpp - Choosing parameters --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

FailureOr<ParameterPattern>
ParameterPattern::get(StringRef text, EmitErrorFn emitError, bool takesWords) {
  ParameterPattern pattern;
  pattern.text = std::make_shared<const std::string>(text);
  if (takesWords) {
    pattern.role = symbolizeParamRole(text);
    pattern.isLayer = text == "conv" || text == "fc";
  }
  auto glob = llvm::GlobPattern::create(*pattern.text);
  if (!glob)
    return emitError() << "'" << text << "' is no glob pattern: "
                       << llvm::toString(glob.takeError());
  pattern.glob = std::move(*glob);
  return pattern;
}

bool ParameterPattern::matches(const ParameterKey &key) const {
  return glob->match(key.name) || (role && *role == key.role) ||
         (isLayer && key.layer == *text);
}

static LogicalResult addPatterns(SmallVectorImpl<ParameterPattern> &patterns,
                                 ArrayRef<std::string> texts,
                                 ParameterPattern::EmitErrorFn emitError,
                                 bool takesWords) {
  for (StringRef text : texts) {
    FailureOr<ParameterPattern> pattern =
        ParameterPattern::get(text, emitError, takesWords);
    if (failed(pattern))
      return failure();
    patterns.push_back(std::move(*pattern));
  }
  return success();
}

FailureOr<ParameterFilter> ParameterFilter::get(ArrayRef<ParamRole> roles,
                                                ArrayRef<std::string> chosen,
                                                ArrayRef<std::string> ignored,
                                                EmitErrorFn emitError,
                                                bool takesWords) {
  ParameterFilter filter;
  llvm::append_range(filter.roles, roles);
  if (failed(addPatterns(filter.chosen, chosen, emitError, takesWords)) ||
      failed(addPatterns(filter.ignored, ignored, emitError, takesWords)))
    return failure();
  return filter;
}

FailureOr<ParameterFilter>
ParameterFilter::create(Location loc, ArrayRef<std::string> roles,
                        ArrayRef<std::string> chosen,
                        ArrayRef<std::string> ignored) {
  auto emitError = [&] { return mlir::emitError(loc); };
  FailureOr<SmallVector<ParamRole>> parsed = parseRoles(roles, emitError);
  if (failed(parsed))
    return failure();
  if (parsed->empty())
    parsed->push_back(ParamRole::Weight);
  return get(*parsed, chosen, ignored, emitError);
}

bool ParameterFilter::matches(const ParameterKey &key) const {
  auto isMatch = [&](const ParameterPattern &pattern) {
    return pattern.matches(key);
  };
  return (roles.empty() || llvm::is_contained(roles, key.role)) &&
         (chosen.empty() || llvm::any_of(chosen, isMatch)) &&
         llvm::none_of(ignored, isMatch);
}

FailureOr<NumberRules>
NumberRules::get(ArrayRef<std::string> rules,
                 ParameterPattern::EmitErrorFn emitError) {
  NumberRules result;
  for (StringRef rule : rules) {
    size_t colon = rule.rfind(':');
    StringRef text =
        colon == StringRef::npos ? StringRef("*") : rule.take_front(colon);
    StringRef number =
        colon == StringRef::npos ? rule : rule.drop_front(colon + 1);
    double value = 0.0;
    if (number.getAsDouble(value) || !std::isfinite(value))
      return emitError() << "expected 'number' or 'pattern:number', got '"
                         << rule << "'";
    FailureOr<ParameterPattern> pattern =
        ParameterPattern::get(text, emitError);
    if (failed(pattern))
      return failure();
    result.patterns.push_back(std::move(*pattern));
    result.numbers.push_back(value);
  }
  return result;
}

std::optional<unsigned> NumberRules::find(StringRef name) const {
  for (auto [position, pattern] : llvm::enumerate(patterns))
    if (pattern.matches(name))
      return position;
  return std::nullopt;
}

FailureOr<SmallVector<ParamRole>>
mlir::prune::parseRoles(ArrayRef<std::string> texts,
                        ParameterPattern::EmitErrorFn emitError) {
  SmallVector<ParamRole> roles;
  for (StringRef text : texts) {
    std::optional<ParamRole> role = symbolizeParamRole(text);
    if (!role)
      return emitError() << "expected a role weight, bias, scale, buffer or "
                            "auxiliary, got '"
                         << text << "'";
    roles.push_back(*role);
  }
  return roles;
}

bool mlir::prune::isUsed(const ParameterPattern &pattern,
                         ArrayRef<ParameterKey> keys) {
  return llvm::any_of(
      keys, [&](const ParameterKey &key) { return pattern.matches(key); });
}
