//===- PlaneCopies.h - Copies around products of planes ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_PLANECOPIES_H
#define PRUNE_RUNTIME_ONEDNN_PLANECOPIES_H

#include "Planes.h"

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

/// An image of one group into planes [channels][height][width] with zeros
/// around, or pixels [height][width][channels].
void loadPlanes(const Planes &planes, const float *x, float *image);
void loadPixels(const Planes &planes, const float *x, float *image);

/// dx (+)= planes.
void storePlanes(const Planes &planes, const float *image, float *dx,
                 bool accumulates);

/// The strips of all channels for `rows` output rows from `row`.
void gatherStrips(const Planes &planes, const Strips &strips,
                  const float *image, int64_t row, int64_t rows,
                  float *columns);

/// Adds the strips of one channel to the plane that they would be taken from.
void scatterStrips(const Planes &planes, const Strips &strips,
                   const float *columns, int64_t row, int64_t rows,
                   float *plane);

/// The elements under each window: columns [positions][kh, kw, channels].
void gatherPixels(const Planes &planes, const float *image, int64_t row,
                  int64_t rows, float *columns);

/// Adds dy of one image over its positions.
void addPositions(const Planes &planes, const float *dy, float *dbias);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_PLANECOPIES_H
