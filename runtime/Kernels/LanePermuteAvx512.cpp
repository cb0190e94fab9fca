//===- LanePermuteAvx512.cpp - Few columns with AVX-512 -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A step expands its values in a register (from memory it is many times slower
// on some processors), then permutes the inputs and multiplies for each column.
// Places and masks come from two loads of 8 bytes.
//
//===----------------------------------------------------------------------===//

#include "LanePermute.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

using namespace prune_rt;

#define PRUNE_AVX512 __attribute__((target("avx512f,popcnt")))
#define PRUNE_AVX512_INLINE                                                    \
  inline __attribute__((always_inline, target("avx512f,popcnt")))

namespace {
/// Where the steps of a group stand, and the rows of x.
struct Cursor {
  const prune_rt_lane_step *step;
  const float *values;
  const float *inputs;
  int64_t stride;
};
} // namespace

/// Adds the next step to one sum for each of `Columns` columns, `kChains`
/// vectors apart.
template <int Columns>
static PRUNE_AVX512_INLINE void addStep(Cursor &cursor, __m512i shifts,
                                        __m512 *sums) {
  auto *bytes = reinterpret_cast<const char *>(cursor.step++);
  uint64_t head, places;
  std::memcpy(&head, bytes, sizeof(head));
  std::memcpy(&places, bytes + offsetof(prune_rt_lane_step, places),
              sizeof(places));
  auto taken = static_cast<__mmask16>(head >> 16);
  auto high = static_cast<__mmask16>(head >> 32);
  // Even lanes shift one half of the places and odd lanes the other.
  __m512i lanes = _mm512_srlv_epi32(
      _mm512_set1_epi64(static_cast<long long>(places)), shifts);
  lanes = _mm512_and_epi32(lanes, _mm512_set1_epi32(15));
  lanes = _mm512_mask_or_epi32(lanes, high, lanes, _mm512_set1_epi32(16));
  __m512 values = _mm512_loadu_ps(cursor.values);
  // Keeps the load apart from the expansion.
  asm("" : "+v"(values));
  values = _mm512_maskz_expand_ps(taken, values);
  cursor.values += __builtin_popcount(taken);
  const float *window = cursor.inputs + (head & 0xffff) * kGroupRows;
  for (int column = 0; column < Columns; ++column) {
    const float *x = window + column * cursor.stride;
    __m512 inputs = _mm512_permutex2var_ps(_mm512_loadu_ps(x), lanes,
                                           _mm512_loadu_ps(x + kGroupRows));
    // Other lanes stay: zero times an infinite input were a NaN.
    __m512 &sum = sums[column * kChains];
    sum = _mm512_mask3_fmadd_ps(values, inputs, sum, taken);
  }
}

/// Asks for what four steps will read some time later: the lines of a page do
/// not lead to those of the next.
static PRUNE_AVX512_INLINE void prefetch(const Cursor &cursor) {
  _mm_prefetch(reinterpret_cast<const char *>(cursor.step) + 1024, _MM_HINT_T0);
  auto *values = reinterpret_cast<const char *>(cursor.values) + 2048;
  for (int64_t line = 0; line < 4; ++line)
    _mm_prefetch(values + 64 * line, _MM_HINT_T0);
}

/// `Columns` rows of x and of y, from `column`.
template <int Columns>
static PRUNE_AVX512 void runColumns(const LanePermuteCall &call,
                                    const float *inputs, int64_t column,
                                    int64_t begin, int64_t end) {
  const __m512i shifts = _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20,
                                           20, 24, 24, 28, 28);
  int64_t stride = getInputStride(call.k);
  for (int64_t group = begin; group < end; ++group) {
    const prune_rt_lane_group &first = call.groups[group];
    int64_t steps = call.groups[group + 1].step - first.step;
    Cursor cursor = {call.steps + first.step, call.values + first.value,
                     inputs + column * stride, stride};
    __m512 sums[Columns * kChains];
    for (__m512 &sum : sums)
      sum = _mm512_setzero_ps();
    int64_t step = 0;
    for (; step + kChains <= steps; step += kChains) {
      prefetch(cursor);
      for (int64_t chain = 0; chain < kChains; ++chain)
        addStep<Columns>(cursor, shifts, sums + chain);
    }
    if (step < steps)
      addStep<Columns>(cursor, shifts, sums);
    if (step + 1 < steps)
      addStep<Columns>(cursor, shifts, sums + 1);
    if (step + 2 < steps)
      addStep<Columns>(cursor, shifts, sums + 2);
    for (int i = 0; i < Columns; ++i) {
      __m512 *chains = sums + i * kChains;
      alignas(64) float total[kGroupRows];
      _mm512_store_ps(total,
                      _mm512_add_ps(_mm512_add_ps(chains[0], chains[1]),
                                    _mm512_add_ps(chains[2], chains[3])));
      writeSums(call, group, column + i, total);
    }
  }
}

void prune_rt::runGroupsAvx512(const LanePermuteCall &call, const float *inputs,
                               int64_t begin, int64_t end) {
  int64_t column = 0;
#ifdef PRUNE_RT_SMALL
  // One loop instead of four.
  for (; column < call.n; ++column)
    runColumns<1>(call, inputs, column, begin, end);
#else
  for (; column + 4 <= call.n; column += 4)
    runColumns<4>(call, inputs, column, begin, end);
  switch (call.n - column) {
  case 3:
    return runColumns<3>(call, inputs, column, begin, end);
  case 2:
    return runColumns<2>(call, inputs, column, begin, end);
  case 1:
    return runColumns<1>(call, inputs, column, begin, end);
  }
#endif
}

#endif
