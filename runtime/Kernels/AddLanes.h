//===- AddLanes.h - Sums of the lanes of vectors ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_ADDLANES_H
#define PRUNE_RUNTIME_KERNELS_ADDLANES_H

#include "../Common/Lanes.h"

namespace prune_rt {

/// Vectors whose lanes are added together.
constexpr int64_t kGroup = 8;

// Each fold adds the halves of what a vector holds of one sum, so that two
// vectors become one.

PRUNE_RT_INLINE Lanes foldTo8(Lanes x, Lanes y) {
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19,
                                 20, 21, 22, 23) +
         __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26,
                                 27, 28, 29, 30, 31);
}

PRUNE_RT_INLINE Lanes foldTo4(Lanes x, Lanes y) {
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19,
                                 24, 25, 26, 27) +
         __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22,
                                 23, 28, 29, 30, 31);
}

PRUNE_RT_INLINE Lanes foldTo2(Lanes x, Lanes y) {
  return __builtin_shufflevector(x, y, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21,
                                 24, 25, 28, 29) +
         __builtin_shufflevector(x, y, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22,
                                 23, 26, 27, 30, 31);
}

/// The sums of the lanes of eight vectors, in the first eight lanes.
PRUNE_RT_INLINE Lanes addLanes(const Lanes (&s)[kGroup]) {
  Lanes low = foldTo4(foldTo8(s[0], s[1]), foldTo8(s[2], s[3]));
  Lanes high = foldTo4(foldTo8(s[4], s[5]), foldTo8(s[6], s[7]));
  Lanes pairs = foldTo2(low, high);
  return __builtin_shufflevector(pairs, pairs, 0, 2, 4, 6, 8, 10, 12, 14, 0, 2,
                                 4, 6, 8, 10, 12, 14) +
         __builtin_shufflevector(pairs, pairs, 1, 3, 5, 7, 9, 11, 13, 15, 1, 3,
                                 5, 7, 9, 11, 13, 15);
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_ADDLANES_H
