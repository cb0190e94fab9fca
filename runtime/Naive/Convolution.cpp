//===- Convolution.cpp - Convolutions as plain loops ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Common/ConvolutionShape.h"

using namespace prune_rt;

void prune_rt_convolution_f32(void **, const float *x, const float *w,
                              const float *bias, float *y, const int64_t *shape,
                              int64_t flags, int64_t activation) {
  ConvolutionCall call{x,     w,         bias, y, ConvolutionShape(shape),
                       flags, activation};
  check(call);
  DenormalScope denormals;
  runLoops(call, 0, call.shape.n);
}

void prune_rt_convolution_backward_data_f32(void **, const float *dy,
                                            const float *w, float *dx,
                                            const int64_t *shape,
                                            int64_t flags) {
  BackwardDataCall call{dy, w, dx, ConvolutionShape(shape), flags};
  check(call);
  DenormalScope denormals;
  runLoops(call, 0, call.shape.n);
}

void prune_rt_convolution_backward_weights_f32(void **, const float *x,
                                               const float *dy, float *dw,
                                               float *dbias,
                                               const int64_t *shape,
                                               int64_t flags) {
  BackwardWeightsCall call{x, dy, dw, dbias, ConvolutionShape(shape), flags};
  check(call);
  DenormalScope denormals;
  runLoops(call, 0, call.shape.f);
}
