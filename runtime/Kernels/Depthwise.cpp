//===- Depthwise.cpp - Convolutions of single channels --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector of channels of one position is summed over the window, where it is
// inside of the image. Rows of the result are cut among the threads.
//
//===----------------------------------------------------------------------===//

#include "Depthwise.h"

#include "../Common/Lanes.h"
#include "Threads.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

PRUNE_RT_INLINE static int64_t padChannels(int64_t channels) {
  return (channels + kLanes - 1) / kLanes * kLanes;
}

bool prune_rt::isDepthwise(const ConvolutionShape &shape) {
  return shape.isNhwc() && shape.groups == shape.c && shape.groups == shape.f &&
         shape.groups > 1;
}

Buffer prune_rt::packDepthwise(const ConvolutionCall &call) {
  const ConvolutionShape &shape = call.shape;
  int64_t window = shape.kh * shape.kw, padded = padChannels(shape.c);
  Buffer result(window * padded * sizeof(float));
  float *target = result.floats();
  for (int64_t i = 0; i < window; ++i)
    for (int64_t c = 0; c < padded; ++c)
      *target++ = c < shape.c ? call.w[c * window + i] : 0.0f;
  return result;
}

namespace {

/// Places of a window along one extent that lie inside of the image, and where
/// its first one is.
struct Taps {
  int64_t begin, end, first;
};

} // namespace

PRUNE_RT_INLINE static Taps getTaps(int64_t first, int64_t dilation,
                                    int64_t size, int64_t extent) {
  int64_t begin = first < 0 ? (dilation - 1 - first) / dilation : 0;
  int64_t end = first < extent ? (extent - first + dilation - 1) / dilation : 0;
  begin = std::min(begin, size);
  return {begin, std::clamp(end, begin, size), first};
}

/// `width` channels from `channel` on at one position of the result.
PRUNE_RT_INLINE static void runPosition(const ConvolutionCall &call,
                                        const float *image,
                                        const float *weights, const Taps &rows,
                                        const Taps &columns, float *to,
                                        int64_t channel, int64_t width) {
  const ConvolutionShape &s = call.shape;
  size_t bytes = width * sizeof(float);
  int64_t padded = padChannels(s.c);
  Lanes sum = {};
  if (call.bias)
    std::memcpy(&sum, call.bias + channel, bytes);
  if (call.has(PRUNE_RT_ACCUMULATE)) {
    Lanes old = {};
    std::memcpy(&old, to + channel, bytes);
    sum += old;
  }
  for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const float *row = image + (rows.first + ky * s.dilationH) * s.w * s.c;
    for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
      Lanes x = {};
      std::memcpy(&x, row + (columns.first + kx * s.dilationW) * s.c + channel,
                  bytes);
      sum += x * *reinterpret_cast<const Lanes *>(
                     weights + (ky * s.kw + kx) * padded + channel);
    }
  }
  std::memcpy(to + channel, &sum, bytes);
}

/// Row `row` of the results of all images.
PRUNE_RT_CLONES
static void runRow(const ConvolutionCall &call, const float *weights,
                   int64_t row) {
  const ConvolutionShape &s = call.shape;
  int64_t n = row / s.oh, oy = row % s.oh;
  const float *image = call.x + n * s.h * s.w * s.c;
  float *to = call.y + row * s.ow * s.c;
  Taps rows = getTaps(oy * s.strideH - s.padTop, s.dilationH, s.kh, s.h);
  int64_t whole = s.c / kLanes * kLanes;
  for (int64_t ox = 0; ox < s.ow; ++ox, to += s.c) {
    Taps columns = getTaps(ox * s.strideW - s.padLeft, s.dilationW, s.kw, s.w);
    for (int64_t c = 0; c < whole; c += kLanes)
      runPosition(call, image, weights, rows, columns, to, c, kLanes);
    if (whole < s.c)
      runPosition(call, image, weights, rows, columns, to, whole, s.c - whole);
  }
}

void prune_rt::runDepthwise(const ConvolutionCall &call, const Buffer &weights,
                            int64_t threads) {
  const ConvolutionShape &s = call.shape;
  int64_t ofRow = s.ow * s.c;
  forRanges(s.n * s.oh, threads, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      runRow(call, weights.floats(), row);
    if (call.activation != PRUNE_RT_ACTIVATION_NONE)
      addBiasAndActivate(call.y + begin * ofRow, end - begin, ofRow, ofRow,
                         /*rowBias=*/nullptr, /*columnBias=*/nullptr,
                         call.activation);
  });
}
