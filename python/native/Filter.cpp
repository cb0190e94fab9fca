//===- Filter.cpp - Choosing parameters in Python -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The filter of the passes for what recipes choose. Entries that match nothing
// are handed back: whoever asks knows where they were written.
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "Module.h"

#include "Prune/Dialect/Prune/Utils/Granularity.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

namespace {
/// A context without passes, for messages and attributes.
struct SmallContext {
  SmallContext() : context(MLIRContext::Threading::DISABLED) {
    context.loadDialect<PruneDialect>();
  }
  MLIRContext context;
};
} // namespace

using Key = std::tuple<std::string, std::string, std::string>;
using Texts = std::vector<std::string>;

/// Raises ValueError for a word that is no role.
static ParamRole parseRole(const std::string &text) {
  std::optional<ParamRole> role = symbolizeParamRole(text);
  if (!role)
    throw nb::value_error(("'" + text + "' is no role").c_str());
  return *role;
}

static SmallVector<ParameterKey> makeKeys(const std::vector<Key> &parameters) {
  SmallVector<ParameterKey> keys;
  for (const auto &[name, role, layer] : parameters)
    keys.push_back({name, parseRole(role), layer});
  return keys;
}

/// Texts of the patterns that match none of the keys.
static Texts listUnused(ArrayRef<ParameterPattern> patterns,
                        ArrayRef<ParameterKey> keys) {
  Texts unused;
  for (const ParameterPattern &pattern : patterns)
    if (!isUsed(pattern, keys))
      unused.push_back(pattern.getText().str());
  return unused;
}

static std::tuple<Texts, Texts, Texts>
chooseParameters(const std::vector<Key> &parameters, const Texts &chosen,
                 const Texts &ignored) {
  SmallContext small;
  DiagnosticCollector diagnostics(&small.context);
  auto emitError = [&] {
    return mlir::emitError(UnknownLoc::get(&small.context));
  };
  FailureOr<ParameterFilter> filter =
      ParameterFilter::get({}, chosen, ignored, emitError, /*takesWords=*/true);
  if (failed(filter))
    diagnostics.raise();
  SmallVector<ParameterKey> keys = makeKeys(parameters);
  Texts found;
  for (const ParameterKey &key : keys)
    if (!chosen.empty() && filter->matches(key))
      found.push_back(key.name.str());
  return {found, listUnused(filter->getChosen(), keys),
          listUnused(filter->getIgnored(), keys)};
}

/// For each name the position of the first pattern that matches it, or -1; and
/// the patterns that match none.
static std::pair<std::vector<int64_t>, Texts>
matchPatterns(const Texts &patterns, const Texts &names) {
  SmallContext small;
  DiagnosticCollector diagnostics(&small.context);
  auto emitError = [&] {
    return mlir::emitError(UnknownLoc::get(&small.context));
  };
  SmallVector<ParameterPattern> parsed;
  for (const std::string &text : patterns) {
    FailureOr<ParameterPattern> pattern =
        ParameterPattern::get(text, emitError);
    if (failed(pattern))
      diagnostics.raise();
    parsed.push_back(std::move(*pattern));
  }
  SmallVector<ParameterKey> keys;
  std::vector<int64_t> positions;
  for (const std::string &name : names) {
    ParameterKey &key = keys.emplace_back(ParameterKey{name});
    auto first = llvm::find_if(parsed, [&](const ParameterPattern &pattern) {
      return pattern.matches(key);
    });
    positions.push_back(first == parsed.end() ? -1 : first - parsed.begin());
  }
  return {positions, listUnused(parsed, keys)};
}

/// How groups of a granularity lie in a weight; raises for a malformed one.
static std::string fitGranularity(const std::string &text,
                                  const std::vector<int64_t> &shape) {
  SmallContext small;
  DiagnosticCollector diagnostics(&small.context);
  GranularityAttr granularity = parseGranularity(&small.context, text, [&] {
    return mlir::emitError(UnknownLoc::get(&small.context));
  });
  if (!granularity)
    diagnostics.raise();
  switch (getFit(granularity, shape)) {
  case GranularityFit::Whole:
    return "whole";
  case GranularityFit::Partial:
    return "partial";
  case GranularityFit::None:
    return "none";
  }
  llvm_unreachable("unknown fit");
}

void python::bindFilter(nb::module_ &module) {
  module.def("choose_parameters", &chooseParameters, nb::arg("parameters"),
             nb::arg("chosen"), nb::arg("ignored"),
             "Names of the parameters, given as (name, role, kind of layer), "
             "that a list of patterns and roles chooses and another does not "
             "leave out; then the entries of both that match none of them.");
  module.def("match_patterns", &matchPatterns, nb::arg("patterns"),
             nb::arg("names"),
             "For each name the position of the first pattern that matches, "
             "or -1; then the patterns that match none of the names.");
  module.def("fit_granularity", &fitGranularity, nb::arg("granularity"),
             nb::arg("shape"),
             "Whether the groups of a granularity fill a weight of the shape: "
             "'whole', 'partial' where those at its border are smaller, or "
             "'none' where it has no such groups.");
}
