//===- LanePermuteAvx2.cpp - Few columns with AVX2 ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same steps in two halves of eight lanes. A half permutes the four vectors
// of the window and takes from each what its masks say; values are expanded by
// a table of permutations. There are too few registers for more than one column
// at a time. The sums are those of AVX-512, bit for bit.
//
//===----------------------------------------------------------------------===//

#include "LanePermute.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstring>

using namespace prune_rt;

#define PRUNE_AVX2 __attribute__((target("avx2,fma,popcnt")))
#define PRUNE_AVX2_INLINE                                                      \
  inline __attribute__((always_inline, target("avx2,fma,popcnt")))

static constexpr int64_t kHalf = 8;

using Expansions = std::array<std::array<uint8_t, kHalf>, 256>;

/// For each mask: which value each lane takes, the number of lanes before it.
static constexpr Expansions makeExpansions() {
  Expansions table = {};
  for (unsigned mask = 0; mask < 256; ++mask) {
    uint8_t before = 0;
    for (unsigned lane = 0; lane < kHalf; ++lane) {
      table[mask][lane] = before & 7;
      before += mask >> lane & 1;
    }
  }
  return table;
}

static constexpr Expansions expansions = makeExpansions();

/// All bits of the lanes whose bit of the mask is set.
static PRUNE_AVX2_INLINE __m256 spread(unsigned mask) {
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  __m256i all = _mm256_set1_epi32(static_cast<int>(mask));
  return _mm256_castsi256_ps(
      _mm256_cmpeq_epi32(_mm256_and_si256(all, bits), bits));
}

/// Lanes of the 16 inputs at x.
static PRUNE_AVX2_INLINE __m256 permute(const float *x, __m256i lanes) {
  __m256 first = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x), lanes);
  __m256 second = _mm256_permutevar8x32_ps(_mm256_loadu_ps(x + kHalf), lanes);
  __m256i fourthBit = _mm256_slli_epi32(lanes, 28);
  return _mm256_blendv_ps(first, second, _mm256_castsi256_ps(fourthBit));
}

/// Adds a step to the sums of one half of the lanes.
static PRUNE_AVX2_INLINE void addHalf(const float *window, __m256i lanes,
                                      unsigned taken, unsigned high,
                                      const float *&values, __m256 &sum) {
  __m128i order = _mm_loadl_epi64(
      reinterpret_cast<const __m128i *>(expansions[taken].data()));
  __m256 expanded = _mm256_permutevar8x32_ps(_mm256_loadu_ps(values),
                                             _mm256_cvtepu8_epi32(order));
  values += __builtin_popcount(taken);
  __m256 x = _mm256_blendv_ps(permute(window, lanes),
                              permute(window + 2 * kHalf, lanes), spread(high));
  // Lanes that take nothing are zero: an infinite input is no NaN there.
  __m256 mask = spread(taken);
  sum = _mm256_fmadd_ps(_mm256_and_ps(expanded, mask), _mm256_and_ps(x, mask),
                        sum);
}

static PRUNE_AVX2_INLINE void addStep(const prune_rt_lane_step &step,
                                      const float *&values, const float *inputs,
                                      __m256 *sums) {
  const __m256i shifts = _mm256_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12);
  uint64_t places;
  std::memcpy(&places, step.places, sizeof(places));
  __m256i all = _mm256_set1_epi64x(static_cast<long long>(places));
  const float *window = inputs + step.window * kGroupRows;
  __m256i lanes = _mm256_srlv_epi32(all, shifts);
  addHalf(window, lanes, step.taken & 255, step.high & 255, values, sums[0]);
  lanes = _mm256_srli_epi32(lanes, 16);
  addHalf(window, lanes, step.taken >> kHalf, step.high >> kHalf, values,
          sums[1]);
}

/// One column.
static PRUNE_AVX2 void runColumn(const LanePermuteCall &call,
                                 const float *inputs, int64_t column,
                                 int64_t begin, int64_t end) {
  for (int64_t group = begin; group < end; ++group) {
    const prune_rt_lane_group &first = call.groups[group];
    int64_t steps = call.groups[group + 1].step - first.step;
    const prune_rt_lane_step *list = call.steps + first.step;
    const float *values = call.values + first.value;
    __m256 sums[2 * kChains];
    for (__m256 &sum : sums)
      sum = _mm256_setzero_ps();
    int64_t step = 0;
    for (; step + kChains <= steps; step += kChains)
      for (int64_t chain = 0; chain < kChains; ++chain)
        addStep(list[step + chain], values, inputs, sums + 2 * chain);
    for (int64_t chain = 0; step < steps; ++step, ++chain)
      addStep(list[step], values, inputs, sums + 2 * chain);
    alignas(32) float total[kGroupRows];
    for (int half = 0; half < 2; ++half)
      _mm256_store_ps(
          total + half * kHalf,
          _mm256_add_ps(_mm256_add_ps(sums[half], sums[half + 2]),
                        _mm256_add_ps(sums[half + 4], sums[half + 6])));
    writeSums(call, group, column, total);
  }
}

void prune_rt::runGroupsAvx2(const LanePermuteCall &call, const float *inputs,
                             int64_t begin, int64_t end) {
  int64_t stride = getInputStride(call.k);
  for (int64_t column = 0; column < call.n; ++column)
    runColumn(call, inputs + column * stride, column, begin, end);
}

#endif
