//===- ImageLanes.cpp - Images in the lanes of vectors --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks of 16 positions of 16 images are transposed in registers, for 16
// channels after each other: what is read of an image lies together then, and
// what is written of a position.
//
//===----------------------------------------------------------------------===//

#include "ImageLanes.h"

#include "../Common/Lanes.h"
#include "../Common/Runtime.h"
#include "Threads.h"
#include "TurnBlock.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

/// Channels that one thread brings over together.
static constexpr int64_t kTogether = 16;

namespace {

/// Images and their grid.
struct Grid {
  explicit Grid(const int64_t *shape)
      : batches(shape[PRUNE_RT_GRID_IMAGES] / kLanes),
        channels(shape[PRUNE_RT_GRID_CHANNELS]),
        height(shape[PRUNE_RT_GRID_HEIGHT]), width(shape[PRUNE_RT_GRID_WIDTH]),
        columns(shape[PRUNE_RT_GRID_COLUMNS]), lead(shape[PRUNE_RT_GRID_LEAD]),
        plane(shape[PRUNE_RT_GRID_PLANE]), size(height * width),
        step((channels | 1) * kLanes) {}

  int64_t getImage(int64_t batch, int64_t channel) const {
    return (batch * kLanes * channels + channel) * size;
  }
  /// Where a place of a batch lies.
  int64_t getPlace(int64_t batch, int64_t place) const {
    return (batch * plane + place) * step;
  }
  /// The place of a position.
  int64_t getPlaceOf(int64_t position) const {
    return lead + position / width * columns + position % width;
  }

  int64_t batches, channels, height, width, columns, lead, plane, size, step;
};

} // namespace

/// Reads or writes the lanes that are positions.
PRUNE_RT_INLINE static Lanes readPart(const float *from, int64_t count) {
  if (count == kLanes)
    return *reinterpret_cast<const Lanes *>(from);
  alignas(64) float lanes[kLanes] = {};
  std::memcpy(lanes, from, count * sizeof(float));
  return *reinterpret_cast<const Lanes *>(lanes);
}

PRUNE_RT_INLINE static void writePart(Lanes lanes, float *to, int64_t count) {
  if (count == kLanes)
    *reinterpret_cast<Lanes *>(to) = lanes;
  else
    std::memcpy(to, &lanes, count * sizeof(float));
}

/// Brings some channels of 16 images over, or back.
template <bool Reverse>
PRUNE_RT_INLINE static void moveChannels(const Grid &grid, int64_t batch,
                                         int64_t channel, int64_t end,
                                         const float *x, float *y) {
  int64_t ofImage = grid.channels * grid.size;
  for (int64_t position = 0; position < grid.size; position += kLanes) {
    int64_t count = std::min(grid.size - position, kLanes);
    int64_t places[kLanes] = {};
    for (int64_t i = 0; i < count; ++i)
      places[i] = grid.getPlace(batch, grid.getPlaceOf(position + i));
    for (int64_t c = channel; c < end; ++c) {
      int64_t image = grid.getImage(batch, c) + position;
      Lanes rows[kLanes];
      for (int64_t i = 0; i < kLanes; ++i) {
        if (Reverse)
          rows[i] =
              i < count
                  ? *reinterpret_cast<const Lanes *>(x + places[i] + c * kLanes)
                  : Lanes{};
        else
          rows[i] = readPart(x + image + i * ofImage, count);
      }
      turnBlock(rows);
      for (int64_t i = 0; i < kLanes; ++i) {
        if (Reverse)
          writePart(rows[i], y + image + i * ofImage, count);
        else if (i < count)
          *reinterpret_cast<Lanes *>(y + places[i] + c * kLanes) = rows[i];
      }
    }
  }
}

PRUNE_RT_CLONES
static void reorderChannels(const Grid &grid, int64_t batch, int64_t channel,
                            int64_t end, const float *x, float *y) {
  moveChannels</*Reverse=*/false>(grid, batch, channel, end, x, y);
}

PRUNE_RT_CLONES
static void restoreChannels(const Grid &grid, int64_t batch, int64_t channel,
                            int64_t end, const float *x, float *y) {
  moveChannels</*Reverse=*/true>(grid, batch, channel, end, x, y);
}

/// Zeros where a batch has no position or no channel.
static void clearRest(const Grid &grid, int64_t batch, float *y) {
  auto clear = [&](int64_t place, int64_t from) {
    std::memset(y + grid.getPlace(batch, place) + from * kLanes, 0,
                (grid.step - from * kLanes) * sizeof(float));
  };
  int64_t last = grid.getPlaceOf(grid.size - 1);
  for (int64_t place = 0; place < grid.plane; ++place) {
    bool isPosition = place >= grid.lead && place <= last &&
                      (place - grid.lead) % grid.columns < grid.width;
    clear(place, isPosition ? grid.channels : 0);
  }
}

void prune_rt::reorderImageLanes(const float *x, float *y, const int64_t *shape,
                                 bool reverse) {
  Grid grid(shape);
  int64_t threads = prune_rt_get_num_threads();
  int64_t parts = (grid.channels + kTogether - 1) / kTogether;
  forEach(grid.batches * parts, threads, [&](int64_t index, int64_t) {
    int64_t batch = index / parts, channel = index % parts * kTogether;
    int64_t end = std::min(channel + kTogether, grid.channels);
    if (reverse)
      restoreChannels(grid, batch, channel, end, x, y);
    else
      reorderChannels(grid, batch, channel, end, x, y);
  });
  if (!reverse)
    forEach(grid.batches, threads,
            [&](int64_t batch, int64_t) { clearRest(grid, batch, y); });
}
