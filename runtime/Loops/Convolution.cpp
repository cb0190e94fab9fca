//===- Convolution.cpp - Convolutions without oneDNN ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Kernels/CallSite.h"
#include "../Kernels/Im2col.h"
#include "../Kernels/Im2colWeights.h"
#include "../Kernels/Threads.h"

using namespace prune_rt;

/// Products below which a fork costs more than it gains.
static constexpr int64_t kMinParallelWork = int64_t(1) << 18;

static int64_t getThreads(const ConvolutionShape &shape) {
  return shape.work() < kMinParallelWork ? 1 : prune_rt_get_num_threads();
}

/// The images of a call of either direction.
template <typename Call>
static void runImages(void **slot, const Call &call) {
  addLoops(slot, "loops:im2col");
  DenormalScope denormals;
  if (call.shape.work() == 0)
    return runLoops(call, 0, call.shape.n);
  Im2col im2col(call.shape);
  forRanges(
      call.shape.n, getThreads(call.shape),
      [&](int64_t begin, int64_t end) { runIm2col(im2col, call, begin, end); });
}

void prune_rt_convolution_f32(void **slot, const float *x, const float *w,
                              const float *bias, float *y, const int64_t *shape,
                              int64_t flags, int64_t activation) {
  ConvolutionCall call{x,     w,         bias, y, ConvolutionShape(shape),
                       flags, activation};
  check(call);
  if (call.shape.outputSize() != 0)
    runImages(slot, call);
}

void prune_rt_convolution_backward_data_f32(void **slot, const float *dy,
                                            const float *w, float *dx,
                                            const int64_t *shape,
                                            int64_t flags) {
  BackwardDataCall call{dy, w, dx, ConvolutionShape(shape), flags};
  check(call);
  if (call.shape.inputSize() != 0)
    runImages(slot, call);
}

void prune_rt_convolution_backward_weights_f32(void **slot, const float *x,
                                               const float *dy, float *dw,
                                               float *dbias,
                                               const int64_t *shape,
                                               int64_t flags) {
  BackwardWeightsCall call{x, dy, dw, dbias, ConvolutionShape(shape), flags};
  check(call);
  addLoops(slot, "loops:im2col");
  DenormalScope denormals;
  if (call.shape.work() == 0)
    return runLoops(call, 0, call.shape.f);
  runIm2colWeights(call, getThreads(call.shape));
}
