//===- SparseConvolutionParts.cpp - How the work is cut -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SparseConvolutionParts.h"

using namespace prune_rt;

/// Floats of the planes of a part, those of x and of y: what the second cache
/// holds.
static constexpr int64_t kPartFloats = 96 * 1024;
/// Floats of the planes that are read together: two thirds of the first cache.
static constexpr int64_t kBlockFloats = 5 * 1024;
/// Products below which a fork costs more than it gains.
static constexpr int64_t kMinParallelWork = int64_t(1) << 18;

Parts::Parts(int64_t images, int64_t rows, int64_t rowFloats)
    : images(images), rows(rows) {
  int64_t wanted = (rows * rowFloats + kPartFloats / 2) / kPartFloats;
  wanted = std::max<int64_t>(1, std::min(rows, wanted));
  stripRows = std::max<int64_t>(1, (rows + wanted - 1) / wanted);
  strips = (rows + stripRows - 1) / stripRows;
  count = (images + kLanes - 1) / kLanes * strips;
}

LanePlanes prune_rt::getInputPlanes(const ConvolutionShape &shape,
                                    int64_t rows) {
  LanePlanes planes = makePlanes(
      shape.c, shape.padLeft + shape.w + shape.padRight, shape.strideW);
  planes.rows =
      (rows - 1) * shape.strideH + (shape.kh - 1) * shape.dilationH + 1;
  planes.top = shape.padTop;
  planes.left = shape.padLeft;
  return planes;
}

LanePlanes prune_rt::getOutputPlanes(const ConvolutionShape &shape,
                                     int64_t rows) {
  LanePlanes planes = makePlanes(shape.f, shape.ow, /*phases=*/1);
  planes.rows = rows;
  return planes;
}

int64_t prune_rt::getRowFloats(const ConvolutionShape &shape) {
  return getInputPlanes(shape, 1).line() * shape.c * shape.strideH +
         getOutputPlanes(shape, 1).line() * shape.f;
}

int64_t prune_rt::getPlanesTogether(const LanePlanes &planes, int64_t lines) {
  int64_t read = std::min(lines, planes.rows) * planes.line();
  return std::max<int64_t>(1, kBlockFloats / read);
}

void prune_rt::listOffsets(const ConvolutionShape &shape,
                           const LanePlanes &planes, int32_t *offsets) {
  for (int64_t c = 0; c < planes.channels; ++c)
    for (int64_t ky = 0; ky < shape.kh; ++ky)
      for (int64_t kx = 0; kx < shape.kw; ++kx)
        *offsets++ = static_cast<int32_t>(
            planes.at(c, ky * shape.dilationH, kx * shape.dilationW));
}

int64_t prune_rt::getTableSize(const ConvolutionShape &shape) {
  return std::max({shape.w * shape.c, shape.ow * shape.f, shape.h * shape.w,
                   shape.oh * shape.ow});
}

int64_t prune_rt::getThreads(const ConvolutionShape &shape, int64_t elements) {
  int64_t work = shape.n * shape.oh * shape.ow * elements;
  return work < kMinParallelWork ? 1 : prune_rt_get_num_threads();
}
