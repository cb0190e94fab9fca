//===- LanePlanes.h - Images side by side in vectors ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_LANEPLANES_H
#define PRUNE_RUNTIME_KERNELS_LANEPLANES_H

#include "../Common/ConvolutionShape.h"
#include "../Common/Lanes.h"

#include <algorithm>

namespace prune_rt {

/// The planes of up to 16 images, whose pixels of one place are a vector:
/// [channel][row][phase][column][16], a strip of the rows of an image with what
/// is around it. Column q of an image has phase q % phases, so that what a
/// window reads as it moves on by `phases` columns lies side by side.
struct LanePlanes {
  int64_t channels;
  int64_t firstRow, rows; ///< the strip, in rows with those above the image
  int64_t phases, columns;
  int64_t top, left; ///< rows above the image and columns before it

  /// The first line of the strip that is a row of an image of `height` rows,
  /// and the one behind the last.
  int64_t firstLine() const { return std::max<int64_t>(0, top - firstRow); }
  int64_t endLine(int64_t height) const {
    return std::max<int64_t>(firstLine(),
                             std::min(rows, top + height - firstRow));
  }

  /// Floats from the start to a vector; `row` counts from that of the strip.
  int64_t at(int64_t channel, int64_t row, int64_t column) const {
    int64_t line = (channel * rows + row) * phases + column % phases;
    return (line * columns + column / phases) * kLanes;
  }
  /// The strip that begins at a row.
  LanePlanes startAt(int64_t row) const {
    LanePlanes planes = *this;
    planes.firstRow = row;
    return planes;
  }
  int64_t line() const { return phases * columns * kLanes; }
  int64_t plane() const { return rows * line(); }
  int64_t size() const { return channels * plane(); }
};

/// Planes without rows and with nothing around the image.
inline LanePlanes makePlanes(int64_t channels, int64_t columns,
                             int64_t phases) {
  return {channels, 0, 0, phases, (columns + phases - 1) / phases, 0, 0};
}

/// A batch in memory.
template <typename Element>
struct ImageBatch {
  Element *data; ///< the first image of at most 16
  int64_t count;
  int64_t channels, height, width;
  bool isNhwc;

  int64_t size() const { return channels * height * width; }
};

/// Floats that a table of places takes.
int64_t getTableSize(const ImageBatch<const float> &images);

/// Copies the strip of all images to `planes`; images that are missing, and
/// what is around the others, become zeros. `table` has getTableSize() numbers.
void loadPlanes(const LanePlanes &planes, const ImageBatch<const float> &images,
                int32_t *table, float *to);

/// Copies back the rows of the strip that are rows of the image.
void storePlanes(const LanePlanes &planes, const ImageBatch<float> &images,
                 int32_t *table, const float *from);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_LANEPLANES_H
