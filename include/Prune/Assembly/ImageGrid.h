//===- ImageGrid.h - Images as generated code reads them --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generated code works on panels of 16 positions. Between two kernels an image
// [c, h, w] can lie as the second one reads it, so that nothing is copied. Its
// positions are numbered row by row, with some places to spare at the end of
// each row: position (r, q) has place `r * columns + q`. Or panels are 16
// images of one place.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_IMAGEGRID_H
#define PRUNE_ASSEMBLY_IMAGEGRID_H

#include <cstdint>
#include <tuple>

namespace mlir::prune::assembly {

enum class ImageOrder {
  /// [c, h, w] without gaps.
  Nchw,
  /// [panel][c][16]: for each 16 places those of all channels. Places to spare
  /// hold any number. What windows of one element read.
  Panels,
  /// [c][plane]: `lead` zeros, the places, zeros. Places to spare are zero,
  /// too,
  /// and are the padding on both sides of a row. What larger windows read.
  Planes,
  /// [plane][c][16] for each 16 images: `lead` places of zeros, the places,
  /// places of zeros, with those to spare as in planes. Lane i is image i. What
  /// windows of any size and stride read.
  Images
};

/// The order of an image and where its places lie.
struct ImageGrid {
  ImageOrder order = ImageOrder::Nchw;
  /// Places of a row; 0 for nchw.
  int64_t columns = 0;
  /// Floats in front of the first place of a plane, and of a whole plane: both
  /// multiples of 16. Places where images are lanes.
  int64_t lead = 0, plane = 0;

  bool isOrdered() const { return order != ImageOrder::Nchw; }
  bool hasImageLanes() const { return order == ImageOrder::Images; }
  /// Images that lie together.
  int64_t getNumTogether() const { return hasImageLanes() ? 16 : 1; }
  bool operator==(const ImageGrid &other) const {
    return std::tie(order, columns, lead, plane) ==
           std::tie(other.order, other.columns, other.lead, other.plane);
  }
};

/// Panels of an image of `height` by `width`.
inline int64_t getNumPanels(const ImageGrid &grid, int64_t height,
                            int64_t width) {
  return ((height - 1) * grid.columns + width + 15) / 16;
}

/// Channels of a place of 16 images with those to spare: an odd number of cache
/// lines, so that the places of a channel share no set.
inline int64_t getPlaceChannels(int64_t channels) { return channels | 1; }

/// Floats of the images that lie together in an order that is not nchw.
inline int64_t getImageSize(const ImageGrid &grid, int64_t channels,
                            int64_t height, int64_t width) {
  if (grid.hasImageLanes())
    return grid.plane * getPlaceChannels(channels) * 16;
  return channels * (grid.order == ImageOrder::Planes
                         ? grid.plane
                         : getNumPanels(grid, height, width) * 16);
}

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_IMAGEGRID_H
