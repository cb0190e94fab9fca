//===- SparseTerms.h - Weights in the order of their use --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_SPARSETERMS_H
#define PRUNE_RUNTIME_KERNELS_SPARSETERMS_H

#include "../Common/SparseConvolution.h"
#include "SparseConvolutionLoops.h"
#include "SparseConvolutionParts.h"

namespace prune_rt {

/// What an element of the window reads: a line of the planes, by its number
/// among the taps, or none, and floats from its start.
struct WindowTap {
  int32_t tap, offset;
};

/// What the terms of a weight are made of.
struct TermSource {
  SparsePattern pattern;
  const float *values;
  int64_t rows;
  int64_t window; ///< elements of it in each plane
  const LanePlanes &planes;
  WindowTap *windowTaps;
  int32_t *tapLines;
  int64_t taps;

  int64_t elements() const { return pattern.pointers[rows]; }
};

/// Bytes that listTerms() takes for up to `taps` taps.
size_t getTermBytes(const TermSource &source, int64_t taps);

/// Lists the terms for lines whose taps are all read, and for others.
void listTerms(const TermSource &source, Regions &regions, LineSums &sums);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_SPARSETERMS_H
