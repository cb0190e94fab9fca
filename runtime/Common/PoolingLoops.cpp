//===- PoolingLoops.cpp - Poolings as plain loops -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle. Gradients are gathered: each element of dx is one sum in double
// precision over the windows that hold it.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionShape.h"

#include <cmath>
#include <limits>

using namespace prune_rt;

/// Calls body(image, channel, row, column) over a tensor of `shape`'s images
/// from `begin` to before `end`.
template <typename Body>
static void forEach(const ConvolutionShape &shape, int64_t begin, int64_t end,
                    int64_t rows, int64_t columns, Body body) {
  for (int64_t image = begin; image < end; ++image)
    for (int64_t channel = 0; channel < shape.c; ++channel)
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t column = 0; column < columns; ++column)
          body(image, channel, row, column);
}

/// Calls body(ky, kx, iy, ix) for the elements of the window at (oy, ox) that
/// lie inside x, in row-major order.
template <typename Body>
static void forEachInside(const ConvolutionShape &shape, int64_t oy, int64_t ox,
                          Body body) {
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    for (int64_t kx = 0; kx < shape.kw; ++kx) {
      int64_t iy = shape.inputRow(oy, ky), ix = shape.inputColumn(ox, kx);
      if (shape.isInside(iy, ix))
        body(ky, kx, iy, ix);
    }
  }
}

/// Calls body(ky, kx, oy, ox) for the windows that hold the element (iy, ix).
template <typename Body>
static void forEachWindow(const ConvolutionShape &shape, int64_t iy, int64_t ix,
                          Body body) {
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    int64_t row = iy + shape.padTop - ky * shape.dilationH;
    if (row < 0 || row % shape.strideH || row / shape.strideH >= shape.oh)
      continue;
    for (int64_t kx = 0; kx < shape.kw; ++kx) {
      int64_t column = ix + shape.padLeft - kx * shape.dilationW;
      if (column >= 0 && column % shape.strideW == 0 &&
          column / shape.strideW < shape.ow)
        body(ky, kx, row / shape.strideH, column / shape.strideW);
    }
  }
}

void prune_rt::runMaxPoolLoops(const PoolCall &call, int64_t begin,
                               int64_t end) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input(), output = shape.output();
  forEach(shape, begin, end, shape.oh, shape.ow,
          [&](int64_t image, int64_t channel, int64_t oy, int64_t ox) {
            float best = -std::numeric_limits<float>::infinity();
            int64_t place = -1;
            forEachInside(shape, oy, ox,
                          [&](int64_t ky, int64_t kx, int64_t iy, int64_t ix) {
                            float value =
                                call.x[input.at(image, channel, iy, ix)];
                            bool wins = value > best || place < 0 ||
                                        (std::isnan(value) && best == best);
                            best = wins ? value : best;
                            place = wins ? ky * shape.kw + kx : place;
                          });
            int64_t target = output.at(image, channel, oy, ox);
            call.y[target] = best;
            if (call.workspace)
              call.workspace[target] =
                  static_cast<uint8_t>(place < 0 ? 0 : place);
          });
}

void prune_rt::runMaxPoolLoops(const PoolBackwardCall &call, int64_t begin,
                               int64_t end) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input(), output = shape.output();
  forEach(shape, begin, end, shape.h, shape.w,
          [&](int64_t image, int64_t channel, int64_t iy, int64_t ix) {
            float &target = call.dx[input.at(image, channel, iy, ix)];
            double sum = call.has(PRUNE_RT_ACCUMULATE) ? target : 0.0;
            forEachWindow(shape, iy, ix,
                          [&](int64_t ky, int64_t kx, int64_t oy, int64_t ox) {
                            int64_t source = output.at(image, channel, oy, ox);
                            if (call.workspace[source] == ky * shape.kw + kx)
                              sum += call.dy[source];
                          });
            target = static_cast<float>(sum);
          });
}

/// What the sum of the window at (oy, ox) is divided by, at least 1.
static double getDivisor(const ConvolutionShape &shape, bool includesPadding,
                         int64_t oy, int64_t ox) {
  if (includesPadding)
    return static_cast<double>(shape.kh * shape.kw);
  int64_t count = 0;
  forEachInside(shape, oy, ox,
                [&](int64_t, int64_t, int64_t, int64_t) { ++count; });
  return count ? static_cast<double>(count) : 1.0;
}

void prune_rt::runAveragePoolLoops(const PoolCall &call, int64_t begin,
                                   int64_t end) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input(), output = shape.output();
  bool includesPadding = call.has(PRUNE_RT_INCLUDE_PADDING);
  forEach(shape, begin, end, shape.oh, shape.ow,
          [&](int64_t image, int64_t channel, int64_t oy, int64_t ox) {
            double sum = 0.0;
            forEachInside(shape, oy, ox,
                          [&](int64_t, int64_t, int64_t iy, int64_t ix) {
                            sum += call.x[input.at(image, channel, iy, ix)];
                          });
            call.y[output.at(image, channel, oy, ox)] = static_cast<float>(
                sum / getDivisor(shape, includesPadding, oy, ox));
          });
}

void prune_rt::runAveragePoolLoops(const PoolBackwardCall &call, int64_t begin,
                                   int64_t end) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input(), output = shape.output();
  bool includesPadding = call.has(PRUNE_RT_INCLUDE_PADDING);
  forEach(shape, begin, end, shape.h, shape.w,
          [&](int64_t image, int64_t channel, int64_t iy, int64_t ix) {
            float &target = call.dx[input.at(image, channel, iy, ix)];
            double sum = call.has(PRUNE_RT_ACCUMULATE) ? target : 0.0;
            forEachWindow(shape, iy, ix,
                          [&](int64_t, int64_t, int64_t oy, int64_t ox) {
                            sum += call.dy[output.at(image, channel, oy, ox)] /
                                   getDivisor(shape, includesPadding, oy, ox);
                          });
            target = static_cast<float>(sum);
          });
}
