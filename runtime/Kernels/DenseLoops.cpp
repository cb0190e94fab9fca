//===- DenseLoops.cpp - Vectorized dense product --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Serves where oneDNN has no batch-reduce kernel, as when it was built for
// another instruction set, or misreads the layout. Six rows times one panel of
// 16 columns stay in registers.
//
//===----------------------------------------------------------------------===//

#include "DenseLoops.h"

#include "../Common/Lanes.h"
#include "Threads.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

namespace {
constexpr int64_t kRows = 6;
} // namespace

Buffer prune_rt::packPanels(const MatmulCall &call) {
  bool transposed = call.has(PRUNE_RT_TRANSPOSE_B);
  int64_t inner = transposed ? 1 : call.ldb, column = transposed ? call.ldb : 1;
  int64_t panels = (call.n + kLanes - 1) / kLanes;
  Buffer result(panels * call.k * kLanes * sizeof(float));
  float *target = result.floats();
  for (int64_t j = 0; j < panels * kLanes; j += kLanes)
    for (int64_t l = 0; l < call.k; ++l)
      for (int64_t lane = 0; lane < kLanes; ++lane)
        *target++ =
            j + lane < call.n ? call.b[l * inner + (j + lane) * column] : 0.0f;
  return result;
}

/// `Rows` rows from row `i`, `width` columns from column `j`.
template <int Rows>
static inline __attribute__((always_inline)) void
runTile(const MatmulCall &call, const float *panel, int64_t i, int64_t j,
        int64_t width) {
  bool transposed = call.has(PRUNE_RT_TRANSPOSE_A);
  int64_t row = transposed ? 1 : call.lda, inner = transposed ? call.lda : 1;
  size_t bytes = width * sizeof(float);
  Lanes start = {};
  if (call.bias)
    std::memcpy(&start, call.bias + j, bytes);
  Lanes sums[Rows];
  for (int r = 0; r < Rows; ++r) {
    sums[r] = start;
    Lanes old = {};
    if (call.has(PRUNE_RT_ACCUMULATE))
      std::memcpy(&old, call.c + (i + r) * call.ldc + j, bytes);
    sums[r] += old;
  }
  const float *a = call.a + i * row;
  for (int64_t l = 0; l < call.k; ++l) {
    Lanes b = *reinterpret_cast<const Lanes *>(panel + l * kLanes);
    for (int r = 0; r < Rows; ++r)
      sums[r] += a[r * row + l * inner] * b;
  }
  for (int r = 0; r < Rows; ++r)
    std::memcpy(call.c + (i + r) * call.ldc + j, &sums[r], bytes);
}

PRUNE_RT_CLONES
static void runPanel(const MatmulCall &call, const float *panel, int64_t j) {
  int64_t width = std::min(kLanes, call.n - j), i = 0;
  for (; i + kRows <= call.m; i += kRows)
    runTile<kRows>(call, panel, i, j, width);
  for (; i < call.m; ++i)
    runTile<1>(call, panel, i, j, width);
}

void prune_rt::runPanels(const MatmulCall &call, const Buffer &panels,
                         int64_t threads) {
  int64_t count = (call.n + kLanes - 1) / kLanes;
  forEach(count, threads, [&](int64_t p, int64_t) {
    runPanel(call, panels.floats() + p * call.k * kLanes, p * kLanes);
  });
  if (call.activation != PRUNE_RT_ACTIVATION_NONE)
    addBiasAndActivate(call.c, call.m, call.n, call.ldc, /*rowBias=*/nullptr,
                       /*columnBias=*/nullptr, call.activation);
}
