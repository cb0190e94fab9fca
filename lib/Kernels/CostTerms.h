//===- CostTerms.h - Parts of formulas --------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The terms count what a kernel does: vectors it multiplies, values it loads,
// bytes it moves. docs/Kernels.md has the formulas. They are estimates where
// the exact count would need the code: of random weights, a tile loads an input
// unless all its rows have a zero there.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_KERNELS_COSTTERMS_H
#define PRUNE_LIB_KERNELS_COSTTERMS_H

#include "Prune/Kernels/KernelFamily.h"

#include <algorithm>
#include <cmath>

namespace mlir::prune {

/// Lanes of a vector.
inline constexpr int64_t kLanes = 16;

inline double roundUp(double value, double to) {
  return std::ceil(value / to) * to;
}

/// Appends the terms of moving some bytes: these, those beyond half a cache,
/// and those beyond four. They end the list of a formula.
inline void addMemory(SmallVectorImpl<double> &terms, double bytes,
                      double cache) {
  terms.push_back(bytes);
  terms.push_back(std::max(bytes - cache / 2, 0.0));
  terms.push_back(std::max(bytes - cache * 4, 0.0));
}

/// Bytes of the input and the result.
inline double getValueBytes(const ProductSize &size) {
  double inputs = double(size.inner) * size.columns;
  if (size.convolution)
    inputs = double(size.convolution->n) * size.convolution->c *
             size.convolution->h * size.convolution->w;
  return sizeof(float) * (inputs + double(size.rows) * size.columns);
}

inline double getWeightBytes(const ProductSize &size) {
  return sizeof(float) * double(size.rows) * size.inner;
}

/// The entries of the table.
extern const KernelFamily kDenseFamily, kCsrFamily, kLanesFamily,
    kStraightLineFamily;

} // namespace mlir::prune

#endif // PRUNE_LIB_KERNELS_COSTTERMS_H
