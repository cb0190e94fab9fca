//===- PoolingNchw.cpp - Halving of im2col --------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Largest elements of 2x2 windows side by side where the columns come last: the
// even and the odd columns of two rows are sorted into vectors of their own.
//
//===----------------------------------------------------------------------===//

#include "PoolingKernels.h"

using namespace prune_rt;

bool prune_rt::isHalving(const ConvolutionShape &shape) {
  return !shape.isNhwc() && shape.kh == 2 && shape.kw == 2 &&
         shape.strideH == 2 && shape.strideW == 2 && shape.dilationH == 1 &&
         shape.dilationW == 1 && shape.padTop == 0 && shape.padLeft == 0 &&
         2 * shape.oh <= shape.h && 2 * shape.ow <= shape.w;
}

namespace {

/// Two neighboring vectors of a row, by column.
template <int Width>
struct Pair {
  typename PoolLanes<Width>::Floats even, odd;
};

} // namespace

template <int Width>
PRUNE_RT_INLINE static Pair<Width> loadPair(const float *row) {
  using Lanes = PoolLanes<Width>;
  if constexpr (Width == 1) {
    return {row[0], row[1]};
  } else {
    auto low = Lanes::load(row), high = Lanes::load(row + Width);
    if constexpr (Width == 16)
      return {__builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16,
                                      18, 20, 22, 24, 26, 28, 30),
              __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17,
                                      19, 21, 23, 25, 27, 29, 31)};
    else
      return {__builtin_shufflevector(low, high, 0, 2, 4, 6),
              __builtin_shufflevector(low, high, 1, 3, 5, 7)};
  }
}

template <int Width>
PRUNE_RT_INLINE static void storePair(float *row, Pair<Width> pair) {
  using Lanes = PoolLanes<Width>;
  if constexpr (Width == 1) {
    row[0] = pair.even;
    row[1] = pair.odd;
  } else if constexpr (Width == 16) {
    Lanes::store(row, __builtin_shufflevector(pair.even, pair.odd, 0, 16, 1, 17,
                                              2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
                                              7, 23));
    Lanes::store(row + 16, __builtin_shufflevector(pair.even, pair.odd, 8, 24,
                                                   9, 25, 10, 26, 11, 27, 12,
                                                   28, 13, 29, 14, 30, 15, 31));
  } else {
    Lanes::store(row, __builtin_shufflevector(pair.even, pair.odd, 0, 4, 1, 5));
    Lanes::store(row + 4,
                 __builtin_shufflevector(pair.even, pair.odd, 2, 6, 3, 7));
  }
}

/// `Width` windows at the start of two rows.
template <int Width>
PRUNE_RT_INLINE static void runWindows(const float *top, const float *bottom,
                                       float *y, uint8_t *places) {
  using Lanes = PoolLanes<Width>;
  Pair<Width> upper = loadPair<Width>(top), lower = loadPair<Width>(bottom);
  Maximum<Width> maximum{upper.even, typename Lanes::Places{}};
  maximum.add(upper.odd, 1);
  maximum.add(lower.even, 2);
  maximum.add(lower.odd, 3);
  Lanes::store(y, maximum.best);
  if (places)
    Lanes::store(places, maximum.place);
}

template <int Width>
PRUNE_RT_INLINE static void spreadWindows(const float *dy,
                                          const uint8_t *places, float *top,
                                          float *bottom) {
  using Lanes = PoolLanes<Width>;
  auto value = Lanes::load(dy);
  auto place = Lanes::load(places);
  typename Lanes::Floats zero{};
  storePair<Width>(top, {place == 0 ? value : zero, place == 1 ? value : zero});
  storePair<Width>(bottom,
                   {place == 2 ? value : zero, place == 3 ? value : zero});
}

PRUNE_RT_CLONES
static void runRow(const float *top, const float *bottom, float *y,
                   uint8_t *places, int64_t columns) {
  int64_t i = 0;
  auto at = [&](int64_t column) { return places ? places + column : nullptr; };
  for (; i + 16 <= columns; i += 16)
    runWindows<16>(top + 2 * i, bottom + 2 * i, y + i, at(i));
  for (; i + 4 <= columns; i += 4)
    runWindows<4>(top + 2 * i, bottom + 2 * i, y + i, at(i));
  for (; i < columns; ++i)
    runWindows<1>(top + 2 * i, bottom + 2 * i, y + i, at(i));
}

PRUNE_RT_CLONES
static void spreadRow(const float *dy, const uint8_t *places, float *top,
                      float *bottom, int64_t columns) {
  int64_t i = 0;
  for (; i + 16 <= columns; i += 16)
    spreadWindows<16>(dy + i, places + i, top + 2 * i, bottom + 2 * i);
  for (; i + 4 <= columns; i += 4)
    spreadWindows<4>(dy + i, places + i, top + 2 * i, bottom + 2 * i);
  for (; i < columns; ++i)
    spreadWindows<1>(dy + i, places + i, top + 2 * i, bottom + 2 * i);
}

/// Calls body(offset of the upper row in x, offset of the row in y).
template <typename Body>
static void forEachRow(const ConvolutionShape &shape, int64_t begin,
                       int64_t end, Body body) {
  for (int64_t plane = begin * shape.c; plane < end * shape.c; ++plane)
    for (int64_t oy = 0; oy < shape.oh; ++oy)
      body((plane * shape.h + 2 * oy) * shape.w,
           (plane * shape.oh + oy) * shape.ow);
}

void prune_rt::runHalving(const PoolCall &call, int64_t begin, int64_t end) {
  int64_t width = call.shape.w, columns = call.shape.ow;
  forEachRow(call.shape, begin, end, [&](int64_t x, int64_t y) {
    runRow(call.x + x, call.x + x + width, call.y + y,
           call.workspace ? call.workspace + y : nullptr, columns);
  });
}

void prune_rt::runHalving(const PoolBackwardCall &call, int64_t begin,
                          int64_t end) {
  int64_t width = call.shape.w, columns = call.shape.ow;
  forEachRow(call.shape, begin, end, [&](int64_t x, int64_t y) {
    spreadRow(call.dy + y, call.workspace + y, call.dx + x, call.dx + x + width,
              columns);
  });
}
