//===- SparseConvolution.cpp - Interface of compressed convolutions -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SparseConvolution.h"

using namespace prune_rt;

/// Ends the process when shape, flags, pattern or pointers are impossible.
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
  prune_rt::check(dense);
}

static void check(const SparseConvolutionCall &call) {
  ConvolutionCall dense{call.x,     call.x,     call.bias,      call.y,
                        call.shape, call.flags, call.activation};
  checkSparse(dense, call.pattern, call.shape.f, call.values,
              "prune_rt_sparse_convolution_f32");
}

static void check(const SparseBackwardDataCall &call) {
  BackwardDataCall dense{call.dy, call.dy, call.dx, call.shape, /*flags=*/0};
  checkSparse(dense, call.pattern, call.shape.c, call.values,
              "prune_rt_sparse_convolution_backward_data_f32");
}

static void check(const SparseBackwardWeightsCall &call) {
  // It is never written.
  float weight = 0.0f;
  BackwardWeightsCall dense{call.x,     call.dy,    &weight,
                            call.dbias, call.shape, /*flags=*/0};
  checkSparse(dense, call.pattern, call.shape.f, call.dvalues,
              "prune_rt_sparse_convolution_backward_weights_f32");
}

void prune_rt_sparse_convolution_f32(const float *values,
                                     const int32_t *indices,
                                     const int32_t *pointers, const float *x,
                                     const float *bias, float *y,
                                     const int64_t *shape, int64_t flags,
                                     int64_t activation) {
  SparseConvolutionCall call{
      values, {indices, pointers},     x,     bias,
      y,      ConvolutionShape(shape), flags, activation};
  check(call);
  DenormalScope denormals;
  run(call);
}

void prune_rt_sparse_convolution_backward_data_f32(const float *values,
                                                   const int32_t *indices,
                                                   const int32_t *pointers,
                                                   const float *dy, float *dx,
                                                   const int64_t *shape) {
  SparseBackwardDataCall call{
      values, {indices, pointers}, dy, dx, ConvolutionShape(shape)};
  check(call);
  DenormalScope denormals;
  run(call);
}

void prune_rt_sparse_convolution_backward_weights_f32(
    const int32_t *indices, const int32_t *pointers, const float *x,
    const float *dy, float *dvalues, float *dbias, const int64_t *shape) {
  SparseBackwardWeightsCall call{{indices, pointers},    x, dy, dvalues, dbias,
                                 ConvolutionShape(shape)};
  check(call);
  DenormalScope denormals;
  run(call);
}
