//===- PoolingRows.cpp - Maxima of planes, by rows ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Images by channel, and nobody asks where the maxima lie: the rows of a window
// are reduced first, all columns of the image side by side, then the columns.
// Each element is read once for each row of windows instead of for each window.
//
//===----------------------------------------------------------------------===//

#include "PoolingKernels.h"

#include <algorithm>
#include <limits>

using namespace prune_rt;

bool prune_rt::isByRows(const PoolCall &call) {
  return !call.shape.isNhwc() && !call.workspace;
}

static constexpr float kLowest = -std::numeric_limits<float>::infinity();

/// The larger one; a NaN is larger than any number.
PRUNE_RT_INLINE static float getMaximum(float best, float other) {
  return other > best || other != other ? other : best;
}

/// best[i] = maximum(best[i], row[i * stride])
PRUNE_RT_INLINE static void reduce(float *best, const float *row,
                                   int64_t stride, int64_t count) {
  if (stride == 1)
    for (int64_t i = 0; i < count; ++i)
      best[i] = getMaximum(best[i], row[i]);
  else if (stride == 2)
    for (int64_t i = 0; i < count; ++i)
      best[i] = getMaximum(best[i], row[2 * i]);
  else
    for (int64_t i = 0; i < count; ++i)
      best[i] = getMaximum(best[i], row[i * stride]);
}

/// best[i] = maximum of the elements of three rows
PRUNE_RT_INLINE static void reduceThree(float *best, const float *first,
                                        int64_t step, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    best[i] =
        getMaximum(getMaximum(first[i], first[i + step]), first[i + 2 * step]);
}

/// y[i] = maximum of three elements side by side of every second column
PRUNE_RT_INLINE static void reduceColumns(float *y, const float *row,
                                          int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = getMaximum(getMaximum(row[2 * i], row[2 * i + 1]), row[2 * i + 2]);
}

/// Maxima of the rows of a window, column by column of the image.
PRUNE_RT_INLINE static void reduceRows(const ConvolutionShape &shape,
                                       const float *x, int64_t oy,
                                       float *best) {
  int64_t top = oy * shape.strideH - shape.padTop;
  int64_t bottom = top + (shape.kh - 1) * shape.dilationH;
  if (shape.kh == 3 && top >= 0 && bottom < shape.h)
    return reduceThree(best, x + top * shape.w, shape.dilationH * shape.w,
                       shape.w);
  std::fill(best, best + shape.w, kLowest);
  for (int64_t iy = top; iy <= bottom; iy += shape.dilationH)
    if (iy >= 0 && iy < shape.h)
      reduce(best, x + iy * shape.w, 1, shape.w);
}

/// One plane; `row` has room for a row of it with its padding.
PRUNE_RT_CLONES
static void runPlane(const ConvolutionShape &shape, const float *x, float *y,
                     float *row, int64_t columns) {
  std::fill(row, row + columns, kLowest);
  bool isUsual = shape.kw == 3 && shape.strideW == 2 && shape.dilationW == 1;
  for (int64_t oy = 0; oy < shape.oh; ++oy, y += shape.ow) {
    reduceRows(shape, x, oy, row + shape.padLeft);
    if (isUsual) {
      reduceColumns(y, row, shape.ow);
      continue;
    }
    std::fill(y, y + shape.ow, kLowest);
    for (int64_t kx = 0; kx < shape.kw; ++kx)
      reduce(y, row + kx * shape.dilationW, shape.strideW, shape.ow);
  }
}

void prune_rt::runByRows(const PoolCall &call, int64_t begin, int64_t end) {
  const ConvolutionShape &shape = call.shape;
  int64_t columns = std::max(shape.padLeft + shape.w,
                             (shape.ow - 1) * shape.strideW +
                                 (shape.kw - 1) * shape.dilationW + 1);
  Buffer row(columns * sizeof(float));
  int64_t input = shape.h * shape.w, output = shape.oh * shape.ow;
  for (int64_t plane = begin * shape.c; plane < end * shape.c; ++plane)
    runPlane(shape, call.x + plane * input, call.y + plane * output,
             row.floats(), columns);
}
