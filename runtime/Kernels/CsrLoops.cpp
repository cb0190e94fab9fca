//===- CsrLoops.cpp - Vectorized rows of a sparse product -----------------===//
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

#include "../Common/Lanes.h"
#include "../Common/Processor.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace prune_rt;

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
  for (; j + 2 * kLanes <= call.n; j += 2 * kLanes)
    for (int64_t row = begin; row < end; ++row)
      runTile<2>(call, row, j);
  for (; j + kLanes <= call.n; j += kLanes)
    for (int64_t row = begin; row < end; ++row)
      runTile<1>(call, row, j);
}

PRUNE_RT_CLONES
static void runTails(const CsrCall &call, int64_t begin, int64_t end,
                     int64_t j) {
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

#if defined(__x86_64__)
/// One column with the gather instruction; the last elements of a row are one
/// masked step. For a column without stride.
__attribute__((target("avx512f"))) static void
runVectorAvx512(const CsrCall &call, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    int64_t p = call.pointers[row], last = call.pointers[row + 1];
    __m512 sums = _mm512_setzero_ps(), more = _mm512_setzero_ps();
    for (; p + 2 * kLanes <= last; p += 2 * kLanes) {
      __m512i low = _mm512_loadu_si512(call.indices + p);
      __m512i high = _mm512_loadu_si512(call.indices + p + kLanes);
      sums = _mm512_fmadd_ps(_mm512_i32gather_ps(low, call.x, 4),
                             _mm512_loadu_ps(call.values + p), sums);
      more = _mm512_fmadd_ps(_mm512_i32gather_ps(high, call.x, 4),
                             _mm512_loadu_ps(call.values + p + kLanes), more);
    }
    for (; p < last; p += kLanes) {
      auto mask = static_cast<__mmask16>(
          last - p >= kLanes ? 0xffff : (1u << (last - p)) - 1);
      __m512i indices = _mm512_maskz_loadu_epi32(mask, call.indices + p);
      __m512 x = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, indices,
                                          call.x, 4);
      __m512 values = _mm512_maskz_loadu_ps(mask, call.values + p);
      sums = _mm512_fmadd_ps(x, values, sums);
    }
    float sum = _mm512_reduce_add_ps(_mm512_add_ps(sums, more));
    call.y[row * call.ldy] = call.bias ? sum + call.bias[row] : sum;
  }
}

/// The last columns of all rows, fewer than 16: one masked vector for each
/// non-zero, on two chains of sums.
__attribute__((target("avx512f"))) static void
runTailAvx512(const CsrCall &call, int64_t begin, int64_t end, int64_t j) {
  auto mask = static_cast<__mmask16>((1u << (call.n - j)) - 1);
  auto load = [&](int64_t p) __attribute__((target("avx512f"))) {
    return _mm512_maskz_loadu_ps(mask, call.x + call.indices[p] * call.ldx + j);
  };
  for (int64_t row = begin; row < end; ++row) {
    int64_t p = call.pointers[row], last = call.pointers[row + 1];
    __m512 sums = _mm512_set1_ps(call.bias ? call.bias[row] : 0.0f);
    __m512 more = _mm512_setzero_ps();
    for (; p + 2 <= last; p += 2) {
      sums = _mm512_fmadd_ps(_mm512_set1_ps(call.values[p]), load(p), sums);
      more = _mm512_fmadd_ps(_mm512_set1_ps(call.values[p + 1]), load(p + 1),
                             more);
    }
    if (p < last)
      sums = _mm512_fmadd_ps(_mm512_set1_ps(call.values[p]), load(p), sums);
    _mm512_mask_storeu_ps(call.y + row * call.ldy + j, mask,
                          _mm512_add_ps(sums, more));
  }
}

#endif

static void runLastColumns(const CsrCall &call, int64_t begin, int64_t end) {
  int64_t j = call.n / kLanes * kLanes;
  if (j == call.n)
    return;
#if defined(__x86_64__)
  if (isSupported(InstructionSet::Avx512))
    return runTailAvx512(call, begin, end, j);
#endif
  runTails(call, begin, end, j);
}

static void runOneColumn(const CsrCall &call, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  if (call.ldx == 1 && isSupported(InstructionSet::Avx512))
    return runVectorAvx512(call, begin, end);
#endif
  runVector(call, begin, end);
}

void prune_rt::runCsrRows(const CsrCall &call, int64_t begin, int64_t end) {
  if (call.n == 1)
    return runOneColumn(call, begin, end);
  runColumns(call, begin, end);
  runLastColumns(call, begin, end);
}
