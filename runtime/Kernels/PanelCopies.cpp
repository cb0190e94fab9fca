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

using namespace prune_rt;

/// Panels of a channel that are copied together: a kilobyte of the input.
static constexpr int64_t kTogether = 16;

// The type carries its alignment of one float only by name.
#define PRUNE_RT_AT(address) (*reinterpret_cast<Lanes *>(address))
#define PRUNE_RT_READ(address) (*reinterpret_cast<const Lanes *>(address))

/// to[i] = from[i * stride] for `count` i, and up to 15 more. `Stride` is the
/// stride, or 0 for one that is larger than 2.
template <int Stride>
PRUNE_RT_INLINE static void copyRun(const float *from, int64_t stride,
                                    const float *end, float *to,
                                    int64_t count) {
  int64_t i = 0, room = Stride ? (end - from) / Stride - kLanes : 0;
  for (; Stride == 1 && i < count && i <= room; i += kLanes)
    PRUNE_RT_AT(to + i) = PRUNE_RT_READ(from + i);
  for (; Stride == 2 && i < count && i <= room; i += kLanes) {
    Lanes low = PRUNE_RT_READ(from + 2 * i);
    Lanes high = PRUNE_RT_READ(from + 2 * i + kLanes);
    PRUNE_RT_AT(to + i) = __builtin_shufflevector(
        low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
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

/// Copies what `count` positions of the result read of a channel.
template <int Stride>
PRUNE_RT_INLINE static void
copyPositions(const prune_rt_generated &plan, const float *channel,
              const float *end, int64_t position, int64_t count, float *to) {
  int64_t row = position / plan.out_width, column = position % plan.out_width;
  while (count > 0) {
    int64_t size = std::min(plan.out_width - column, count);
    const float *from =
        channel + row * plan.stride_h * plan.width + column * plan.stride_w;
    copyRun<Stride>(from, plan.stride_w, end, to, size);
    to += size;
    count -= size;
    ++row, column = 0;
  }
}

/// A part of the panels: channel by channel, of which positions lie together.
template <int Stride>
PRUNE_RT_INLINE static void copyPart(const prune_rt_generated &plan,
                                     const float *image, const float *end,
                                     int64_t panel, int64_t panels, float *to) {
  alignas(64) float positions[(kTogether + 1) * kLanes];
  bool isWhole = plan.stride_h == 1 && plan.stride_w == 1;
  int64_t begin = panel * kLanes, step = plan.channels * kLanes;
  int64_t count = std::min(panels * kLanes, plan.out_size - begin);
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
  if (plan.stride_w == 1)
    copyParts<1>(plan, image, end, panel, panels, to);
  else if (plan.stride_w == 2)
    copyParts<2>(plan, image, end, panel, panels, to);
  else
    copyParts<0>(plan, image, end, panel, panels, to);
}

/// Copies a plane that has column `first` of the channel and those a stride
/// apart, and its rows from `row` on alike. Zeros after a row reach those
/// before the next.
template <int Stride>
PRUNE_RT_INLINE static void copyPlane(const prune_rt_generated &plan,
                                      const float *channel, const float *end,
                                      int64_t row, int64_t first, float *to) {
  int64_t stride = Stride ? Stride : plan.stride_w;
  auto round = [&](int64_t distance) {
    return std::clamp<int64_t>((distance + stride - 1) / stride, 0,
                               plan.columns);
  };
  int64_t before = round(-first), after = round(plan.width - first);
  after = std::max(before, after);
  zeroRun(to, before);
  for (int64_t r = 0; r < plan.rows; ++r, to += plan.columns) {
    bool isInside = row >= 0 && row < plan.height;
    int64_t zeros = isInside ? after : before;
    if (isInside)
      copyRun<Stride>(channel + row * plan.width + before * stride + first,
                      stride, end, to + before, after - before);
    zeroRun(to + zeros, plan.columns - zeros + before);
    row += plan.stride_h;
  }
}

template <int Stride>
PRUNE_RT_INLINE static void copyAll(const prune_rt_generated &plan,
                                    const float *image, const float *end,
                                    float *to) {
  for (int64_t c = 0; c < plan.channels; ++c, image += plan.height * plan.width)
    for (int64_t i = 0; i < plan.stride_h; ++i)
      for (int64_t j = 0; j < plan.stride_w; ++j) {
        copyPlane<Stride>(plan, image, end, i - plan.pad_top, j - plan.pad_left,
                          to);
        to += plan.rows * plan.columns;
      }
  zeroRun(to, kLanes);
}

PRUNE_RT_CLONES
void prune_rt::copyPlanes(const prune_rt_generated &plan, const float *image,
                          const float *end, float *to) {
  if (plan.stride_w == 1)
    copyAll<1>(plan, image, end, to);
  else if (plan.stride_w == 2)
    copyAll<2>(plan, image, end, to);
  else
    copyAll<0>(plan, image, end, to);
}
