//===- Transpose.cpp - Transpositions as plain loops ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Common/Runtime.h"

using namespace prune_rt;

void prune_rt_transpose_f32(const float *x, float *y, int64_t m, int64_t n,
                            int64_t ldx, int64_t ldy) {
  TransposeCall call{x, y, m, n, ldx, ldy};
  check(call);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      y[j * ldy + i] = x[i * ldx + j];
}
