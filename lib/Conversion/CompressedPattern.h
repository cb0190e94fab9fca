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

#include "llvm/ADT/DenseMap.h"

namespace mlir::prune {

/// The pattern of a compressed matrix in compressed rows, as constants of i32.
struct CompressedPattern {
  /// Column of each value, and where the values of each row begin.
  DenseResourceElementsAttr indices, pointers;
  /// Place of each value in the compressed vector; null when they lie in order.
  DenseResourceElementsAttr order;
};

/// Compresses each pattern once for each shape and order. Not thread-safe.
class PatternCache {
public:
  /// The pattern of the matrix, or of its transpose. O(elements kept + rows +
  /// columns) the first time.
  CompressedPattern get(DecompressOp op, bool transposed) {
    return get(op.getPattern(), op.getType(), transposed);
  }
  CompressedPattern get(CompressOp op, bool transposed) {
    return get(op.getPattern(), op.getDense().getType(), transposed);
  }

private:
  CompressedPattern get(ElementsAttr pattern, Type matrix, bool transposed);

  using Key = std::pair<Attribute, Type>;
  llvm::DenseMap<Key, CompressedPattern> rows, columns;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_COMPRESSEDPATTERN_H
