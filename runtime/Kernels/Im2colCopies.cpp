//===- Im2colCopies.cpp - Copies around products of im2col ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs are copied in whole vectors from the first to the last: what a vector
// writes too much is overwritten by the next run or lies in a vector to spare.
//
//===----------------------------------------------------------------------===//

#include "Im2colCopies.h"

#include "../Common/Lanes.h"

#include <algorithm>

using namespace prune_rt;

namespace {
typedef float Half __attribute__((vector_size(32), aligned(4)));
typedef float Quad __attribute__((vector_size(16), aligned(4)));
} // namespace

// The types carry their alignment of one float only by name, not as arguments
// of a template.
#define PRUNE_RT_AT(Vector, address) (*reinterpret_cast<Vector *>(address))
#define PRUNE_RT_READ(Vector, address)                                         \
  (*reinterpret_cast<const Vector *>(address))

/// Up to 15 floats more than `size` are read and written.
PRUNE_RT_INLINE static void copyRun(float *to, const float *from,
                                    int64_t size) {
  int64_t i = 0;
  for (; i + 8 < size; i += kLanes)
    PRUNE_RT_AT(Lanes, to + i) = PRUNE_RT_READ(Lanes, from + i);
  if (i < size)
    PRUNE_RT_AT(Half, to + i) = PRUNE_RT_READ(Half, from + i);
}

PRUNE_RT_INLINE static void addRun(float *to, const float *from, int64_t size) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    PRUNE_RT_AT(Lanes, to + i) += PRUNE_RT_READ(Lanes, from + i);
  if (i + 8 <= size) {
    PRUNE_RT_AT(Half, to + i) += PRUNE_RT_READ(Half, from + i);
    i += 8;
  }
  for (; i < size; ++i)
    to[i] += from[i];
}

/// Writes 4 columns of 4 rows from the quarter `Part` of the vectors.
#define PRUNE_RT_STORE_QUAD(part, vector)                                      \
  PRUNE_RT_AT(Quad, to + (4 * part) * toRow) = __builtin_shufflevector(        \
      vector, vector, 4 * part, 4 * part + 1, 4 * part + 2, 4 * part + 3)

/// to[i][0..3] = from[0..3][i] for 16 i: 4 vectors along i.
PRUNE_RT_INLINE static void transpose16(float *to, int64_t toRow,
                                        const float *from, int64_t fromColumn) {
  Lanes a = PRUNE_RT_READ(Lanes, from);
  Lanes b = PRUNE_RT_READ(Lanes, from + fromColumn);
  Lanes c = PRUNE_RT_READ(Lanes, from + 2 * fromColumn);
  Lanes d = PRUNE_RT_READ(Lanes, from + 3 * fromColumn);
#define PRUNE_RT_LOW(x, y)                                                     \
  __builtin_shufflevector(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12,  \
                          28, 13, 29)
#define PRUNE_RT_HIGH(x, y)                                                    \
  __builtin_shufflevector(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27,    \
                          14, 30, 15, 31)
#define PRUNE_RT_LOW_PAIR(x, y)                                                \
  __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12,  \
                          13, 28, 29)
#define PRUNE_RT_HIGH_PAIR(x, y)                                               \
  __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27,    \
                          14, 15, 30, 31)
  Lanes ab = PRUNE_RT_LOW(a, b), cd = PRUNE_RT_LOW(c, d);
  Lanes abHigh = PRUNE_RT_HIGH(a, b), cdHigh = PRUNE_RT_HIGH(c, d);
  Lanes rows[4] = {PRUNE_RT_LOW_PAIR(ab, cd), PRUNE_RT_HIGH_PAIR(ab, cd),
                   PRUNE_RT_LOW_PAIR(abHigh, cdHigh),
                   PRUNE_RT_HIGH_PAIR(abHigh, cdHigh)};
  for (int r = 0; r < 4; ++r, to += toRow) {
    PRUNE_RT_STORE_QUAD(0, rows[r]);
    PRUNE_RT_STORE_QUAD(1, rows[r]);
    PRUNE_RT_STORE_QUAD(2, rows[r]);
    PRUNE_RT_STORE_QUAD(3, rows[r]);
  }
}

/// The same for 4 i.
PRUNE_RT_INLINE static void transpose4(float *to, int64_t toRow,
                                       const float *from, int64_t fromColumn) {
  Quad a = PRUNE_RT_READ(Quad, from);
  Quad b = PRUNE_RT_READ(Quad, from + fromColumn);
  Quad c = PRUNE_RT_READ(Quad, from + 2 * fromColumn);
  Quad d = PRUNE_RT_READ(Quad, from + 3 * fromColumn);
  for (int i = 0; i < 4; ++i, to += toRow)
    PRUNE_RT_AT(Quad, to) = Quad{a[i], b[i], c[i], d[i]};
}

PRUNE_RT_CLONES
static void transpose(float *to, int64_t toRow, const float *from,
                      int64_t fromColumn, int64_t rows, int64_t columns) {
  int64_t j = 0;
  for (; j + 4 <= columns; j += 4, to += 4, from += 4 * fromColumn) {
    int64_t i = 0;
    for (; i + 16 <= rows; i += 16)
      transpose16(to + i * toRow, toRow, from + i, fromColumn);
    for (; i + 4 <= rows; i += 4)
      transpose4(to + i * toRow, toRow, from + i, fromColumn);
    for (; i < rows; ++i)
      for (int64_t l = 0; l < 4; ++l)
        to[i * toRow + l] = from[i + l * fromColumn];
  }
  for (; j < columns; ++j, ++to, from += fromColumn)
    for (int64_t i = 0; i < rows; ++i)
      to[i * toRow] = from[i];
}

PRUNE_RT_CLONES
static void copyRows(MatrixView<float> to, MatrixView<const float> from,
                     int64_t rows, int64_t columns, bool accumulates) {
  for (int64_t i = 0; i < rows; ++i) {
    float *target = to.data + i * to.row;
    const float *source = from.data + i * from.row;
    if (accumulates)
      for (int64_t j = 0; j < columns; ++j)
        target[j * to.column] += source[j * from.column];
    else if (to.column == 1 && from.column == 1)
      std::copy_n(source, columns, target);
    else
      for (int64_t j = 0; j < columns; ++j)
        target[j * to.column] = source[j * from.column];
  }
}

void prune_rt::copyMatrix(MatrixView<float> to, MatrixView<const float> from,
                          int64_t rows, int64_t columns, bool accumulates) {
  if (!accumulates && to.column == 1 && from.row == 1 && from.column != 1)
    transpose(to.data, to.row, from.data, from.column, rows, columns);
  else
    copyRows(to, from, rows, columns, accumulates);
}

/// Rows and columns of x that windows reach.
static int64_t reachedRows(const Im2col &im2col) {
  return std::clamp<int64_t>(im2col.height - im2col.shape.padTop, 0,
                             im2col.shape.h);
}
static int64_t reachedColumns(const Im2col &im2col) {
  return std::clamp<int64_t>(im2col.width - im2col.shape.padLeft, 0,
                             im2col.shape.w);
}

static void zeroAround(const Im2col &im2col, float *image) {
  if (reachedRows(im2col) < im2col.height ||
      reachedColumns(im2col) < im2col.width)
    std::fill_n(image, im2col.channels * im2col.height * im2col.width, 0.0f);
}

void prune_rt::loadIm2col(const Im2col &im2col, const float *x, float *image) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t rows = reachedRows(im2col), columns = reachedColumns(im2col);
  zeroAround(im2col, image);
  for (int64_t iy = 0; iy < rows; ++iy)
    copyMatrix(
        {image + (iy + shape.padTop) * im2col.width + shape.padLeft,
         im2col.height * im2col.width, 1},
        {x + iy * im2col.input.row, im2col.input.channel, im2col.input.column},
        im2col.channels, columns, /*accumulates=*/false);
}

void prune_rt::loadPixels(const Im2col &im2col, const float *x, float *image) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t rows = reachedRows(im2col), columns = reachedColumns(im2col);
  zeroAround(im2col, image);
  for (int64_t iy = 0; iy < rows; ++iy) {
    float *target =
        image +
        ((iy + shape.padTop) * im2col.width + shape.padLeft) * im2col.channels;
    const float *source = x + iy * im2col.input.row;
    if (im2col.input.column == im2col.channels)
      std::copy_n(source, columns * im2col.channels, target);
    else
      copyMatrix({target, im2col.channels, 1},
                 {source, im2col.input.column, im2col.input.channel}, columns,
                 im2col.channels, /*accumulates=*/false);
  }
}

void prune_rt::storeIm2col(const Im2col &im2col, const float *image, float *dx,
                           bool accumulates) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t rows = reachedRows(im2col), columns = reachedColumns(im2col);
  int64_t plane = im2col.height * im2col.width;
  if (!accumulates && (rows < shape.h || columns < shape.w)) {
    float zero = 0.0f;
    for (int64_t iy = 0; iy < shape.h; ++iy)
      copyMatrix({dx + iy * im2col.input.row, im2col.input.column,
                  im2col.input.channel},
                 {&zero, 0, 0}, shape.w, im2col.channels, false);
  }
  for (int64_t iy = 0; iy < rows; ++iy) {
    const float *source =
        image + (iy + shape.padTop) * im2col.width + shape.padLeft;
    float *target = dx + iy * im2col.input.row;
    if (im2col.input.column == 1)
      copyMatrix({target, im2col.input.channel, 1}, {source, plane, 1},
                 im2col.channels, columns, accumulates);
    else
      copyMatrix({target, im2col.input.column, 1}, {source, 1, plane}, columns,
                 im2col.channels, accumulates);
  }
}

PRUNE_RT_CLONES
void prune_rt::gatherColumns(const Im2col &im2col, const ColumnLayout &layout,
                             const float *image, int64_t row, int64_t rows,
                             float *columns) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t step = shape.strideH * im2col.width;
  int64_t count = layout.overlap ? 1 : shape.kh;
  rows += layout.rows - im2col.blockRows;
  for (int64_t c = 0; c < im2col.channels; ++c) {
    for (int64_t ky = 0; ky < count; ++ky) {
      for (int64_t kx = 0; kx < shape.kw; ++kx, columns += layout.stride) {
        int64_t first = row * shape.strideH + ky * shape.dilationH;
        const float *from = image + (c * im2col.height + first) * im2col.width +
                            kx * shape.dilationW;
        for (int64_t r = 0; r < rows; ++r, from += step) {
          float *to = columns + r * shape.ow;
          if (shape.strideW == 1)
            copyRun(to, from, shape.ow);
          else
            for (int64_t ox = 0; ox < shape.ow; ++ox)
              to[ox] = from[ox * shape.strideW];
        }
      }
    }
  }
}

PRUNE_RT_CLONES
void prune_rt::scatterColumns(const Im2col &im2col, const ColumnLayout &layout,
                              const float *columns, int64_t row, int64_t rows,
                              float *plane) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t step = shape.strideH * im2col.width;
  int64_t count = layout.overlap ? 1 : shape.kh;
  rows += layout.rows - im2col.blockRows;
  for (int64_t ky = 0; ky < count; ++ky) {
    for (int64_t kx = 0; kx < shape.kw; ++kx, columns += layout.stride) {
      int64_t first = row * shape.strideH + ky * shape.dilationH;
      float *to = plane + first * im2col.width + kx * shape.dilationW;
      for (int64_t r = 0; r < rows; ++r, to += step) {
        const float *from = columns + r * shape.ow;
        if (shape.strideW == 1)
          addRun(to, from, shape.ow);
        else
          for (int64_t ox = 0; ox < shape.ow; ++ox)
            to[ox * shape.strideW] += from[ox];
      }
    }
  }
}

PRUNE_RT_CLONES
void prune_rt::gatherPixels(const Im2col &im2col, const float *image,
                            int64_t row, int64_t rows, float *columns) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t runs = shape.dilationW == 1 ? 1 : shape.kw;
  int64_t size = im2col.channels * (shape.kw / runs);
  for (int64_t r = row; r < row + rows; ++r) {
    for (int64_t ox = 0; ox < shape.ow; ++ox, columns += im2col.packedRow) {
      float *to = columns;
      for (int64_t ky = 0; ky < shape.kh; ++ky) {
        const float *from =
            image + ((r * shape.strideH + ky * shape.dilationH) * im2col.width +
                     ox * shape.strideW) *
                        im2col.channels;
        for (int64_t run = 0; run < runs; ++run, to += size)
          copyRun(to, from + run * shape.dilationW * im2col.channels, size);
      }
    }
  }
}

PRUNE_RT_CLONES
void prune_rt::addPositions(const Im2col &im2col, const float *dy,
                            float *dbias) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t positions = shape.oh * shape.ow;
  if (im2col.output.column != 1) {
    int64_t f = 0;
    for (; f + kLanes <= shape.f; f += kLanes) {
      Lanes sums = PRUNE_RT_READ(Lanes, dbias + f);
      for (int64_t p = 0; p < positions; ++p)
        sums += PRUNE_RT_READ(Lanes, dy + p * shape.f + f);
      PRUNE_RT_AT(Lanes, dbias + f) = sums;
    }
    for (; f < shape.f; ++f)
      for (int64_t p = 0; p < positions; ++p)
        dbias[f] += dy[p * shape.f + f];
    return;
  }
  for (int64_t f = 0; f < shape.f; ++f, dy += positions) {
    Lanes sums = {};
    int64_t p = 0;
    for (; p + kLanes <= positions; p += kLanes)
      sums += PRUNE_RT_READ(Lanes, dy + p);
    float sum = dbias[f];
    for (int64_t lane = 0; lane < kLanes; ++lane)
      sum += sums[lane];
    for (; p < positions; ++p)
      sum += dy[p];
    dbias[f] = sum;
  }
}
