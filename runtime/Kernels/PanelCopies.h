//===- PanelCopies.h - Inputs of generated code -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies an image to where generated code reads it. Lanes that are no position
// of the result hold any number.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_PANELCOPIES_H
#define PRUNE_RUNTIME_KERNELS_PANELCOPIES_H

#include "../Common/Runtime.h"

#include <cstring>

namespace prune_rt {

/// Where the inputs lie: floats from an image, a channel and a row to the next.
struct Source {
  explicit Source(const prune_rt_generated &plan);

  int64_t image, channel, row;
  /// From the start of a channel to its first position.
  int64_t lead = 0;
};

/// Copies the inputs of `panels` panels from `panel` on: for each the 16
/// positions of all channels. Nothing at `end`, where the batch ends, or beyond
/// is read.
void copyPanels(const prune_rt_generated &plan, const float *image,
                const float *end, int64_t panel, int64_t panels, float *to);

/// The same for images that are panels or planes.
void gatherPanels(const prune_rt_generated &plan, const float *image,
                  int64_t panel, int64_t panels, float *to);

/// Copies the planes of some channels, of which the first begins at `from`,
/// with zeros around and 16 after the last. Images are nchw or planes.
void copyPlanes(const prune_rt_generated &plan, const Source &source,
                const float *from, const float *end, int64_t channels,
                float *to);

/// Zeros in front of the places of a plane, which are from `lead` to before
/// `end`, and behind them.
inline void clearMargins(float *plane, int64_t lead, int64_t end,
                         int64_t size) {
  std::memset(plane, 0, lead * sizeof(float));
  std::memset(plane + end, 0, (size - end) * sizeof(float));
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_PANELCOPIES_H
