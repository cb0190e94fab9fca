//===- Granularity.cpp - Granularities as pass options --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Granularity.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::prune;

/// Parses numbers between separators; nothing when one is malformed.
static std::optional<SmallVector<int64_t>> parseNumbers(StringRef text,
                                                        char separator) {
  SmallVector<int64_t> numbers;
  if (text.empty())
    return numbers;
  for (StringRef part : llvm::split(text, separator)) {
    int64_t number = 0;
    if (part.getAsInteger(10, number))
      return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

GranularityAttr
mlir::prune::parseGranularity(MLIRContext *context, StringRef text,
                              function_ref<InFlightDiagnostic()> emitError) {
  auto [name, rest] = text.split(':');
  std::optional<GranularityKind> kind = symbolizeGranularityKind(name);
  bool isBlock = kind == GranularityKind::Block;
  std::optional<SmallVector<int64_t>> numbers =
      parseNumbers(rest, isBlock ? 'x' : ':');
  if (!kind || !numbers) {
    emitError() << "malformed granularity '" << text
                << "', expected unstructured, filter_plane, "
                   "channel:[<extent>:]<axis>, vector:[<extent>:]<axis>, "
                   "block:<extent>x<extent> or n_of_m:<n>:<m>:<axis>"
                << (name == "kernel" ? "; kernel is called filter_plane now"
                                     : "");
    return {};
  }
  int64_t axis = -1;
  if (!isBlock && !numbers->empty())
    axis = numbers->pop_back_val();
  if (failed(GranularityAttr::verify(emitError, *kind, *numbers, axis)))
    return {};
  return GranularityAttr::get(context, *kind, *numbers, axis);
}

/// How often `size` goes into `extent`.
static GranularityFit getFit(int64_t size, int64_t extent) {
  if (size > extent)
    return GranularityFit::None;
  return extent % size == 0 ? GranularityFit::Whole : GranularityFit::Partial;
}

GranularityFit mlir::prune::getFit(GranularityAttr granularity,
                                   ArrayRef<int64_t> shape) {
  if (failed(granularity.getGridShape(shape)))
    return GranularityFit::None;
  ArrayRef<int64_t> sizes = granularity.getShape();
  if (granularity.getKind() == GranularityKind::NOfM)
    return ::getFit(sizes.back(), shape[granularity.getAxis()]);
  GranularityFit worst = GranularityFit::Whole;
  for (auto [step, extent] :
       llvm::zip_equal(granularity.getSteps(shape.size()), shape))
    if (step != GranularityAttr::kWhole)
      worst = std::max(worst, ::getFit(step, extent));
  return worst;
}
