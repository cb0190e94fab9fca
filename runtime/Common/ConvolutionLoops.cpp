//===- ConvolutionLoops.cpp - Convolutions as plain loops -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle: every element is one sum in double precision in a fixed order,
// rounded once.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionShape.h"

using namespace prune_rt;

/// The sum of one output element over its window and its group's channels.
static double sumWindow(const ConvolutionCall &call, int64_t image,
                        int64_t feature, int64_t oy, int64_t ox) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input();
  int64_t channels = shape.groupInputs();
  int64_t firstChannel = feature / shape.groupOutputs() * channels;
  const float *w = call.w + feature * channels * shape.kh * shape.kw;
  double sum = 0.0;
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t ky = 0; ky < shape.kh; ++ky) {
      for (int64_t kx = 0; kx < shape.kw; ++kx, ++w) {
        int64_t iy = shape.inputRow(oy, ky), ix = shape.inputColumn(ox, kx);
        if (shape.isInside(iy, ix))
          sum += double(*w) *
                 call.x[input.at(image, firstChannel + channel, iy, ix)];
      }
    }
  }
  return sum;
}

void prune_rt::runLoops(const ConvolutionCall &call, int64_t begin,
                        int64_t end) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides output = shape.output();
  for (int64_t image = begin; image < end; ++image) {
    for (int64_t feature = 0; feature < shape.f; ++feature) {
      for (int64_t oy = 0; oy < shape.oh; ++oy) {
        for (int64_t ox = 0; ox < shape.ow; ++ox) {
          float &target = call.y[output.at(image, feature, oy, ox)];
          double sum = sumWindow(call, image, feature, oy, ox);
          sum += call.bias ? call.bias[feature] : 0.0;
          sum += call.has(PRUNE_RT_ACCUMULATE) ? target : 0.0;
          target = static_cast<float>(activate(sum, call.activation));
        }
      }
    }
  }
}

/// The sum of one element of dx over the windows that hold it.
static double sumWindows(const BackwardDataCall &call, int64_t image,
                         int64_t channel, int64_t iy, int64_t ix) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides output = shape.output();
  int64_t channels = shape.groupInputs(), features = shape.groupOutputs();
  int64_t group = channel / channels, window = shape.kh * shape.kw;
  double sum = 0.0;
  // Without features there are no weights to point at.
  if (features == 0)
    return sum;
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    int64_t rowOffset = iy + shape.padTop - ky * shape.dilationH;
    int64_t oy = rowOffset / shape.strideH;
    if (rowOffset < 0 || rowOffset % shape.strideH || oy >= shape.oh)
      continue;
    for (int64_t kx = 0; kx < shape.kw; ++kx) {
      int64_t columnOffset = ix + shape.padLeft - kx * shape.dilationW;
      int64_t ox = columnOffset / shape.strideW;
      if (columnOffset < 0 || columnOffset % shape.strideW || ox >= shape.ow)
        continue;
      const float *w =
          call.w + (group * features * channels + channel % channels) * window +
          ky * shape.kw + kx;
      const float *dy = call.dy + output.at(image, group * features, oy, ox);
      for (int64_t feature = 0; feature < features; ++feature)
        sum += double(w[feature * channels * window]) *
               dy[feature * output.channel];
    }
  }
  return sum;
}

void prune_rt::runLoops(const BackwardDataCall &call, int64_t begin,
                        int64_t end) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input();
  for (int64_t image = begin; image < end; ++image) {
    for (int64_t channel = 0; channel < shape.c; ++channel) {
      for (int64_t iy = 0; iy < shape.h; ++iy) {
        for (int64_t ix = 0; ix < shape.w; ++ix) {
          float &target = call.dx[input.at(image, channel, iy, ix)];
          double sum = sumWindows(call, image, channel, iy, ix);
          sum += call.has(PRUNE_RT_ACCUMULATE) ? target : 0.0;
          target = static_cast<float>(sum);
        }
      }
    }
  }
}

/// The sum of one weight's gradient over images and positions.
static double sumPositions(const BackwardWeightsCall &call, int64_t feature,
                           int64_t channel, int64_t ky, int64_t kx) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides input = shape.input(), output = shape.output();
  double sum = 0.0;
  for (int64_t image = 0; image < shape.n; ++image) {
    for (int64_t oy = 0; oy < shape.oh; ++oy) {
      for (int64_t ox = 0; ox < shape.ow; ++ox) {
        int64_t iy = shape.inputRow(oy, ky), ix = shape.inputColumn(ox, kx);
        if (shape.isInside(iy, ix))
          sum += double(call.x[input.at(image, channel, iy, ix)]) *
                 call.dy[output.at(image, feature, oy, ox)];
      }
    }
  }
  return sum;
}

static double sumFeature(const BackwardWeightsCall &call, int64_t feature) {
  const ConvolutionShape &shape = call.shape;
  ImageStrides output = shape.output();
  double sum = 0.0;
  for (int64_t image = 0; image < shape.n; ++image)
    for (int64_t oy = 0; oy < shape.oh; ++oy)
      for (int64_t ox = 0; ox < shape.ow; ++ox)
        sum += call.dy[output.at(image, feature, oy, ox)];
  return sum;
}

void prune_rt::runLoops(const BackwardWeightsCall &call, int64_t begin,
                        int64_t end) {
  const ConvolutionShape &shape = call.shape;
  bool accumulates = call.has(PRUNE_RT_ACCUMULATE);
  int64_t channels = shape.groupInputs();
  for (int64_t feature = begin; feature < end; ++feature) {
    int64_t firstChannel = feature / shape.groupOutputs() * channels;
    float *dw = call.dw + feature * channels * shape.kh * shape.kw;
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t ky = 0; ky < shape.kh; ++ky) {
        for (int64_t kx = 0; kx < shape.kw; ++kx, ++dw) {
          double sum =
              sumPositions(call, feature, firstChannel + channel, ky, kx);
          *dw = static_cast<float>(sum + (accumulates ? *dw : 0.0));
        }
      }
    }
    if (!call.dbias)
      continue;
    double sum = sumFeature(call, feature);
    float &target = call.dbias[feature];
    target = static_cast<float>(sum + (accumulates ? target : 0.0));
  }
}
