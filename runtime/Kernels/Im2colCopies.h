//===- Im2colCopies.h - Copies around products of im2col --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_IM2COLCOPIES_H
#define PRUNE_RUNTIME_KERNELS_IM2COLCOPIES_H

#include "Im2col.h"

namespace prune_rt {

/// A matrix in memory: elements from one row and column to the next.
template <typename Element>
struct MatrixView {
  Element *data;
  int64_t row, column;
};

/// to (+)= from for matrices of the given extents.
void copyMatrix(MatrixView<float> to, MatrixView<const float> from,
                int64_t rows, int64_t columns, bool accumulates);

/// An image of one group into im2col [channels][height][width] with zeros
/// around, or pixels [height][width][channels].
void loadIm2col(const Im2col &im2col, const float *x, float *image);
void loadPixels(const Im2col &im2col, const float *x, float *image);

/// dx (+)= im2col.
void storeIm2col(const Im2col &im2col, const float *image, float *dx,
                 bool accumulates);

/// The layout of all channels for `rows` output rows from `row`.
void gatherColumns(const Im2col &im2col, const ColumnLayout &layout,
                   const float *image, int64_t row, int64_t rows,
                   float *columns);

/// Adds the layout of one channel to the plane that they would be taken from.
void scatterColumns(const Im2col &im2col, const ColumnLayout &layout,
                    const float *columns, int64_t row, int64_t rows,
                    float *plane);

/// The elements under each window: columns [positions][kh, kw, channels].
void gatherPixels(const Im2col &im2col, const float *image, int64_t row,
                  int64_t rows, float *columns);

/// Adds dy of one image over its positions.
void addPositions(const Im2col &im2col, const float *dy, float *dbias);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_IM2COLCOPIES_H
