//===- SparseConvolution.cpp - Checks of compressed convolutions ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SparseConvolution.h"

using namespace prune_rt;

/// Checks the pattern, and the rest as that of a dense call, which has any
/// pointer for its weight.
template <typename DenseCall>
static void checkSparse(const DenseCall &dense, const SparsePattern &pattern,
                        int64_t rows, bool hasValues, const char *name) {
  expect(dense.shape.groups == 1, name, "expected one group");
  expect(pattern.pointers, name, "expected pointers");
  bool isEmpty = pattern.pointers[rows] == pattern.pointers[0];
  expect(isEmpty || (hasValues && pattern.indices), name,
         "expected values and indices");
  check(dense);
}

void prune_rt::check(const SparseConvolutionCall &call) {
  ConvolutionCall dense{call.x,     call.x,     call.bias,      call.y,
                        call.shape, call.flags, call.activation};
  checkSparse(dense, call.pattern, call.shape.f, call.values,
              "prune_rt_sparse_convolution_f32");
}

void prune_rt::check(const SparseBackwardDataCall &call) {
  BackwardDataCall dense{call.dy, call.dy, call.dx, call.shape, /*flags=*/0};
  checkSparse(dense, call.pattern, call.shape.c, call.values,
              "prune_rt_sparse_convolution_backward_data_f32");
}

void prune_rt::check(const SparseBackwardWeightsCall &call) {
  // It is never written.
  float weight = 0.0f;
  BackwardWeightsCall dense{call.x,     call.dy,    &weight,
                            call.dbias, call.shape, /*flags=*/0};
  checkSparse(dense, call.pattern, call.shape.f, call.dvalues,
              "prune_rt_sparse_convolution_backward_weights_f32");
}
