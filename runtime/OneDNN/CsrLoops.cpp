//===- CsrLoops.cpp - Vectorised rows of a sparse product -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each row and each tile of columns the accumulators stay in registers
// while the row's non-zeros stream by. One column is a sparse dot product. The
// vectors are 16 lanes wide and are split by the compiler where registers are
// narrower; each function is compiled for three instruction sets and chosen at
// load.
//
//===----------------------------------------------------------------------===//

#include "CsrLoops.h"

#include <cstring>

using namespace prune_rt;

#if defined(__x86_64__)
#define PRUNE_RT_CLONES                                                        \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PRUNE_RT_CLONES
#endif

namespace {
constexpr int64_t kLanes = 16;
/// May lie at any address.
typedef float Lanes __attribute__((vector_size(64), aligned(4)));
} // namespace

/// `Vectors` times 16 columns of one row, from column `j`.
template <int Vectors>
static inline __attribute__((always_inline)) void
runTile(const CsrCall &call, int64_t row, int64_t j) {
  Lanes sums[Vectors];
  float bias = call.bias ? call.bias[row] : 0.0f;
  for (int v = 0; v < Vectors; ++v)
    sums[v] = Lanes{} + bias;
  int64_t end = call.pointers[row + 1];
  for (int64_t p = call.pointers[row]; p < end; ++p) {
    const float *x = call.x + call.indices[p] * call.ldx + j;
    for (int v = 0; v < Vectors; ++v)
      sums[v] += call.values[p] * *reinterpret_cast<const Lanes *>(x + v * 16);
  }
  float *y = call.y + row * call.ldy + j;
  for (int v = 0; v < Vectors; ++v)
    *reinterpret_cast<Lanes *>(y + v * 16) = sums[v];
}

/// The last columns of one row, fewer than 16.
static inline __attribute__((always_inline)) void
runTail(const CsrCall &call, int64_t row, int64_t j) {
  int64_t columns = call.n - j;
  float sums[kLanes];
  for (int64_t lane = 0; lane < columns; ++lane)
    sums[lane] = call.bias ? call.bias[row] : 0.0f;
  for (int64_t p = call.pointers[row]; p < call.pointers[row + 1]; ++p) {
    const float *x = call.x + call.indices[p] * call.ldx + j;
    for (int64_t lane = 0; lane < columns; ++lane)
      sums[lane] += call.values[p] * x[lane];
  }
  std::memcpy(call.y + row * call.ldy + j, sums, columns * sizeof(float));
}

PRUNE_RT_CLONES
static void runColumns(const CsrCall &call, int64_t begin, int64_t end) {
  // Four vectors first: their rows of x stay in the first-level cache while
  // all rows of the range use them.
  int64_t j = 0;
  for (; j + 4 * kLanes <= call.n; j += 4 * kLanes)
    for (int64_t row = begin; row < end; ++row)
      runTile<4>(call, row, j);
  for (; j + kLanes <= call.n; j += kLanes)
    for (int64_t row = begin; row < end; ++row)
      runTile<1>(call, row, j);
  if (j < call.n)
    for (int64_t row = begin; row < end; ++row)
      runTail(call, row, j);
}

/// One column: partial sums in lanes, added in a fixed order.
PRUNE_RT_CLONES
static void runVector(const CsrCall &call, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    int64_t p = call.pointers[row], last = call.pointers[row + 1];
    Lanes sums = {};
    for (; p + kLanes <= last; p += kLanes) {
      Lanes gathered;
      for (int64_t lane = 0; lane < kLanes; ++lane)
        gathered[lane] = call.x[call.indices[p + lane] * call.ldx];
      sums += gathered * *reinterpret_cast<const Lanes *>(call.values + p);
    }
    float sum = call.bias ? call.bias[row] : 0.0f;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      sum += sums[lane];
    for (; p < last; ++p)
      sum += call.values[p] * call.x[call.indices[p] * call.ldx];
    call.y[row * call.ldy] = sum;
  }
}

void prune_rt::runCsrRows(const CsrCall &call, int64_t begin, int64_t end) {
  if (call.n == 1)
    runVector(call, begin, end);
  else
    runColumns(call, begin, end);
}
