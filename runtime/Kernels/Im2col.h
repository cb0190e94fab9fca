//===- Im2col.h - Convolutions without padded channels ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_IM2COL_H
#define PRUNE_RUNTIME_KERNELS_IM2COL_H

#include "../Common/ConvolutionShape.h"

namespace prune_rt {

/// How a convolution is computed by products whose vectors hold positions of
/// the image or of the window, so that no channels are padded.
struct Im2col {
  explicit Im2col(const ConvolutionShape &shape);

  /// Floats of the gradient of the weights as it is summed:
  /// [f][kh][kw][c / groups] in padded rows.
  int64_t packedSize() const { return shape.f * packedRow; }

  ConvolutionShape shape;
  ImageStrides input, output;
  int64_t channels, features; ///< of a group
  int64_t height, width;      ///< of a plane with its padding, as far as read
  int64_t window;             ///< kh * kw
  int64_t blockRows;          ///< output rows that are computed at once
  int64_t blockStride;        ///< of a row of positions of a block
  int64_t packedRow;
};

/// The columns of a block of output rows: for each shift kx (and ky) a strip of
/// rows of a plane, as wide as the output. Where windows move on by one row, a
/// strip has the rows of all ky, one window after the other.
struct ColumnLayout {
  ColumnLayout(const Im2col &im2col, bool overlap);

  bool overlap;
  int64_t rows;   ///< of a strip
  int64_t kx, ky; ///< from the columns of one shift to those of the next
  int64_t stride; ///< of a strip
  int64_t channel;
};

/// True when this is faster than the kernels of oneDNN.
bool prefersIm2col(Direction direction, const ConvolutionShape &shape);

/// Images from `begin` to before `end`.
void runIm2col(const Im2col &im2col, const ConvolutionCall &call, int64_t begin,
               int64_t end);
void runIm2col(const Im2col &im2col, const BackwardDataCall &call,
               int64_t begin, int64_t end);

/// Sets dw, packed, and dbias, unless it is null, to the gradients of `images`
/// images, added one after the other.
void sumIm2col(const Im2col &im2col, const float *x, const float *dy,
               int64_t images, float *dw, float *dbias);

/// dw (+)= packed, in the caller's order.
void unpackIm2col(const Im2col &im2col, const float *packed, float *dw,
                  bool accumulates);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_IM2COL_H
