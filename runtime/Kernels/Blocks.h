//===- Blocks.h - Whole vectors over a batch --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_BLOCKS_H
#define PRUNE_RUNTIME_KERNELS_BLOCKS_H

#include "../Common/Lanes.h"

#include <algorithm>

namespace prune_rt {

/// Columns [first, first + 16 (vectors - 1)) and [last, last + 16). In the
/// panel the last vector begins at `panelLast`.
struct Block {
  int64_t first, last, panelLast, vectors;
};

/// Cuts at least 16 columns into blocks of about the same size.
struct Blocks {
  /// Vectors that are taken together at most.
  static constexpr int64_t kMaxVectors = 8;

  explicit Blocks(int64_t columns)
      : columns(columns), vectors((columns + kLanes - 1) / kLanes),
        count((vectors + kMaxVectors - 1) / kMaxVectors) {}

  Block get(int64_t i, bool isCopied) const {
    int64_t begin = vectors * i / count, end = vectors * (i + 1) / count;
    int64_t last = getStart(end - 1);
    return {begin * kLanes, last, isCopied ? (end - 1) * kLanes : last,
            end - begin};
  }

  /// First column of a vector.
  int64_t getStart(int64_t vector) const {
    return std::min(vector * kLanes, columns - kLanes);
  }

  int64_t columns, vectors, count;
};

PRUNE_RT_INLINE Lanes load(const float *source) {
  return *reinterpret_cast<const Lanes *>(source);
}

PRUNE_RT_INLINE void store(float *target, Lanes lanes) {
  *reinterpret_cast<Lanes *>(target) = lanes;
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_BLOCKS_H
