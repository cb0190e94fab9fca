//===- ConvolutionShape.cpp - Shape of a convolution ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the shape argument and checks the arguments of convolutions and
// poolings.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionShape.h"

using namespace prune_rt;

ConvolutionShape::ConvolutionShape(const int64_t *values)
    : n(values[PRUNE_RT_SHAPE_N]), c(values[PRUNE_RT_SHAPE_C]),
      h(values[PRUNE_RT_SHAPE_H]), w(values[PRUNE_RT_SHAPE_W]),
      f(values[PRUNE_RT_SHAPE_F]), oh(values[PRUNE_RT_SHAPE_OH]),
      ow(values[PRUNE_RT_SHAPE_OW]), kh(values[PRUNE_RT_SHAPE_KH]),
      kw(values[PRUNE_RT_SHAPE_KW]), strideH(values[PRUNE_RT_SHAPE_STRIDE_H]),
      strideW(values[PRUNE_RT_SHAPE_STRIDE_W]),
      dilationH(values[PRUNE_RT_SHAPE_DILATION_H]),
      dilationW(values[PRUNE_RT_SHAPE_DILATION_W]),
      padTop(values[PRUNE_RT_SHAPE_PAD_TOP]),
      padLeft(values[PRUNE_RT_SHAPE_PAD_LEFT]),
      padBottom(values[PRUNE_RT_SHAPE_PAD_BOTTOM]),
      padRight(values[PRUNE_RT_SHAPE_PAD_RIGHT]),
      groups(values[PRUNE_RT_SHAPE_GROUPS]),
      layout(values[PRUNE_RT_SHAPE_LAYOUT]) {}

ImageStrides ConvolutionShape::getStrides(int64_t channels, int64_t rows,
                                          int64_t columns) const {
  if (isNhwc())
    return {channels * rows * columns, 1, columns * channels, channels};
  return {channels * rows * columns, rows * columns, columns, 1};
}

/// True when `size` output elements fit `extent` input elements.
static bool fits(int64_t size, int64_t extent, int64_t before, int64_t after,
                 int64_t window, int64_t stride, int64_t dilation) {
  int64_t room = extent + before + after - dilation * (window - 1) - 1;
  return room >= 0 && size == room / stride + 1;
}

static void checkWindow(const ConvolutionShape &shape, const char *name) {
  expect(shape.n >= 0 && shape.c >= 0 && shape.h >= 0 && shape.w >= 0 &&
             shape.f >= 0,
         name, "expected extents that are not negative");
  expect(shape.kh > 0 && shape.kw > 0 && shape.strideH > 0 &&
             shape.strideW > 0 && shape.dilationH > 0 && shape.dilationW > 0,
         name, "expected a window, strides and dilations of at least 1");
  expect(shape.padTop >= 0 && shape.padLeft >= 0 && shape.padBottom >= 0 &&
             shape.padRight >= 0,
         name, "expected padding that is not negative");
  expect(fits(shape.oh, shape.h, shape.padTop, shape.padBottom, shape.kh,
              shape.strideH, shape.dilationH) &&
             fits(shape.ow, shape.w, shape.padLeft, shape.padRight, shape.kw,
                  shape.strideW, shape.dilationW),
         name, "output extents do not follow from input, window and padding");
  expect(shape.layout == PRUNE_RT_LAYOUT_NCHW ||
             shape.layout == PRUNE_RT_LAYOUT_NHWC,
         name, "unknown layout");
}

static void checkConvolution(const ConvolutionShape &shape, int64_t flags,
                             int64_t knownFlags, const char *name) {
  checkWindow(shape, name);
  expect(shape.groups > 0 && shape.c % shape.groups == 0 &&
             shape.f % shape.groups == 0,
         name, "expected channels that are multiples of the groups");
  expect((flags & ~knownFlags) == 0, name, "unknown flags");
}

void prune_rt::check(const ConvolutionCall &call) {
  constexpr const char *name = "prune_rt_convolution_f32";
  const ConvolutionShape &shape = call.shape;
  checkConvolution(shape, call.flags, PRUNE_RT_ACCUMULATE | PRUNE_RT_CONSTANT_B,
                   name);
  expect(isActivation(call.activation), name, "unknown activation");
  expect(call.y || !shape.outputSize(), name, "expected a destination");
  expect((call.x && call.w) || !shape.work(), name, "expected two operands");
}

void prune_rt::check(const BackwardDataCall &call) {
  constexpr const char *name = "prune_rt_convolution_backward_data_f32";
  const ConvolutionShape &shape = call.shape;
  checkConvolution(shape, call.flags, PRUNE_RT_ACCUMULATE | PRUNE_RT_CONSTANT_B,
                   name);
  expect(call.dx || !shape.inputSize(), name, "expected a destination");
  expect((call.dy && call.w) || !shape.work(), name, "expected two operands");
}

void prune_rt::check(const BackwardWeightsCall &call) {
  constexpr const char *name = "prune_rt_convolution_backward_weights_f32";
  const ConvolutionShape &shape = call.shape;
  checkConvolution(shape, call.flags, PRUNE_RT_ACCUMULATE, name);
  expect(call.dw || !shape.weightSize(), name, "expected a destination");
  expect((call.x && call.dy) || !shape.work(), name, "expected two operands");
  expect(call.dy || !call.dbias || !shape.outputSize(), name,
         "expected two operands");
}

static void checkPool(const ConvolutionShape &shape, int64_t flags,
                      int64_t knownFlags, bool hasInput, bool hasOutput,
                      const char *name) {
  checkWindow(shape, name);
  expect(shape.f == shape.c, name, "expected as many output as input channels");
  expect((flags & ~knownFlags) == 0, name, "unknown flags");
  expect(hasInput || !shape.inputSize(), name, "expected an input");
  expect(hasOutput || !shape.outputSize(), name, "expected an output");
}

void prune_rt::checkMaxPool(const PoolCall &call) {
  constexpr const char *name = "prune_rt_max_pool_f32";
  checkPool(call.shape, call.flags, /*knownFlags=*/0, call.x, call.y, name);
  expect(!call.workspace || call.shape.kh * call.shape.kw <= 256, name,
         "a workspace holds windows of at most 256 elements");
}

void prune_rt::checkMaxPool(const PoolBackwardCall &call) {
  constexpr const char *name = "prune_rt_max_pool_backward_f32";
  checkPool(call.shape, call.flags, PRUNE_RT_ACCUMULATE, call.dx, call.dy,
            name);
  expect(call.workspace || !call.shape.outputSize(), name,
         "expected a workspace");
  expect(call.shape.kh * call.shape.kw <= 256, name,
         "a workspace holds windows of at most 256 elements");
}

void prune_rt::checkAveragePool(const PoolCall &call) {
  checkPool(call.shape, call.flags, PRUNE_RT_INCLUDE_PADDING, call.x, call.y,
            "prune_rt_average_pool_f32");
}

void prune_rt::checkAveragePool(const PoolBackwardCall &call) {
  checkPool(call.shape, call.flags,
            PRUNE_RT_ACCUMULATE | PRUNE_RT_INCLUDE_PADDING, call.dx, call.dy,
            "prune_rt_average_pool_backward_f32");
}
