//===- SparseConvolutionParts.h - How the work is cut -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Convolutions of compressed weights are cut by shape alone into parts, 16
// images and a strip of rows, so that the bits are the same at any number of
// threads. A part brings its images side by side into vectors (LanePlanes.h),
// where any place of a window is an offset, whatever the stride, the dilation
// and the layout.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_SPARSECONVOLUTIONPARTS_H
#define PRUNE_RUNTIME_KERNELS_SPARSECONVOLUTIONPARTS_H

#include "LanePlanes.h"
#include "Scratch.h"
#include "Threads.h"

#include <algorithm>

namespace prune_rt {

/// A part of the work: up to 16 images from the first one on, and a strip of
/// rows.
struct Part {
  int64_t image, images, row;
};

/// How the rows of a result are cut into strips, and images into sixteens.
struct Parts {
  /// `rows` rows, for each of which there are `rowFloats` in the planes.
  Parts(int64_t images, int64_t rows, int64_t rowFloats);

  /// The last strip may have rows beyond the others.
  Part get(int64_t part) const {
    int64_t image = part / strips * kLanes;
    return {image, std::min(kLanes, images - image), part % strips * stripRows};
  }

  int64_t images, rows, stripRows, strips, count;
};

/// Takes one region of memory after the other, each from the start of a line of
/// the cache on.
class Regions {
public:
  explicit Regions(void *start)
      : next((reinterpret_cast<uintptr_t>(start) + kLine - 1) / kLine * kLine) {
  }
  template <typename Element>
  Element *take(int64_t count) {
    auto *taken = reinterpret_cast<Element *>(next);
    next += getBytes<Element>(count);
    return taken;
  }
  /// Bytes of a region; the first one has a line more.
  template <typename Element>
  static size_t getBytes(int64_t count) {
    return (count * sizeof(Element) + kLine - 1) / kLine * kLine + kLine;
  }

private:
  static constexpr uintptr_t kLine = 64;
  uintptr_t next;
};

/// Images of a part.
template <typename Element>
ImageBatch<Element> getImages(Element *data, const Part &part, int64_t channels,
                              int64_t height, int64_t width, bool isNhwc) {
  return {data + part.image * channels * height * width,
          part.images,
          channels,
          height,
          width,
          isNhwc};
}

template <typename Element>
ImageBatch<Element> getInput(const ConvolutionShape &shape, Element *data,
                             const Part &part) {
  return getImages(data, part, shape.c, shape.h, shape.w, shape.isNhwc());
}

template <typename Element>
ImageBatch<Element> getOutput(const ConvolutionShape &shape, Element *data,
                              const Part &part) {
  return getImages(data, part, shape.f, shape.oh, shape.ow, shape.isNhwc());
}

/// The planes of x, which windows of `rows` rows of y read.
LanePlanes getInputPlanes(const ConvolutionShape &shape, int64_t rows);
LanePlanes getOutputPlanes(const ConvolutionShape &shape, int64_t rows);

/// Floats of the planes of x and y for a row of y.
int64_t getRowFloats(const ConvolutionShape &shape);

/// Elements of a table that serves the images of both.
int64_t getTableSize(const ConvolutionShape &shape);

/// Planes of which some lines each are in the first cache.
int64_t getPlanesTogether(const LanePlanes &planes, int64_t lines);

/// Where a window finds element [c][ky][kx] in the planes of x, in floats.
void listOffsets(const ConvolutionShape &shape, const LanePlanes &planes,
                 int32_t *offsets);

/// Threads for a convolution of `elements` weights.
int64_t getThreads(const ConvolutionShape &shape, int64_t elements);

/// Calls run(part, regions) for all parts, each with a scratchpad of
/// `bytes`.
template <typename Run>
void forEachPart(const Parts &parts, int64_t threads, size_t bytes, Run run) {
  forEach(parts.count, threads, [&](int64_t number, int64_t) {
    Regions regions(getScratchpad(bytes));
    run(parts.get(number), regions);
  });
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_SPARSECONVOLUTIONPARTS_H
