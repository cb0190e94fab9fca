//===- Reorder.cpp - Images in the order that generated code reads --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each panel of 16 places is brought over for itself, run by run of a row.
//
//===----------------------------------------------------------------------===//

#include "../Common/Lanes.h"
#include "../Common/Runtime.h"
#include "ImageLanes.h"
#include "PanelCopies.h"
#include "Threads.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

namespace {

/// Images and their grid.
struct Grid {
  explicit Grid(const int64_t *shape)
      : images(shape[PRUNE_RT_GRID_IMAGES]),
        channels(shape[PRUNE_RT_GRID_CHANNELS]),
        height(shape[PRUNE_RT_GRID_HEIGHT]), width(shape[PRUNE_RT_GRID_WIDTH]),
        columns(shape[PRUNE_RT_GRID_COLUMNS]), lead(shape[PRUNE_RT_GRID_LEAD]),
        plane(shape[PRUNE_RT_GRID_PLANE]),
        panels(((height - 1) * columns + width + kLanes - 1) / kLanes) {}

  /// Where a panel of a channel lies.
  PRUNE_RT_INLINE int64_t getPlace(int64_t image, int64_t channel,
                                   int64_t panel) const {
    if (plane)
      return (image * channels + channel) * plane + lead + panel * kLanes;
    return ((image * panels + panel) * channels + channel) * kLanes;
  }

  int64_t images, channels, height, width, columns, lead, plane, panels;
};

/// A part of a panel: lanes that are positions side by side.
struct Run {
  int64_t lane, position, size;
};

/// The runs of a panel.
struct Runs {
  Runs(const Grid &grid, int64_t panel) {
    for (int64_t lane = 0; lane < kLanes;) {
      int64_t place = panel * kLanes + lane;
      int64_t row = place / grid.columns, column = place % grid.columns;
      if (row >= grid.height)
        break;
      if (column < grid.width) {
        int64_t size = std::min(grid.width - column, kLanes - lane);
        runs[count++] = {lane, row * grid.width + column, size};
      }
      lane += grid.columns - column;
    }
  }

  /// All lanes are positions side by side.
  bool isWhole() const { return runs[0].size == kLanes; }

  Run runs[kLanes];
  int64_t count = 0;
};

} // namespace

/// Moves the lanes of a panel of all channels: from images to the order of
/// generated code, or back. Of a panel that is not whole, lanes without a
/// position become zero.
template <bool Reverse>
static PRUNE_RT_INLINE void movePanel(const Grid &grid, const Runs &runs,
                                      int64_t image, int64_t panel,
                                      const float *x, float *y) {
  int64_t size = grid.height * grid.width;
  bool isWhole = runs.isWhole();
  for (int64_t c = 0; c < grid.channels; ++c) {
    int64_t plain = (image * grid.channels + c) * size;
    int64_t ordered = grid.getPlace(image, c, panel);
    const float *from = x + (Reverse ? ordered : plain);
    float *to = y + (Reverse ? plain : ordered);
    if (isWhole) {
      int64_t position = runs.runs[0].position;
      *reinterpret_cast<Lanes *>(to + (Reverse ? position : 0)) =
          *reinterpret_cast<const Lanes *>(from + (Reverse ? 0 : position));
      continue;
    }
    float lanes[kLanes] = {};
    float *target = Reverse ? to : lanes;
    for (int64_t i = 0; i < runs.count; ++i) {
      const Run &run = runs.runs[i];
      int64_t first = Reverse ? run.lane : run.position;
      int64_t other = Reverse ? run.position : run.lane;
      for (int64_t lane = 0; lane < run.size; ++lane)
        target[other + lane] = from[first + lane];
    }
    if (!Reverse)
      std::memcpy(to, lanes, sizeof(lanes));
  }
}

PRUNE_RT_CLONES
static void reorderPanel(const Grid &grid, const Runs &runs, int64_t image,
                         int64_t panel, const float *x, float *y) {
  movePanel</*Reverse=*/false>(grid, runs, image, panel, x, y);
}

PRUNE_RT_CLONES
static void restorePanel(const Grid &grid, const Runs &runs, int64_t image,
                         int64_t panel, const float *x, float *y) {
  movePanel</*Reverse=*/true>(grid, runs, image, panel, x, y);
}

void prune_rt_reorder_f32(const float *x, float *y, const int64_t *shape,
                          int64_t reverse) {
  if (shape[PRUNE_RT_GRID_TOGETHER] > 1)
    return reorderImageLanes(x, y, shape, reverse != 0);
  Grid grid(shape);
  int64_t threads = prune_rt_get_num_threads();
  forEach(grid.images * grid.panels, threads, [&](int64_t index, int64_t) {
    int64_t image = index / grid.panels, panel = index % grid.panels;
    Runs runs(grid, panel);
    if (reverse)
      restorePanel(grid, runs, image, panel, x, y);
    else
      reorderPanel(grid, runs, image, panel, x, y);
  });
  if (grid.plane && !reverse)
    forEach(grid.images * grid.channels, threads, [&](int64_t index, int64_t) {
      clearMargins(y + index * grid.plane, grid.lead,
                   grid.lead + grid.panels * kLanes, grid.plane);
    });
}
