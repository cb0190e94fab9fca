//===- IndexOverruns.h - Elements that index beyond a table -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_INDEXOVERRUNS_H
#define PRUNE_ANALYSIS_INDEXOVERRUNS_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace mlir::prune {

/// A read of a tensor at a place that is not in it.
struct IndexOverrun {
  tensor::ExtractOp extract;
  unsigned dim;
  int64_t index;
  /// Of that dimension.
  int64_t extent;
};

/// The first read, in program order, that leaves its tensor where an element of
/// `argument`, a tensor of integers, is `element`. Only what certainly happens
/// is found: the element is followed through reshapes and through structured
/// operations that compute with it and constants. Linear in the function.
std::optional<IndexOverrun> findIndexOverrun(BlockArgument argument,
                                             int64_t element);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_INDEXOVERRUNS_H
