//===- Im2col.cpp - Convolutions without padded channels ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each image, group and block of output rows:
//   y [f, positions] = w [f, c * window] * columns [c * window, positions]
//   dcolumns [window, positions] = w' [window, f] * dy [f, positions], one
//     channel after the other, added to dx where the columns came from
//   dw [f, window * c] += dy [f, positions] * columns' [positions, window * c]
// The columns are shifted rows of a plane with its zeros around (ColumnLayout);
// for dw, of an image with the channels last.
//
//===----------------------------------------------------------------------===//

#include "Im2col.h"

#include "../Common/Processor.h"
#include "Im2colCopies.h"
#include "Im2colProduct.h"
#include "Scratch.h"

#include <algorithm>

using namespace prune_rt;

namespace {

/// Floats of the columns of a block: 160 KB of the second cache.
constexpr int64_t kBlockFloats = 40000;

/// Parts of the scratchpad of the thread. Each has a vector to spare, since
/// rows are copied in whole vectors.
struct Scratch {
  float *image, *columns, *rows;
};

} // namespace

Im2col::Im2col(const ConvolutionShape &shape)
    : shape(shape), input(shape.input()), output(shape.output()),
      channels(shape.groupInputs()), features(shape.groupOutputs()),
      height((shape.oh - 1) * shape.strideH + (shape.kh - 1) * shape.dilationH +
             1),
      width((shape.ow - 1) * shape.strideW + (shape.kw - 1) * shape.dilationW +
            1),
      window(shape.kh * shape.kw), packedRow(padColumns(channels * window)) {
  int64_t row = channels * window * shape.ow;
  blockRows = std::max<int64_t>(1, std::min(shape.oh, kBlockFloats / row));
  blockStride = padColumns(blockRows * shape.ow);
}

/// How many times more there is to compute when an extent is filled up to whole
/// vectors.
static double getPadding(int64_t extent) {
  int64_t padded = (extent + kLanes - 1) / kLanes * kLanes;
  return static_cast<double>(padded) / static_cast<double>(extent);
}

// oneDNN fills f (of dx: c) up to 16 channels, these loops the positions of an
// image. Time of oneDNN over theirs, by the first extent and the window:
//   y   f 50 5x5 1.25, 20 5x5 1.3 to 1.5, 13 5x5 1.0 to 1.2, 20 3x3 1.0 to 1.2,
//       33 3x3 1.3; f 40 3x3 1.0 to 1.1, 12 3x3 0.9, 100 3x3 0.75, 1x1 0.7
//   dx  c 20 5x5 1.0 to 1.5, 8 5x5 2.2, 1 5x5 10, 3 3x3 2.6; c 20 3x3 0.9
//   dw  f 50 5x5 1.2, 20 5x5 1.1, 20 3x3 1.1 to 1.2, 33 3x3 1.2; but with few
//       elements of a window 0.7 to 0.8
bool prune_rt::prefersIm2col(Direction direction,
                             const ConvolutionShape &shape) {
  if (!isSupported(InstructionSet::Avx512) || shape.groups != 1)
    return false;
  int64_t window = shape.kh * shape.kw;
  if (direction == Direction::BackwardWeights)
    return shape.c * window >= 100 && getPadding(shape.f) > 1.25;
  if (shape.strideH != 1 || shape.strideW != 1 || window < 9)
    return false;
  bool isForward = direction == Direction::Forward;
  double gain = getPadding(isForward ? shape.f : shape.c) /
                getPadding(shape.oh * shape.ow);
  double least = isForward ? 1.4 : 3.0;
  if (window >= 25)
    least = isForward ? 1.2 : 1.4;
  return gain > least;
}

ColumnLayout::ColumnLayout(const Im2col &im2col, bool overlap)
    : overlap(overlap) {
  const ConvolutionShape &shape = im2col.shape;
  rows = im2col.blockRows;
  if (overlap)
    rows += (shape.kh - 1) * shape.dilationH;
  stride = padColumns(rows * shape.ow + kLanes - 1);
  kx = stride;
  ky = overlap ? shape.dilationH * shape.ow : shape.kw * stride;
  channel = (overlap ? shape.kw : im2col.window) * stride;
}

/// ColumnLayout of x. They overlap where they can, for there are fewer to copy.
static ColumnLayout getColumns(const Im2col &im2col) {
  return ColumnLayout(im2col, im2col.shape.strideH == 1);
}

/// ColumnLayout of dx. A product has a row for each kx where they overlap, and
/// for each ky and kx where they do not: fewer than 4 rows leave too little to
/// do for a row of dy.
static ColumnLayout getGradientColumns(const Im2col &im2col) {
  return ColumnLayout(im2col,
                      im2col.shape.strideH == 1 && im2col.shape.kw >= 4);
}

static Scratch getScratch(const Im2col &im2col) {
  int64_t image = im2col.channels * im2col.height * im2col.width;
  int64_t columns =
      std::max({im2col.channels * getColumns(im2col).channel,
                getGradientColumns(im2col).channel,
                im2col.blockRows * im2col.shape.ow * im2col.packedRow});
  int64_t rows = im2col.features * im2col.blockStride;
  auto pad = [](int64_t size) { return (size / kLanes + 2) * kLanes; };
  auto *start = static_cast<float *>(
      getScratchpad((pad(image) + pad(columns) + pad(rows)) * sizeof(float)));
  return {start, start + pad(image), start + pad(image) + pad(columns)};
}

/// Calls body(first output row, number of rows) for all blocks.
template <typename Body>
static void forEachBlock(const Im2col &im2col, Body body) {
  const ConvolutionShape &shape = im2col.shape;
  for (int64_t row = 0; row < shape.oh; row += im2col.blockRows)
    body(row, std::min(shape.oh - row, im2col.blockRows));
}

/// Writes a block of the result, [features][positions], to y.
static void storeOutput(const Im2col &im2col, const ConvolutionCall &call,
                        int64_t firstFeature, float *rows, float *y,
                        int64_t positions) {
  bool accumulates = call.has(PRUNE_RT_ACCUMULATE);
  int64_t features = im2col.features, stride = im2col.blockStride;
  if (accumulates)
    copyMatrix({rows, stride, 1},
               {y, im2col.output.channel, im2col.output.column}, features,
               positions, /*accumulates=*/true);
  addBiasAndActivate(rows, features, positions, stride,
                     call.bias ? call.bias + firstFeature : nullptr,
                     /*columnBias=*/nullptr, call.activation);
  if (im2col.output.column == 1)
    copyMatrix({y, im2col.output.channel, 1}, {rows, stride, 1}, features,
               positions, /*accumulates=*/false);
  else
    copyMatrix({y, im2col.output.column, 1}, {rows, 1, stride}, positions,
               features, /*accumulates=*/false);
}

void prune_rt::runIm2col(const Im2col &im2col, const ConvolutionCall &call,
                         int64_t begin, int64_t end) {
  const ConvolutionShape &shape = im2col.shape;
  ColumnLayout layout = getColumns(im2col);
  Scratch scratch = getScratch(im2col);
  int64_t inner = im2col.channels * im2col.window;
  for (int64_t part = begin * shape.groups; part < end * shape.groups; ++part) {
    int64_t image = part / shape.groups, group = part % shape.groups;
    int64_t feature = group * im2col.features;
    loadIm2col(im2col,
               call.x + im2col.input.at(image, group * im2col.channels, 0, 0),
               scratch.image);
    forEachBlock(im2col, [&](int64_t row, int64_t rows) {
      gatherColumns(im2col, layout, scratch.image, row, rows, scratch.columns);
      Im2colProduct product{call.w + feature * inner,
                            scratch.columns,
                            scratch.rows,
                            inner,
                            im2col.blockStride,
                            im2col.features,
                            rows * shape.ow,
                            {{im2col.channels, im2col.window, layout.channel},
                             {shape.kw, 1, layout.kx},
                             {shape.kh, shape.kw, layout.ky}},
                            /*accumulates=*/false};
      runProduct(product);
      storeOutput(im2col, call, feature, scratch.rows,
                  call.y + im2col.output.at(image, feature, row, 0),
                  rows * shape.ow);
    });
  }
}

/// Reads a block of dy into rows [features][positions], then zeros up to a
/// multiple of 16.
static void loadOutput(const Im2col &im2col, const float *dy, int64_t positions,
                       float *rows) {
  copyMatrix({rows, im2col.blockStride, 1},
             {dy, im2col.output.channel, im2col.output.column}, im2col.features,
             positions, /*accumulates=*/false);
  for (int64_t i = 0; i < im2col.features; ++i)
    for (int64_t p = positions; p % kLanes != 0; ++p)
      rows[i * im2col.blockStride + p] = 0.0f;
}

/// The layout of one channel from a block of dy.
static void multiplyColumns(const Im2col &im2col, const ColumnLayout &layout,
                            const float *w, const Scratch &scratch,
                            int64_t positions) {
  const ConvolutionShape &shape = im2col.shape;
  int64_t inner = im2col.channels * im2col.window;
  Im2colProduct product{
      w,
      scratch.rows,
      scratch.columns,
      1,
      layout.stride,
      im2col.window,
      positions,
      {{im2col.features, inner, im2col.blockStride}, {1, 0, 0}, {1, 0, 0}},
      /*accumulates=*/false};
  if (!layout.overlap)
    return runProduct(product);
  std::fill_n(scratch.columns, layout.channel, 0.0f);
  product.rows = shape.kw;
  product.accumulates = true;
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    product.a = w + ky * shape.kw;
    product.c = scratch.columns + ky * layout.ky;
    runProduct(product);
  }
}

void prune_rt::runIm2col(const Im2col &im2col, const BackwardDataCall &call,
                         int64_t begin, int64_t end) {
  const ConvolutionShape &shape = im2col.shape;
  ColumnLayout layout = getGradientColumns(im2col);
  Scratch scratch = getScratch(im2col);
  int64_t plane = im2col.height * im2col.width;
  int64_t inner = im2col.channels * im2col.window;
  for (int64_t part = begin * shape.groups; part < end * shape.groups; ++part) {
    int64_t image = part / shape.groups, group = part % shape.groups;
    int64_t feature = group * im2col.features;
    std::fill_n(scratch.image, im2col.channels * plane, 0.0f);
    forEachBlock(im2col, [&](int64_t row, int64_t rows) {
      loadOutput(im2col, call.dy + im2col.output.at(image, feature, row, 0),
                 rows * shape.ow, scratch.rows);
      for (int64_t channel = 0; channel < im2col.channels; ++channel) {
        const float *w = call.w + feature * inner + channel * im2col.window;
        multiplyColumns(im2col, layout, w, scratch, rows * shape.ow);
        scatterColumns(im2col, layout, scratch.columns, row, rows,
                       scratch.image + channel * plane);
      }
    });
    storeIm2col(im2col, scratch.image,
                call.dx + im2col.input.at(image, group * im2col.channels, 0, 0),
                call.has(PRUNE_RT_ACCUMULATE));
  }
}

void prune_rt::sumIm2col(const Im2col &im2col, const float *x, const float *dy,
                         int64_t images, float *dw, float *dbias) {
  const ConvolutionShape &shape = im2col.shape;
  Scratch scratch = getScratch(im2col);
  std::fill_n(dw, im2col.packedSize(), 0.0f);
  for (int64_t part = 0; part < images * shape.groups; ++part) {
    int64_t image = part / shape.groups, group = part % shape.groups;
    int64_t feature = group * im2col.features;
    loadPixels(im2col,
               x + im2col.input.at(image, group * im2col.channels, 0, 0),
               scratch.image);
    forEachBlock(im2col, [&](int64_t row, int64_t rows) {
      gatherPixels(im2col, scratch.image, row, rows, scratch.columns);
      Im2colProduct product{
          dy + im2col.output.at(image, feature, row, 0),
          scratch.columns,
          dw + feature * im2col.packedRow,
          im2col.output.channel,
          im2col.packedRow,
          im2col.features,
          im2col.channels * im2col.window,
          {{rows * shape.ow, im2col.output.column, im2col.packedRow},
           {1, 0, 0},
           {1, 0, 0}},
          /*accumulates=*/true};
      runProduct(product);
    });
  }
  if (!dbias)
    return;
  std::fill_n(dbias, shape.f, 0.0f);
  for (int64_t image = 0; image < images; ++image)
    addPositions(im2col, dy + image * im2col.output.image, dbias);
}

void prune_rt::unpackIm2col(const Im2col &im2col, const float *packed,
                            float *dw, bool accumulates) {
  int64_t size = im2col.channels * im2col.window;
  for (int64_t feature = 0; feature < im2col.shape.f; ++feature)
    copyMatrix({dw + feature * size, im2col.window, 1},
               {packed + feature * im2col.packedRow, 1, im2col.channels},
               im2col.channels, im2col.window, accumulates);
}
