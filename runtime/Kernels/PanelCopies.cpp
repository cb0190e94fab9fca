//===- PanelCopies.cpp - Inputs of generated code -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs are copied in whole vectors from the first to the last: what a vector
// writes too much is overwritten by the next run or lies in a vector to spare,
// and what it reads too much is some other input. Only runs near the end of the
// batch are copied one by one.
//
//===----------------------------------------------------------------------===//

#include "PanelCopies.h"

#include "../Common/Lanes.h"

#include <algorithm>
#include <type_traits>

using namespace prune_rt;

/// Panels of a channel that are copied together: a kilobyte of the input.
static constexpr int64_t kTogether = 16;

// The type carries its alignment of one float only by name.
#define PRUNE_RT_AT(address) (*reinterpret_cast<Lanes *>(address))
#define PRUNE_RT_READ(address) (*reinterpret_cast<const Lanes *>(address))

/// Calls the function with the stride as a type: 1, 2, or 0 for a larger one.
/// Small code has one copy of the loops, for any stride.
template <typename Function>
PRUNE_RT_INLINE static void forStride(int64_t stride, Function function) {
#ifndef PRUNE_RT_SMALL
  if (stride == 1)
    return function(std::integral_constant<int, 1>());
  if (stride == 2)
    return function(std::integral_constant<int, 2>());
#endif
  (void)stride;
  function(std::integral_constant<int, 0>());
}

/// Elements 0, stride, ... of a row.
template <int Stride>
PRUNE_RT_INLINE static Lanes readLanes(const float *from) {
  Lanes low = PRUNE_RT_READ(from);
  if constexpr (Stride == 1)
    return low;
  Lanes high = PRUNE_RT_READ(from + kLanes);
  return __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
                                 20, 22, 24, 26, 28, 30);
}

/// to[i] = from[i * stride] for `count` i, and up to 15 more. `Stride` is the
/// stride, or 0 for one that is larger than 2.
template <int Stride>
PRUNE_RT_INLINE static void copyRun(const float *from, int64_t stride,
                                    const float *end, float *to,
                                    int64_t count) {
  int64_t i = 0;
  if constexpr (Stride != 0) {
    int64_t room = (end - from) / Stride - kLanes;
    for (; i < count && i <= room; i += kLanes)
      PRUNE_RT_AT(to + i) = readLanes<Stride>(from + i * Stride);
  }
  for (; i < count; ++i)
    to[i] = from[i * (Stride ? Stride : stride)];
}

/// Zeroes `count` floats and up to 15 more, mostly a few.
PRUNE_RT_INLINE static void zeroRun(float *to, int64_t count) {
  if (count > 0)
    PRUNE_RT_AT(to) = Lanes{};
  // The compiler calls memset for a loop of zeros.
  for (int64_t i = kLanes; i < count; i += kLanes)
    PRUNE_RT_AT(to + i) = Lanes{};
}

/// Places of a row of the result.
PRUNE_RT_INLINE static int64_t getColumns(const prune_rt_generated &plan) {
  return plan.columns ? plan.columns : plan.out_width;
}

/// Copies what `count` places of the result read of a channel.
template <int Stride>
PRUNE_RT_INLINE static void
copyPositions(const prune_rt_generated &plan, const float *channel,
              const float *end, int64_t place, int64_t count, float *to) {
  int64_t columns = getColumns(plan);
  int64_t row = place / columns, column = place % columns;
  while (count > 0) {
    int64_t size = std::min(plan.out_width - column, count);
    const float *from =
        channel + row * plan.stride_h * plan.width + column * plan.stride_w;
    // The last places of a row may be none.
    if (size > 0)
      copyRun<Stride>(from, plan.stride_w, end, to, size);
    int64_t step = std::min(columns - column, count);
    to += step;
    count -= step;
    ++row, column = 0;
  }
}

/// A part of the panels: channel by channel, of which positions lie together.
template <int Stride>
PRUNE_RT_INLINE static void copyPart(const prune_rt_generated &plan,
                                     const float *image, const float *end,
                                     int64_t panel, int64_t panels, float *to) {
  alignas(64) float positions[(kTogether + 1) * kLanes];
  int64_t columns = getColumns(plan);
  bool isWhole =
      plan.stride_h == 1 && plan.stride_w == 1 && columns == plan.out_width;
  int64_t begin = panel * kLanes, step = plan.channels * kLanes;
  int64_t places =
      (plan.out_size / plan.out_width - 1) * columns + plan.out_width;
  int64_t count = std::min(panels * kLanes, places - begin);
  for (int64_t c = 0; c < plan.channels; ++c, to += kLanes) {
    const float *from = image + c * plan.height * plan.width;
    const float *vectors = from + begin;
    if (!isWhole || end - vectors < panels * kLanes) {
      copyPositions<Stride>(plan, from, end, begin, count, positions);
      vectors = positions;
    }
    for (int64_t p = 0; p < panels; ++p)
      PRUNE_RT_AT(to + p * step) = PRUNE_RT_READ(vectors + p * kLanes);
  }
}

template <int Stride>
PRUNE_RT_INLINE static void
copyParts(const prune_rt_generated &plan, const float *image, const float *end,
          int64_t panel, int64_t panels, float *to) {
  for (int64_t p = 0; p < panels; p += kTogether)
    copyPart<Stride>(plan, image, end, panel + p,
                     std::min(panels - p, kTogether),
                     to + p * plan.channels * kLanes);
}

PRUNE_RT_CLONES
void prune_rt::copyPanels(const prune_rt_generated &plan, const float *image,
                          const float *end, int64_t panel, int64_t panels,
                          float *to) {
  forStride(plan.stride_w, [&](auto stride) PRUNE_RT_INLINED {
    copyParts<stride.value>(plan, image, end, panel, panels, to);
  });
}

PRUNE_RT_CLONES
void prune_rt::gatherPanels(const prune_rt_generated &plan, const float *image,
                            int64_t panel, int64_t panels, float *to) {
  bool isPlanes = plan.in_plane > 0;
  int64_t columns = getColumns(plan);
  int64_t step = isPlanes ? plan.in_plane : kLanes;
  for (int64_t p = panel; p < panel + panels; ++p) {
    int64_t places[kLanes] = {};
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      int64_t row = (p * kLanes + lane) / columns;
      int64_t column = (p * kLanes + lane) % columns;
      // Lanes that are no position hold any number.
      if (column >= plan.out_width || row * plan.out_width >= plan.out_size)
        continue;
      int64_t place =
          row * plan.stride_h * plan.in_columns + column * plan.stride_w;
      places[lane] =
          isPlanes ? plan.in_lead + place
                   : place / kLanes * plan.channels * kLanes + place % kLanes;
    }
    const float *from = image;
    for (int64_t c = 0; c < plan.channels; ++c, from += step, to += kLanes)
      for (int64_t lane = 0; lane < kLanes; ++lane)
        to[lane] = from[places[lane]];
  }
}

prune_rt::Source::Source(const prune_rt_generated &plan)
    : image(plan.channels * plan.height * plan.width),
      channel(plan.height * plan.width), row(plan.width) {
  if (plan.in_image == 0)
    return;
  image = plan.in_image;
  channel = plan.in_plane;
  row = plan.in_columns;
  lead = plan.in_lead;
}

namespace {

/// The elements of a channel in a plane: of its rows [rowBegin, rowEnd), those
/// of the columns [begin, end). The first one is `from`, and those of a row are
/// `step` behind those of the one before.
struct Inside {
  int64_t rowBegin, rowEnd, begin, end;
  const float *from;
  int64_t step;
};

} // namespace

/// Where the row or column of a plane that is `first` before the stride is
/// inside an extent.
static void findInside(int64_t first, int64_t stride, int64_t extent,
                       int64_t count, int64_t &begin, int64_t &end) {
  auto round = [&](int64_t distance) {
    return std::clamp<int64_t>((distance + stride - 1) / stride, 0, count);
  };
  begin = round(-first);
  end = std::max(round(extent - first), begin);
}

/// Rows of at most a vector with their zeros in it, where all of them can be
/// read in vectors.
template <int Stride>
PRUNE_RT_INLINE static void copyShortRows(const prune_rt_generated &plan,
                                          const Inside &inside, float *to) {
  typedef int Mask __attribute__((vector_size(64)));
  int64_t count = inside.end - inside.begin;
  Mask mask;
  for (int lane = 0; lane < kLanes; ++lane)
    mask[lane] = lane < count ? -1 : 0;
  int64_t step = inside.step;
  const float *from = inside.from;
  for (int64_t r = inside.rowBegin; r < inside.rowEnd; ++r) {
    Mask bits = reinterpret_cast<Mask>(readLanes<Stride>(from));
    PRUNE_RT_AT(to) = reinterpret_cast<Lanes>(bits & mask);
    from += step, to += plan.columns;
  }
}

template <int Stride>
PRUNE_RT_INLINE static void copyRows(const prune_rt_generated &plan,
                                     const Inside &inside, const float *end,
                                     float *to) {
  int64_t step = inside.step, count = inside.end - inside.begin;
  int64_t rows = inside.rowEnd - inside.rowBegin;
  if constexpr (Stride != 0)
    if (count <= kLanes && plan.columns <= kLanes &&
        end - inside.from >= (rows - 1) * step + kLanes * Stride)
      return copyShortRows<Stride>(plan, inside, to);
  const float *from = inside.from;
  for (int64_t r = 0; r < rows; ++r, from += step, to += plan.columns) {
    copyRun<Stride>(from, plan.stride_w, end, to, count);
    zeroRun(to + count, plan.columns - count);
  }
}

/// Copies a plane that has column `first` of the channel and those a stride
/// apart, and its rows from `row` on alike. Zeros after a row reach those
/// before the next.
template <int Stride>
PRUNE_RT_INLINE static void copyPlane(const prune_rt_generated &plan,
                                      const Source &source,
                                      const float *channel, const float *end,
                                      int64_t row, int64_t first, float *to) {
  Inside inside;
  findInside(first, plan.stride_w, plan.width, plan.columns, inside.begin,
             inside.end);
  findInside(row, plan.stride_h, plan.height, plan.rows, inside.rowBegin,
             inside.rowEnd);
  inside.step = plan.stride_h * source.row;
  inside.from = channel + row * source.row + inside.rowBegin * inside.step +
                first + inside.begin * plan.stride_w;
  zeroRun(to, inside.rowBegin * plan.columns + inside.begin);
  copyRows<Stride>(plan, inside, end,
                   to + inside.rowBegin * plan.columns + inside.begin);
  int64_t done = inside.rowEnd * plan.columns;
  zeroRun(to + done, plan.rows * plan.columns - done);
}

template <int Stride>
PRUNE_RT_INLINE static void
copyAll(const prune_rt_generated &plan, const Source &source, const float *from,
        const float *end, int64_t channels, float *to) {
  for (int64_t c = 0; c < channels; ++c, from += source.channel)
    for (int64_t i = 0; i < plan.stride_h; ++i)
      for (int64_t j = 0; j < plan.stride_w; ++j) {
        copyPlane<Stride>(plan, source, from + source.lead, end,
                          i - plan.pad_top, j - plan.pad_left, to);
        to += plan.rows * plan.columns;
      }
  zeroRun(to, kLanes);
}

PRUNE_RT_CLONES
void prune_rt::copyPlanes(const prune_rt_generated &plan, const Source &source,
                          const float *from, const float *end, int64_t channels,
                          float *to) {
  forStride(plan.stride_w, [&](auto stride) PRUNE_RT_INLINED {
    copyAll<stride.value>(plan, source, from, end, channels, to);
  });
}
