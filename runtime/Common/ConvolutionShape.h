//===- ConvolutionShape.h - Shape of a convolution --------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_CONVOLUTIONSHAPE_H
#define PRUNE_RUNTIME_COMMON_CONVOLUTIONSHAPE_H

#include "Runtime.h"

namespace prune_rt {

/// Elements from one image, channel, row and column to the next.
struct ImageStrides {
  int64_t image, channel, row, column;

  int64_t at(int64_t n, int64_t c, int64_t h, int64_t w) const {
    return n * image + c * channel + h * row + w * column;
  }
};

/// The shape argument of convolutions and poolings by name.
struct ConvolutionShape {
  explicit ConvolutionShape(const int64_t *values);

  bool isNhwc() const { return layout == PRUNE_RT_LAYOUT_NHWC; }
  ImageStrides input() const { return getStrides(c, h, w); }
  ImageStrides output() const { return getStrides(f, oh, ow); }
  int64_t groupInputs() const { return c / groups; }
  int64_t groupOutputs() const { return f / groups; }
  int64_t inputSize() const { return n * c * h * w; }
  int64_t outputSize() const { return n * f * oh * ow; }
  int64_t weightSize() const { return f * groupInputs() * kh * kw; }
  /// Multiplications of one convolution.
  int64_t work() const { return n * oh * ow * weightSize(); }

  /// Row of x under row `ky` of the window at output row `oy`; may lie outside.
  int64_t inputRow(int64_t oy, int64_t ky) const {
    return oy * strideH + ky * dilationH - padTop;
  }
  int64_t inputColumn(int64_t ox, int64_t kx) const {
    return ox * strideW + kx * dilationW - padLeft;
  }
  bool isInside(int64_t iy, int64_t ix) const {
    return iy >= 0 && iy < h && ix >= 0 && ix < w;
  }

  int64_t n, c, h, w, f, oh, ow, kh, kw, strideH, strideW, dilationH, dilationW,
      padTop, padLeft, padBottom, padRight, groups, layout;

private:
  ImageStrides getStrides(int64_t channels, int64_t rows,
                          int64_t columns) const;
};

/// The convolution, the gradient of x and that of w.
enum class Direction { Forward, BackwardData, BackwardWeights };

/// Arguments of the convolutions without the slot.
struct ConvolutionCall {
  const float *x, *w, *bias;
  float *y;
  ConvolutionShape shape;
  int64_t flags, activation;

  bool has(int64_t flag) const { return flags & flag; }
};

struct BackwardDataCall {
  const float *dy, *w;
  float *dx;
  ConvolutionShape shape;
  int64_t flags;

  bool has(int64_t flag) const { return flags & flag; }
};

struct BackwardWeightsCall {
  const float *x, *dy;
  float *dw, *dbias;
  ConvolutionShape shape;
  int64_t flags;

  bool has(int64_t flag) const { return flags & flag; }
};

/// Arguments of a pooling; the workspace of average pooling is null.
struct PoolCall {
  const float *x;
  float *y;
  uint8_t *workspace;
  ConvolutionShape shape;
  int64_t flags;

  bool has(int64_t flag) const { return flags & flag; }
};

struct PoolBackwardCall {
  const float *dy;
  const uint8_t *workspace;
  float *dx;
  ConvolutionShape shape;
  int64_t flags;

  bool has(int64_t flag) const { return flags & flag; }
};

/// Ends the process when shape, flags or pointers are impossible.
void check(const ConvolutionCall &call);
void check(const BackwardDataCall &call);
void check(const BackwardWeightsCall &call);
void checkMaxPool(const PoolCall &call);
void checkMaxPool(const PoolBackwardCall &call);
void checkAveragePool(const PoolCall &call);
void checkAveragePool(const PoolBackwardCall &call);

/// Plain loops, accumulating in double precision; image after image from
/// `begin` to before `end`.
void runLoops(const ConvolutionCall &call, int64_t begin, int64_t end);
void runLoops(const BackwardDataCall &call, int64_t begin, int64_t end);
/// Here `begin` and `end` count outputs, so that a gradient is one sum.
void runLoops(const BackwardWeightsCall &call, int64_t begin, int64_t end);
void runMaxPoolLoops(const PoolCall &call, int64_t begin, int64_t end);
void runMaxPoolLoops(const PoolBackwardCall &call, int64_t begin, int64_t end);
void runAveragePoolLoops(const PoolCall &call, int64_t begin, int64_t end);
void runAveragePoolLoops(const PoolBackwardCall &call, int64_t begin,
                         int64_t end);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_CONVOLUTIONSHAPE_H
