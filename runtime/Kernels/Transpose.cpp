//===- Transpose.cpp - Transpose of a matrix ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks of 16 x 16 are turned in registers (TurnBlock.h). What is left at the
// edges is copied one by one.
//
//===----------------------------------------------------------------------===//

#include "../Common/Lanes.h"
#include "../Common/Runtime.h"
#include "Threads.h"
#include "TurnBlock.h"

#include <algorithm>

using namespace prune_rt;

static void copyElements(const TransposeCall &call, int64_t top, int64_t bottom,
                         int64_t left, int64_t right) {
  for (int64_t i = top; i < bottom; ++i)
    for (int64_t j = left; j < right; ++j)
      call.y[j * call.ldy + i] = call.x[i * call.ldx + j];
}

/// Columns [begin, end) of x.
PRUNE_RT_CLONES
static void transposeColumns(const TransposeCall &call, int64_t begin,
                             int64_t end) {
  int64_t right = begin + (end - begin) / kLanes * kLanes;
  int64_t bottom = call.m / kLanes * kLanes;
  for (int64_t j = begin; j < right; j += kLanes)
    for (int64_t i = 0; i < bottom; i += kLanes) {
      Lanes rows[kLanes];
      for (int64_t l = 0; l < kLanes; ++l)
        rows[l] =
            *reinterpret_cast<const Lanes *>(call.x + (i + l) * call.ldx + j);
      turnBlock(rows);
      for (int64_t l = 0; l < kLanes; ++l)
        *reinterpret_cast<Lanes *>(call.y + (j + l) * call.ldy + i) = rows[l];
    }
  copyElements(call, bottom, call.m, begin, right);
  copyElements(call, 0, call.m, right, end);
}

void prune_rt_transpose_f32(const float *x, float *y, int64_t m, int64_t n,
                            int64_t ldx, int64_t ldy) {
  TransposeCall call{x, y, m, n, ldx, ldy};
  check(call);
  int64_t threads = prune_rt_get_num_threads();
  // Below some tens of thousands of elements a fork costs more than it gains.
  if (threads == 1 || m * n < 1 << 16)
    return transposeColumns(call, 0, n);
  int64_t blocks = (n + kLanes - 1) / kLanes;
  forEach(threads, threads, [&](int64_t part, int64_t) {
    transposeColumns(call, blocks * part / threads * kLanes,
                     std::min(blocks * (part + 1) / threads * kLanes, n));
  });
}
