//===- SparseConvolution.cpp - Compressed convolutions, densely -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle has dense weights: those that are compressed are decompressed
// first, and of a gradient of all of them the places are taken.
//
//===----------------------------------------------------------------------===//

#include "../Common/SparseConvolution.h"

#include <algorithm>

using namespace prune_rt;

/// Calls visit(place, row, index) for the elements of all rows.
template <typename Visit>
static void forEachElement(const SparsePattern &pattern, int64_t rows,
                           Visit visit) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t p = pattern.pointers[row]; p < pattern.pointers[row + 1]; ++p)
      visit(p, row, int64_t(pattern.indices[p]));
}

static Buffer makeWeights(const ConvolutionShape &shape) {
  Buffer buffer(std::max<int64_t>(1, shape.weightSize()) * sizeof(float));
  std::fill_n(buffer.floats(), shape.weightSize(), 0.0f);
  return buffer;
}

void prune_rt::run(const SparseConvolutionCall &call) {
  Buffer weights = makeWeights(call.shape);
  int64_t inner = call.shape.c * call.shape.kh * call.shape.kw;
  forEachElement(call.pattern, call.shape.f,
                 [&](int64_t p, int64_t row, int64_t index) {
                   weights.floats()[row * inner + index] = call.values[p];
                 });
  ConvolutionCall dense{call.x,     weights.floats(), call.bias,      call.y,
                        call.shape, call.flags,       call.activation};
  runLoops(dense, 0, call.shape.n);
}

void prune_rt::run(const SparseBackwardDataCall &call) {
  Buffer weights = makeWeights(call.shape);
  int64_t window = call.shape.kh * call.shape.kw;
  forEachElement(call.pattern, call.shape.c,
                 [&](int64_t p, int64_t row, int64_t index) {
                   int64_t feature = index / window;
                   weights.floats()[(feature * call.shape.c + row) * window +
                                    index % window] = call.values[p];
                 });
  BackwardDataCall dense{call.dy, weights.floats(), call.dx, call.shape,
                         /*flags=*/0};
  runLoops(dense, 0, call.shape.n);
}

void prune_rt::run(const SparseBackwardWeightsCall &call) {
  Buffer weights = makeWeights(call.shape);
  BackwardWeightsCall dense{call.x,     call.dy,    weights.floats(),
                            call.dbias, call.shape, /*flags=*/0};
  runLoops(dense, 0, call.shape.f);
  int64_t inner = call.shape.c * call.shape.kh * call.shape.kw;
  forEachElement(call.pattern, call.shape.f,
                 [&](int64_t p, int64_t row, int64_t index) {
                   call.dvalues[p] = weights.floats()[row * inner + index];
                 });
}
