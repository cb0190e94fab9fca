//===- Sums.cpp - Sums of gradients ---------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sums.h"

#include "../Common/Lanes.h"

using namespace prune_rt;

PRUNE_RT_CLONES
void prune_rt::addTo(float *target, const float *source, int64_t size) {
  for (int64_t i = 0; i < size; ++i)
    target[i] += source[i];
}

PRUNE_RT_CLONES
void prune_rt::addRows(float *rows, int64_t count, int64_t size, int64_t begin,
                       int64_t end) {
  for (int64_t row = 1; row < count; ++row)
    for (int64_t i = begin; i < end; ++i)
      rows[i] += rows[row * size + i];
}
