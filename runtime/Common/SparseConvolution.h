//===- SparseConvolution.h - Convolutions of compressed weights -*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_SPARSECONVOLUTION_H
#define PRUNE_RUNTIME_COMMON_SPARSECONVOLUTION_H

#include "ConvolutionShape.h"

namespace prune_rt {

/// Where a weight has elements, in compressed rows.
struct SparsePattern {
  const int32_t *indices, *pointers;
};

/// Arguments of prune_rt_sparse_convolution_f32.
struct SparseConvolutionCall {
  const float *values;
  SparsePattern pattern; ///< [f] rows of [c][kh][kw]
  const float *x, *bias;
  float *y;
  ConvolutionShape shape;
  int64_t flags, activation;

  bool has(int64_t flag) const { return flags & flag; }
};

/// Arguments of prune_rt_sparse_convolution_backward_data_f32.
struct SparseBackwardDataCall {
  const float *values;
  SparsePattern pattern; ///< [c] rows of [f][kh][kw]
  const float *dy;
  float *dx;
  ConvolutionShape shape;
};

/// Arguments of prune_rt_sparse_convolution_backward_weights_f32.
struct SparseBackwardWeightsCall {
  SparsePattern pattern; ///< [f] rows of [c][kh][kw]
  const float *x, *dy;
  float *dvalues, *dbias;
  ConvolutionShape shape;
};

/// Runs a call that was checked. Each runtime has functions of its own; the
/// interface in SparseConvolution.cpp calls them.
void run(const SparseConvolutionCall &call);
void run(const SparseBackwardDataCall &call);
void run(const SparseBackwardWeightsCall &call);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_SPARSECONVOLUTION_H
