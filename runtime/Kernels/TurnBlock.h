//===- TurnBlock.h - Transpose in registers ---------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four rounds exchange single elements, pairs, fours and eights between vectors
// 1, 2, 4 and 8 apart.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_TURNBLOCK_H
#define PRUNE_RUNTIME_KERNELS_TURNBLOCK_H

#include "../Common/Lanes.h"

#include <utility>

namespace prune_rt {

/// Exchanges the upper of each two runs of `Run` lanes of x with the lower of
/// y.
template <int Run, int... Lane>
PRUNE_RT_INLINE void exchange(Lanes &x, Lanes &y,
                              std::integer_sequence<int, Lane...>) {
  Lanes low = __builtin_shufflevector(
      x, y, (Lane / Run % 2 == 0 ? Lane : kLanes + Lane - Run)...);
  Lanes high = __builtin_shufflevector(
      x, y, (Lane / Run % 2 == 0 ? Lane + Run : kLanes + Lane)...);
  x = low;
  y = high;
}

/// The round for vectors that are `Run` apart.
template <int Run>
PRUNE_RT_INLINE void exchangeAll(Lanes (&rows)[kLanes]) {
  for (int i = 0; i < kLanes; ++i)
    if (i / Run % 2 == 0)
      exchange<Run>(rows[i], rows[i + Run],
                    std::make_integer_sequence<int, kLanes>());
}

/// Transposes 16 vectors.
PRUNE_RT_INLINE void turnBlock(Lanes (&rows)[kLanes]) {
  exchangeAll<1>(rows);
  exchangeAll<2>(rows);
  exchangeAll<4>(rows);
  exchangeAll<8>(rows);
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_TURNBLOCK_H
