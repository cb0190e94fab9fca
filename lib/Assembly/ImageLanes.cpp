//===- ImageLanes.cpp - Panels of 16 images -------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the lanes of a vector are images, every position is a whole vector, and
// windows, strides and padding are distances between these. Nothing is copied.
//
//===----------------------------------------------------------------------===//

#include "ImageLanes.h"

#include <algorithm>

using namespace mlir::prune::assembly;

/// Floats from a place to the next.
static int64_t getPlaceStep(int64_t channels) {
  return getPlaceChannels(channels) * kLanes;
}

void mlir::prune::assembly::planImageLanes(const ConvolutionShape &shape,
                                           const PlanOrders &orders,
                                           PanelPlan &plan) {
  const ImageGrid &in = orders.in, &out = orders.out;
  int64_t inStep = getPlaceStep(shape.c), outStep = getPlaceStep(shape.f);
  PlannedPanel panel;
  panel.lanes = panel.places = 0xffff;
  for (int64_t row = 0; row < shape.oh; ++row)
    for (int64_t column = 0; column < shape.ow; ++column) {
      int64_t first = in.lead +
                      (row * shape.strideH - shape.padTop) * in.columns +
                      column * shape.strideW - shape.padLeft;
      int64_t place = out.lead + row * out.columns + column;
      panel.input = static_cast<int32_t>(first * inStep);
      panel.output = static_cast<int32_t>(place * outStep);
      plan.panels.push_back(panel);
    }
  plan.outEnd = out.lead + (shape.oh - 1) * out.columns + shape.ow;
  plan.inImage = getImageSize(in, shape.c, shape.h, shape.w);
  plan.outImage = getImageSize(out, shape.f, shape.oh, shape.ow);
  plan.inGroup = shape.c / shape.groups * kLanes;
  plan.outGroup = shape.f / shape.groups * kLanes;
}

int64_t mlir::prune::assembly::getLaneInput(const ConvolutionShape &shape,
                                            const ImageGrid &grid,
                                            int64_t channel, int64_t ky,
                                            int64_t kx) {
  int64_t places = ky * shape.dilationH * grid.columns + kx * shape.dilationW;
  return places * getPlaceStep(shape.c) + channel * kLanes;
}

bool mlir::prune::assembly::canHaveImageLanes(const ConvolutionShape &shape) {
  if (shape.n <= 0 || shape.n % kLanes != 0 || !isSupported(shape))
    return false;
  // Places of panels are numbers of 32 bits, padding included.
  constexpr int64_t kMostFloats = int64_t(1) << 30;
  int64_t rows = shape.h + shape.kh * shape.dilationH;
  int64_t columns = shape.w + shape.kw * shape.dilationW;
  return rows * columns * getPlaceStep(shape.c) < kMostFloats &&
         shape.oh * shape.ow * getPlaceStep(shape.f) < kMostFloats;
}

int64_t
mlir::prune::assembly::getMinLaneColumns(const ConvolutionShape &shape) {
  int64_t last =
      (shape.ow - 1) * shape.strideW + (shape.kw - 1) * shape.dilationW;
  int64_t padRight = last - shape.padLeft - (shape.w - 1);
  // Padding behind a row is that before the next.
  return shape.w + std::max({shape.padLeft, padRight, int64_t(0)});
}

int64_t mlir::prune::assembly::getLaneReadEnd(const ConvolutionShape &shape,
                                              int64_t columns) {
  int64_t row = (shape.oh - 1) * shape.strideH +
                (shape.kh - 1) * shape.dilationH - shape.padTop;
  int64_t column = (shape.ow - 1) * shape.strideW +
                   (shape.kw - 1) * shape.dilationW - shape.padLeft;
  return row * columns + column + 1;
}
