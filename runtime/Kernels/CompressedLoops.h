//===- CompressedLoops.h - Products with values that change -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_COMPRESSEDLOOPS_H
#define PRUNE_RUNTIME_KERNELS_COMPRESSEDLOOPS_H

#include "../Common/Runtime.h"

#include <algorithm>

namespace prune_rt {

/// The rows of a dense matrix whose elements are read once for each non-zero:
/// as they are, or copied as whole aligned vectors, the last of which repeats
/// what a row has of the one before it. The copy is in the scratchpad of the
/// calling thread, until that is used again.
struct Panel {
  const float *rows;
  int64_t stride;
  bool isCopied;
  bool isAligned; ///< each vector has a line of the cache to itself
};

/// A copy when `nonZeros` reads of rows pay for it. Uses up to `threads`.
Panel makePanel(const float *matrix, int64_t rows, int64_t columns,
                int64_t stride, int64_t nonZeros, int64_t threads);

/// The product with bias and without activation for rows [begin, end), with the
/// panel in the place of x. Every sum is in ascending order of the inner index.
void runPackedRows(const CsrCall &call, const Panel &panel, int64_t begin,
                   int64_t end);

/// The elements of rows [begin, end), with the panel in the place of b. A sum
/// is in an order that `k` decides.
void runSampledRows(const SampledCall &call, const Panel &panel, int64_t begin,
                    int64_t end);

/// Where part `part` of `parts` begins when the rows are cut into parts of
/// about the same number of non-zeros; a row belongs to one part.
inline int64_t getFirstRow(const int32_t *pointers, int64_t rows, int64_t part,
                           int64_t parts) {
  if (part == 0 || part == parts)
    return part == 0 ? 0 : rows;
  int64_t first = pointers[0];
  int64_t target = first + (pointers[rows] - first) * part / parts;
  return std::lower_bound(pointers, pointers + rows, target) - pointers;
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_COMPRESSEDLOOPS_H
