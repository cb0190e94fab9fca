//===- CompressedPattern.h - Patterns in compressed rows --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_COMPRESSEDPATTERN_H
#define PRUNE_LIB_CONVERSION_COMPRESSEDPATTERN_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::prune {

/// The pattern of a compressed weight in compressed rows, as constants of i32.
struct CompressedPattern {
  /// Place of each value in its row, and where the values of each row begin.
  DenseResourceElementsAttr indices, pointers;
  /// Place of each value in the compressed vector, and the other way round;
  /// null when they lie in order.
  DenseResourceElementsAttr order, inverse;
};

/// Compresses each pattern once for each shape and order. Not thread-safe.
class PatternCache {
public:
  /// The pattern of the weight of the given type with its dimensions in the
  /// order of `dims`: the first counts rows, the others the places in one.
  /// O(elements kept + rows) the first time where rows keep the order of the
  /// elements, else rows are sorted.
  CompressedPattern get(ElementsAttr pattern, Type weight,
                        ArrayRef<int64_t> dims);

private:
  using Key = std::pair<std::pair<Attribute, Type>, Attribute>;
  llvm::DenseMap<Key, CompressedPattern> known;
};

/// A compressed weight in rows, as kernels take it.
struct CompressedRows {
  Value values; ///< null of a pattern alone
  Value indices, pointers;
};

/// The rows of `pattern`.
CompressedRows createRows(ImplicitLocOpBuilder &builder,
                          const CompressedPattern &pattern);

/// The rows of a weight whose dimensions are in the order of `dims`.
CompressedRows createRows(ImplicitLocOpBuilder &builder,
                          DecompressOp decompress, ArrayRef<int64_t> dims,
                          PatternCache &patterns);

/// `values` in the order of their places in `order`, or as they are when that
/// is null.
Value createGather(ImplicitLocOpBuilder &builder, Value values,
                   ElementsAttr order);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_COMPRESSEDPATTERN_H
