//===- PoolingKernels.cpp - Poolings as vectorized loops ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One window after the other, 16 channels at a time where the channels come
// last and one plane at a time where they do not.
//
//===----------------------------------------------------------------------===//

#include "PoolingKernels.h"

#include <algorithm>
#include <limits>

using namespace prune_rt;

namespace {

/// A pooling with the strides at hand.
struct Geometry {
  explicit Geometry(const ConvolutionShape &shape)
      : shape(shape), input(shape.input()), output(shape.output()) {}

  const ConvolutionShape &shape;
  ImageStrides input, output;
};

/// A window: its rows and columns that lie inside x, and where x and y are.
struct Window {
  int64_t firstRow, lastRow, firstColumn, lastColumn;
  int64_t x; ///< offset of the first element, which may lie outside
  int64_t y;
  bool isFullSquare; ///< 2x2, all of it inside x

  int64_t count() const {
    return std::max<int64_t>(0, lastRow - firstRow) *
           std::max<int64_t>(0, lastColumn - firstColumn);
  }
};

} // namespace

/// Sets `first` and `last` to the range of k with 0 <= start + k * step <
/// extent.
PRUNE_RT_INLINE static void clip(int64_t start, int64_t step, int64_t count,
                                 int64_t extent, int64_t &first,
                                 int64_t &last) {
  first = 0;
  last = count;
  if (start >= 0 && start + (count - 1) * step < extent)
    return; // without a division
  first = start < 0 ? (step - 1 - start) / step : 0;
  last =
      start >= extent ? 0 : std::min(count, (extent - start + step - 1) / step);
}

/// Calls body(window) for all windows of a plane.
template <typename Body>
PRUNE_RT_INLINE static void forEachWindow(const Geometry &geometry, Body body) {
  const ConvolutionShape &shape = geometry.shape;
  for (int64_t oy = 0; oy < shape.oh; ++oy) {
    Window window;
    int64_t top = oy * shape.strideH - shape.padTop;
    clip(top, shape.dilationH, shape.kh, shape.h, window.firstRow,
         window.lastRow);
    for (int64_t ox = 0; ox < shape.ow; ++ox) {
      int64_t left = ox * shape.strideW - shape.padLeft;
      clip(left, shape.dilationW, shape.kw, shape.w, window.firstColumn,
           window.lastColumn);
      window.x = top * geometry.input.row + left * geometry.input.column;
      window.y = oy * geometry.output.row + ox * geometry.output.column;
      window.isFullSquare =
          shape.kh == 2 && shape.kw == 2 && window.count() == 4;
      body(window);
    }
  }
}

/// Calls body(place, offset in x) for the elements of the window inside x. Full
/// windows of 2x2, the usual ones, are spelled out.
template <typename Body>
PRUNE_RT_INLINE static void forEachInside(const Geometry &geometry,
                                          const Window &window, Body body) {
  int64_t row = geometry.shape.dilationH * geometry.input.row;
  int64_t column = geometry.shape.dilationW * geometry.input.column;
  if (window.isFullSquare) {
    body(0, window.x);
    body(1, window.x + column);
    body(2, window.x + row);
    body(3, window.x + row + column);
    return;
  }
  for (int64_t ky = window.firstRow; ky < window.lastRow; ++ky)
    for (int64_t kx = window.firstColumn; kx < window.lastColumn; ++kx)
      body(static_cast<int32_t>(ky * geometry.shape.kw + kx),
           window.x + ky * row + kx * column);
}

/// Calls body(PoolLanes, window, offset in x, offset in y) for all windows and
/// channels of an image: 16, then 4, then one channel at a time. With
/// `mayRepeat`, the last 16 may overlap those before.
template <typename Body>
PRUNE_RT_INLINE static void forImage(const Geometry &geometry, bool mayRepeat,
                                     Body body) {
  const ConvolutionShape &shape = geometry.shape;
  if (!shape.isNhwc()) {
    for (int64_t c = 0; c < shape.c; ++c)
      forEachWindow(geometry, [&](const Window &window) PRUNE_RT_INLINED {
        body(PoolLanes<1>(), window, c * geometry.input.channel,
             c * geometry.output.channel);
      });
    return;
  }
  forEachWindow(geometry, [&](const Window &window) PRUNE_RT_INLINED {
    int64_t c = 0;
    for (; c + 16 <= shape.c; c += 16)
      body(PoolLanes<16>(), window, c, c);
    if (mayRepeat && c < shape.c && shape.c >= 16) {
      body(PoolLanes<16>(), window, shape.c - 16, shape.c - 16);
      return;
    }
    for (; c + 4 <= shape.c; c += 4)
      body(PoolLanes<4>(), window, c, c);
    for (; c < shape.c; ++c)
      body(PoolLanes<1>(), window, c, c);
  });
}

/// Pointers to an image of a tensor.
template <typename Element>
static Element *getImage(Element *tensor, const ImageStrides &strides,
                         int64_t image) {
  return tensor ? tensor + image * strides.image : nullptr;
}

PRUNE_RT_CLONES
static void runMaxImage(const Geometry &geometry, const float *x, float *y,
                        uint8_t *places) {
  forImage(geometry, /*mayRepeat=*/true,
           [&](auto lanes, const Window &window, int64_t xChannel,
               int64_t yChannel) PRUNE_RT_INLINED {
             using Lanes = decltype(lanes);
             Maximum<Lanes::kWidth> maximum;
             maximum.best = typename Lanes::Floats{} -
                            std::numeric_limits<float>::infinity();
             maximum.place = typename Lanes::Places{};
             bool isFirst = true;
             forEachInside(geometry, window,
                           [&](int32_t place, int64_t offset) PRUNE_RT_INLINED {
                             auto value = Lanes::load(x + xChannel + offset);
                             if (isFirst) {
                               maximum.best = value;
                               maximum.place += place;
                             } else {
                               maximum.add(value, place);
                             }
                             isFirst = false;
                           });
             int64_t target = yChannel + window.y;
             Lanes::store(y + target, maximum.best);
             if (places)
               Lanes::store(places + target, maximum.place);
           });
}

/// True when no element of x is in two windows.
static bool areDisjoint(const ConvolutionShape &shape) {
  return shape.strideH >= shape.kh && shape.strideW >= shape.kw &&
         shape.dilationH == 1 && shape.dilationW == 1;
}

/// True when every element of x is in a window.
static bool areCovering(const ConvolutionShape &shape) {
  return shape.strideH <= shape.kh && shape.strideW <= shape.kw &&
         shape.dilationH == 1 && shape.dilationW == 1 &&
         (shape.oh - 1) * shape.strideH + shape.kh - shape.padTop >= shape.h &&
         (shape.ow - 1) * shape.strideW + shape.kw - shape.padLeft >= shape.w;
}

/// Zeros the images unless their old elements are wanted or every one will be
/// stored to.
static void startGradient(const PoolBackwardCall &call, bool stores,
                          int64_t begin, int64_t end) {
  if (call.has(PRUNE_RT_ACCUMULATE) || (stores && areCovering(call.shape)))
    return;
  int64_t image = call.shape.input().image;
  std::fill(call.dx + begin * image, call.dx + end * image, 0.0f);
}

PRUNE_RT_CLONES
static void runMaxImage(const Geometry &geometry, const float *dy,
                        const uint8_t *places, float *dx, bool stores) {
  forImage(geometry, /*mayRepeat=*/stores,
           [&](auto lanes, const Window &window, int64_t xChannel,
               int64_t yChannel) PRUNE_RT_INLINED {
             using Lanes = decltype(lanes);
             auto value = Lanes::load(dy + yChannel + window.y);
             auto found = Lanes::load(places + yChannel + window.y);
             typename Lanes::Floats zero{};
             forEachInside(geometry, window,
                           [&](int32_t place, int64_t offset) PRUNE_RT_INLINED {
                             float *target = dx + xChannel + offset;
                             auto share = found == place ? value : zero;
                             Lanes::store(target,
                                          stores ? share
                                                 : Lanes::load(target) + share);
                           });
           });
}

/// Averages of some planes from a channel on: one sum waits for itself, many
/// sums do not wait for each other.
template <int Planes>
PRUNE_RT_INLINE static void runAveragePlanes(const Geometry &geometry,
                                             const float *x, float *y,
                                             bool includesPadding) {
  int64_t whole = geometry.shape.kh * geometry.shape.kw;
  forEachWindow(geometry, [&](const Window &window) PRUNE_RT_INLINED {
    float sums[Planes] = {};
    forEachInside(geometry, window,
                  [&](int32_t, int64_t offset) PRUNE_RT_INLINED {
                    for (int i = 0; i < Planes; ++i)
                      sums[i] += x[i * geometry.input.channel + offset];
                  });
    int64_t count = includesPadding ? whole : window.count();
    auto divisor = static_cast<float>(std::max<int64_t>(1, count));
    for (int i = 0; i < Planes; ++i)
      y[i * geometry.output.channel + window.y] = sums[i] / divisor;
  });
}

PRUNE_RT_INLINE static void runAverageChannels(const Geometry &geometry,
                                               const float *x, float *y,
                                               bool includesPadding) {
  constexpr int kTogether = 16;
  int64_t input = geometry.input.channel, output = geometry.output.channel;
  int64_t c = 0;
  for (; c + kTogether <= geometry.shape.c; c += kTogether)
    runAveragePlanes<kTogether>(geometry, x + c * input, y + c * output,
                                includesPadding);
  for (; c < geometry.shape.c; ++c)
    runAveragePlanes<1>(geometry, x + c * input, y + c * output,
                        includesPadding);
}

PRUNE_RT_CLONES
static void runAverageImage(const Geometry &geometry, const float *x, float *y,
                            bool includesPadding) {
  if (!geometry.shape.isNhwc())
    return runAverageChannels(geometry, x, y, includesPadding);
  int64_t whole = geometry.shape.kh * geometry.shape.kw;
  forImage(
      geometry, /*mayRepeat=*/true,
      [&](auto lanes, const Window &window, int64_t xChannel, int64_t yChannel)
          PRUNE_RT_INLINED {
            using Lanes = decltype(lanes);
            typename Lanes::Floats sum{};
            forEachInside(geometry, window,
                          [&](int32_t, int64_t offset) PRUNE_RT_INLINED {
                            sum += Lanes::load(x + xChannel + offset);
                          });
            int64_t count = includesPadding ? whole : window.count();
            Lanes::store(y + yChannel + window.y,
                         sum / static_cast<float>(std::max<int64_t>(1, count)));
          });
}

PRUNE_RT_CLONES
static void runAverageImage(const Geometry &geometry, const float *dy,
                            float *dx, bool includesPadding, bool stores) {
  int64_t whole = geometry.shape.kh * geometry.shape.kw;
  forImage(geometry, /*mayRepeat=*/stores,
           [&](auto lanes, const Window &window, int64_t xChannel,
               int64_t yChannel) PRUNE_RT_INLINED {
             using Lanes = decltype(lanes);
             int64_t count = includesPadding ? whole : window.count();
             auto share = Lanes::load(dy + yChannel + window.y) /
                          static_cast<float>(std::max<int64_t>(1, count));
             forEachInside(geometry, window,
                           [&](int32_t, int64_t offset) PRUNE_RT_INLINED {
                             float *target = dx + xChannel + offset;
                             Lanes::store(target,
                                          stores ? share
                                                 : Lanes::load(target) + share);
                           });
           });
}

void prune_rt::runMaxPool(const PoolCall &call, int64_t begin, int64_t end) {
  if (isHalving(call.shape))
    return runHalving(call, begin, end);
  if (isByRows(call))
    return runByRows(call, begin, end);
  Geometry geometry(call.shape);
  for (int64_t i = begin; i < end; ++i)
    runMaxImage(geometry, getImage(call.x, geometry.input, i),
                getImage(call.y, geometry.output, i),
                getImage(call.workspace, geometry.output, i));
}

void prune_rt::runMaxPool(const PoolBackwardCall &call, int64_t begin,
                          int64_t end) {
  bool stores = areDisjoint(call.shape) && !call.has(PRUNE_RT_ACCUMULATE);
  startGradient(call, stores, begin, end);
  if (stores && isHalving(call.shape))
    return runHalving(call, begin, end);
  Geometry geometry(call.shape);
  for (int64_t i = begin; i < end; ++i)
    runMaxImage(geometry, getImage(call.dy, geometry.output, i),
                getImage(call.workspace, geometry.output, i),
                getImage(call.dx, geometry.input, i), stores);
}

void prune_rt::runAveragePool(const PoolCall &call, int64_t begin,
                              int64_t end) {
  Geometry geometry(call.shape);
  for (int64_t i = begin; i < end; ++i)
    runAverageImage(geometry, getImage(call.x, geometry.input, i),
                    getImage(call.y, geometry.output, i),
                    call.has(PRUNE_RT_INCLUDE_PADDING));
}

void prune_rt::runAveragePool(const PoolBackwardCall &call, int64_t begin,
                              int64_t end) {
  bool stores = areDisjoint(call.shape) && !call.has(PRUNE_RT_ACCUMULATE);
  startGradient(call, stores, begin, end);
  Geometry geometry(call.shape);
  for (int64_t i = begin; i < end; ++i)
    runAverageImage(geometry, getImage(call.dy, geometry.output, i),
                    getImage(call.dx, geometry.input, i),
                    call.has(PRUNE_RT_INCLUDE_PADDING), stores);
}
