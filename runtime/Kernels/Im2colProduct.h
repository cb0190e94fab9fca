//===- Im2colProduct.h - Products of unpadded extents -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_IM2COLPRODUCT_H
#define PRUNE_RUNTIME_KERNELS_IM2COLPRODUCT_H

#include "../Common/Lanes.h"

namespace prune_rt {

/// Columns of a row as stored: whole vectors, and an odd number of them, so
/// that the rows of a panel fall into different sets of the cache.
constexpr int64_t padColumns(int64_t columns) {
  return ((columns + kLanes - 1) / kLanes | 1) * kLanes;
}

/// A loop of a sum: how often, and how far a and b move on.
struct ProductLoop {
  int64_t count, a, b;
};

/// c[rows, columns] = a[rows, inner] * b[inner, columns] (+ c), where the inner
/// index runs over nested loops, the outermost first. The rows of a are `rowA`
/// elements apart, those of c `strideC`. Columns of b and c are read and
/// written up to a multiple of 16.
struct Im2colProduct {
  const float *a, *b;
  float *c;
  int64_t rowA, strideC;
  int64_t rows, columns;
  ProductLoop inner[3];
  bool accumulates;
};

/// Each element is summed in the order of the loops, in blocks that depend on
/// their counts alone.
void runProduct(const Im2colProduct &product);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_IM2COLPRODUCT_H
