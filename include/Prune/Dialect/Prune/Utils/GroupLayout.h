//===- GroupLayout.h - Where the groups of a weight lie ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_GROUPLAYOUT_H
#define PRUNE_DIALECT_PRUNE_UTILS_GROUPLAYOUT_H

#include "Prune/Dialect/Prune/IR/Prune.h"

namespace mlir::prune {

/// The groups of a granularity over a weight of a static shape that it fits,
/// numbered in row-major order of the grid.
class GroupLayout {
public:
  GroupLayout(GranularityAttr granularity, ArrayRef<int64_t> shape);

  ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getNumElements() const { return numElements; }
  int64_t getNumGroups() const { return numGroups; }

  /// True when every element is a group.
  bool isSingle() const { return numGroups == numElements; }

  /// Elements of a group. O(rank).
  int64_t getSize(int64_t group) const;

  /// Groups of consecutive elements, in row-major order.
  void getGroups(int64_t first, MutableArrayRef<int64_t> groups) const;

  /// The size of all groups where they are equal.
  std::optional<int64_t> getUniformSize() const;

  /// Index of the first element of a group along a dimension. O(1).
  int64_t getStart(int64_t group, int64_t dim) const {
    return group / strides[dim] % counts[dim] * steps[dim];
  }

  /// What index `i` of a dimension adds to the number of the group.
  int64_t getOffset(int64_t dim, int64_t i) const {
    return i / steps[dim] * strides[dim];
  }

  /// Groups along a dimension; one where a group has all of it.
  int64_t getCount(int64_t dim) const { return counts[dim]; }

  /// The distance between groups that are neighbors along a dimension.
  int64_t getStride(int64_t dim) const { return strides[dim]; }

  /// Indices of a dimension that share a group.
  int64_t getStep(int64_t dim) const { return steps[dim]; }

private:
  SmallVector<int64_t, 4> shape;
  /// For each dimension the extent of a group, the number of groups, and the
  /// distance between two. A dimension of which a group has all has one.
  SmallVector<int64_t, 4> steps, counts, strides;
  int64_t numElements = 1, numGroups = 1;
};

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_GROUPLAYOUT_H
