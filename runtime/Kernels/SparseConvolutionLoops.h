//===- SparseConvolutionLoops.h - Loops over lane planes --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line is a row of places of lane planes (LanePlanes.h), vector by vector.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_SPARSECONVOLUTIONLOOPS_H
#define PRUNE_RUNTIME_KERNELS_SPARSECONVOLUTIONLOOPS_H

#include <cstdint>

namespace prune_rt {

/// A weight: where the inputs lie that it multiplies, in floats from the start
/// of their line, and its value.
struct Term {
  int32_t offset;
  float value;
};

/// The terms of a weight, in blocks that are read together: of one tap, which
/// is a line of each input plane, or of all taps, and of some planes.
struct SparseTerms {
  const Term *terms;
  /// Of block b and row r of `rows`, the terms from pointers[b * rows + r] on.
  const int32_t *pointers;
  int64_t blocks; ///< of each tap, or of all
};

/// Sums out[row][line] = sum of the terms of the row times their inputs.
struct LineSums {
  SparseTerms byTap, merged;
  const int32_t
      *tapLines; ///< of the input, ascending or descending, for line 0
  int64_t taps;
  int64_t rows;
  const float *in, *bias;
  float *out;
  int64_t lines, columns;
  int64_t inStep, inLine;  ///< input lines for each line, and floats of one
  int64_t inBegin, inEnd;  ///< input lines that are not zero
  int64_t outRow, outLine; ///< floats from a row to the next, and from a line
  bool accumulates;        ///< on what is in `out`
};

void sumLines(const LineSums &sums);

/// Sums values[p] = sum over lines and columns of grad[row] times the inputs at
/// offsets[p], for the p of a row.
struct LineSamples {
  const int32_t *offsets; ///< of each row by ascending input plane
  const int32_t *pointers;
  int64_t rows;
  const float *in, *grad;
  float *values;
  int64_t lines, columns;
  int64_t inLine, gradRow, gradLine;
  int64_t block;
  bool accumulates; ///< on what is in `values`
};

void sampleLines(const LineSamples &samples, int32_t *cursors);

/// sums[row] (+)= the sum of all lines of grad[row], for the gradient of a
/// bias.
void addLines(const LineSamples &samples, float *sums);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_SPARSECONVOLUTIONLOOPS_H
