//===- GroupLayout.cpp - Where the groups of a weight lie -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A group is a product of one interval for each dimension, so that its number,
// its size and its place follow dimension by dimension.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/GroupLayout.h"

using namespace mlir;
using namespace mlir::prune;

GroupLayout::GroupLayout(GranularityAttr granularity, ArrayRef<int64_t> shape)
    : shape(shape), strides(shape.size(), 1) {
  for (auto [extent, step] :
       llvm::zip_equal(shape, granularity.getSteps(shape.size()))) {
    // An empty dimension of which a group has all is one group of nothing.
    bool isWhole = step == GranularityAttr::kWhole;
    steps.push_back(isWhole ? std::max<int64_t>(extent, 1) : step);
    counts.push_back(isWhole ? 1 : llvm::divideCeil(extent, step));
    numElements *= extent;
  }
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 1; dim >= 0; --dim) {
    strides[dim] = numGroups;
    numGroups *= counts[dim];
  }
}

std::optional<int64_t> GroupLayout::getUniformSize() const {
  int64_t size = 1;
  for (auto [extent, step] : llvm::zip_equal(shape, steps)) {
    if (extent % step != 0)
      return std::nullopt;
    size *= step;
  }
  return size;
}

void GroupLayout::getGroups(int64_t first,
                            MutableArrayRef<int64_t> groups) const {
  int64_t rank = shape.size();
  SmallVector<int64_t> index(rank);
  for (int64_t dim = rank - 1, rest = first; dim >= 0; --dim) {
    index[dim] = rest % shape[dim];
    rest /= shape[dim];
  }
  for (size_t i = 0; i < groups.size();) {
    int64_t base = 0;
    for (int64_t dim = 0; dim + 1 < rank; ++dim)
      base += getOffset(dim, index[dim]);
    int64_t column = rank == 0 ? 0 : index[rank - 1];
    int64_t end = rank == 0 ? 1 : shape[rank - 1];
    for (; column < end && i < groups.size(); ++column, ++i)
      groups[i] = rank == 0 ? 0 : base + getOffset(rank - 1, column);
    if (rank == 0)
      return;
    index[rank - 1] = 0;
    for (int64_t dim = rank - 2; dim >= 0; --dim) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
}

int64_t GroupLayout::getSize(int64_t group) const {
  int64_t size = 1;
  for (auto [dim, extent] : llvm::enumerate(shape))
    size *= std::min(steps[dim], extent - getStart(group, dim));
  return size;
}
