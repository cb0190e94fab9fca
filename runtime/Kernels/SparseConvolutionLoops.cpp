//===- SparseConvolutionLoops.cpp - Loops over lane planes ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weight multiplies neighboring vectors of a line, whose sums stay in
// registers. Sampled, a vector of the gradient meets the inputs of eight
// places, whose sums stay there over all lines. Both go through the input
// planes in blocks that the first cache holds; each row has a cursor to go on
// from.
//
//===----------------------------------------------------------------------===//

#include "SparseConvolutionLoops.h"

#include "AddLanes.h"
#include "Blocks.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

/// Vectors of a line whose sums are in registers. With AVX2, where they are two
/// registers each, six are no faster.
static constexpr int64_t kTile = 8;

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

template <int Vectors>
static PRUNE_RT_INLINE void sumTile(const Term *term, const Term *end,
                                    const float *in, float *out, float bias,
                                    bool accumulates) {
  Lanes sums[Vectors];
  for (int v = 0; v < Vectors; ++v)
    sums[v] = (accumulates ? load(out + v * kLanes) : Lanes{}) + bias;
  for (; term != end; ++term) {
    const float *from = in + term->offset;
    for (int v = 0; v < Vectors; ++v)
      sums[v] += term->value * load(from + v * kLanes);
  }
  for (int v = 0; v < Vectors; ++v)
    store(out + v * kLanes, sums[v]);
}

static PRUNE_RT_INLINE void sumVectors(int64_t vectors, const Term *begin,
                                       const Term *end, const float *in,
                                       float *out, float bias,
                                       bool accumulates) {
  switch (vectors) {
  case 1:
    return sumTile<1>(begin, end, in, out, bias, accumulates);
  case 2:
    return sumTile<2>(begin, end, in, out, bias, accumulates);
  case 3:
    return sumTile<3>(begin, end, in, out, bias, accumulates);
  case 4:
    return sumTile<4>(begin, end, in, out, bias, accumulates);
  case 5:
    return sumTile<5>(begin, end, in, out, bias, accumulates);
  case 6:
    return sumTile<6>(begin, end, in, out, bias, accumulates);
  case 7:
    return sumTile<7>(begin, end, in, out, bias, accumulates);
  default:
    return sumTile<8>(begin, end, in, out, bias, accumulates);
  }
}

/// Adds the terms of one block to all rows of a line, or begins with them.
PRUNE_RT_CLONES
static void sumBlock(const LineSums &sums, const Term *terms,
                     const int32_t *pointers, const float *in, float *out,
                     bool isFirst) {
  int64_t tiles = (sums.columns + kTile - 1) / kTile;
  for (int64_t row = 0; row < sums.rows; ++row, out += sums.outRow) {
    const Term *begin = terms + pointers[row], *end = terms + pointers[row + 1];
    if (begin == end && !isFirst)
      continue;
    float bias = isFirst && sums.bias ? sums.bias[row] : 0.0f;
    for (int64_t i = 0; i < tiles; ++i) {
      int64_t first = sums.columns * i / tiles;
      int64_t next = sums.columns * (i + 1) / tiles;
      sumVectors(next - first, begin, end, in + first * kLanes,
                 out + first * kLanes, bias, !isFirst || sums.accumulates);
    }
  }
}

/// The same for the blocks of a tap, or of all.
static void sumBlocks(const LineSums &sums, const SparseTerms &terms,
                      int64_t tap, const float *in, float *out, bool isFirst) {
  for (int64_t block = 0; block < terms.blocks; ++block) {
    const int32_t *pointers =
        terms.pointers + (tap * terms.blocks + block) * sums.rows;
    sumBlock(sums, terms.terms, pointers, in, out, isFirst && block == 0);
  }
}

/// A line whose inputs are all zero.
static void beginLine(const LineSums &sums, float *out) {
  for (int64_t row = 0; row < sums.rows; ++row, out += sums.outRow) {
    float bias = sums.bias ? sums.bias[row] : 0.0f;
    for (int64_t i = 0; i < sums.columns * kLanes; ++i)
      out[i] = (sums.accumulates ? out[i] : 0.0f) + bias;
  }
}

void prune_rt::sumLines(const LineSums &sums) {
  for (int64_t line = 0; line < sums.lines; ++line) {
    float *out = sums.out + line * sums.outLine;
    int64_t first = line * sums.inStep;
    auto isInside = [&](int64_t tap) {
      int64_t from = first + sums.tapLines[tap];
      return from >= sums.inBegin && from < sums.inEnd;
    };
    if (sums.taps > 0 && isInside(0) && isInside(sums.taps - 1)) {
      sumBlocks(sums, sums.merged, /*tap=*/0, sums.in + first * sums.inLine,
                out, /*isFirst=*/true);
      continue;
    }
    bool isFirst = true;
    for (int64_t tap = 0; tap < sums.taps; ++tap) {
      if (!isInside(tap))
        continue;
      int64_t from = first + sums.tapLines[tap];
      sumBlocks(sums, sums.byTap, tap, sums.in + from * sums.inLine, out,
                isFirst);
      isFirst = false;
    }
    if (isFirst)
      beginLine(sums, out);
  }
}

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

template <int Count>
static PRUNE_RT_INLINE void sampleGroup(const LineSamples &samples,
                                        const int32_t *offsets,
                                        const float *grad, float *values) {
  Lanes sums[kGroup] = {};
  const float *places[Count];
  for (int i = 0; i < Count; ++i)
    places[i] = samples.in + offsets[i];
  for (int64_t line = 0; line < samples.lines; ++line) {
    const float *from = grad + line * samples.gradLine;
    int64_t in = line * samples.inLine;
    for (int64_t v = 0; v < samples.columns * kLanes; v += kLanes) {
      Lanes factor = load(from + v);
      for (int i = 0; i < Count; ++i)
        sums[i] += factor * load(places[i] + in + v);
    }
  }
  Lanes added = addLanes(sums);
  if (samples.accumulates) {
    Lanes before = {};
    std::memcpy(&before, values, Count * sizeof(float));
    added += before;
  }
  std::memcpy(values, &added, Count * sizeof(float));
}

/// The sums of `count` places, at most eight.
static PRUNE_RT_INLINE void sampleGroup(const LineSamples &samples, int64_t p,
                                        int64_t count, const float *grad) {
  const int32_t *offsets = samples.offsets + p;
  float *values = samples.values + p;
  switch (count) {
  case 1:
    return sampleGroup<1>(samples, offsets, grad, values);
  case 2:
    return sampleGroup<2>(samples, offsets, grad, values);
  case 3:
    return sampleGroup<3>(samples, offsets, grad, values);
  case 4:
    return sampleGroup<4>(samples, offsets, grad, values);
  case 5:
    return sampleGroup<5>(samples, offsets, grad, values);
  case 6:
    return sampleGroup<6>(samples, offsets, grad, values);
  case 7:
    return sampleGroup<7>(samples, offsets, grad, values);
  default:
    return sampleGroup<8>(samples, offsets, grad, values);
  }
}

PRUNE_RT_CLONES
static void sampleBlock(const LineSamples &samples, int64_t limit,
                        int32_t *cursors) {
  for (int64_t row = 0; row < samples.rows; ++row) {
    int64_t p = cursors[row], end = p, stop = samples.pointers[row + 1];
    while (end != stop && samples.offsets[end] < limit)
      ++end;
    cursors[row] = static_cast<int32_t>(end);
    const float *grad = samples.grad + row * samples.gradRow;
    for (; p < end; p += kGroup)
      sampleGroup(samples, p, std::min(kGroup, end - p), grad);
  }
}

void prune_rt::sampleLines(const LineSamples &samples, int32_t *cursors) {
  int64_t end = 0;
  for (int64_t p = samples.pointers[0]; p < samples.pointers[samples.rows]; ++p)
    end = std::max<int64_t>(end, samples.offsets[p] + 1);
  std::copy_n(samples.pointers, samples.rows, cursors);
  for (int64_t limit = samples.block; limit < end + samples.block;
       limit += samples.block)
    sampleBlock(samples, limit, cursors);
}

static PRUNE_RT_INLINE float addLines(const LineSamples &samples,
                                      const float *grad) {
  Lanes sums[kGroup] = {};
  for (int64_t line = 0; line < samples.lines; ++line)
    for (int64_t v = 0; v < samples.columns; ++v)
      sums[v % kGroup] += load(grad + line * samples.gradLine + v * kLanes);
  Lanes lanes = addLanes(sums);
  float sum = 0.0f;
  for (int64_t i = 0; i < kGroup; ++i)
    sum += lanes[i];
  return sum;
}

PRUNE_RT_CLONES
void prune_rt::addLines(const LineSamples &samples, float *sums) {
  for (int64_t row = 0; row < samples.rows; ++row) {
    float sum = ::addLines(samples, samples.grad + row * samples.gradRow);
    sums[row] = samples.accumulates ? sums[row] + sum : sum;
  }
}
