//===- Granularity.h - Granularities as pass options ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_GRANULARITY_H
#define PRUNE_DIALECT_PRUNE_UTILS_GRANULARITY_H

#include "Prune/Dialect/Prune/IR/Prune.h"

namespace mlir::prune {

/// Parses `kind`, `kind:axis`, `kind:extent:axis`, `block:AxBx..` or
/// `n_of_m:n:m:axis`; null after an error.
GranularityAttr parseGranularity(MLIRContext *context, StringRef text,
                                 function_ref<InFlightDiagnostic()> emitError);

/// How the groups of a granularity lie in a weight.
enum class GranularityFit {
  /// All groups are of the size that the granularity says.
  Whole,
  /// Groups at the border are smaller: an extent is no multiple.
  Partial,
  /// There are no such groups: an axis or a group is outside the weight.
  None,
};

GranularityFit getFit(GranularityAttr granularity, ArrayRef<int64_t> shape);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_GRANULARITY_H
