//===- Convolution.cpp - Convolutions on oneDNN ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cuts the plain loops among the threads, by image or, for the gradient of the
// weights, by output channel: no sum is cut.
//
//===----------------------------------------------------------------------===//

#include "../Common/ConvolutionShape.h"
#include "CallSite.h"

using namespace prune_rt;

/// Calls run(begin, end) for parts of `extent` on the threads of the library.
template <typename Run>
static void runParts(int64_t extent, Run run) {
  int64_t threads = prune_rt_get_num_threads();
  useThreads(threads);
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static)
  for (int64_t part = 0; part < threads; ++part)
    run(extent * part / threads, extent * (part + 1) / threads);
}

void prune_rt_convolution_f32(void **slot, const float *x, const float *w,
                              const float *bias, float *y, const int64_t *shape,
                              int64_t flags, int64_t activation) {
  ConvolutionCall call{x,     w,         bias, y, ConvolutionShape(shape),
                       flags, activation};
  check(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.n,
           [&](int64_t begin, int64_t end) { runLoops(call, begin, end); });
}

void prune_rt_convolution_backward_data_f32(void **slot, const float *dy,
                                            const float *w, float *dx,
                                            const int64_t *shape,
                                            int64_t flags) {
  BackwardDataCall call{dy, w, dx, ConvolutionShape(shape), flags};
  check(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.n,
           [&](int64_t begin, int64_t end) { runLoops(call, begin, end); });
}

void prune_rt_convolution_backward_weights_f32(void **slot, const float *x,
                                               const float *dy, float *dw,
                                               float *dbias,
                                               const int64_t *shape,
                                               int64_t flags) {
  BackwardWeightsCall call{x, dy, dw, dbias, ConvolutionShape(shape), flags};
  check(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.f,
           [&](int64_t begin, int64_t end) { runLoops(call, begin, end); });
}

void prune_rt_max_pool_f32(void **slot, const float *x, float *y,
                           uint8_t *workspace, const int64_t *shape,
                           int64_t flags) {
  PoolCall call{x, y, workspace, ConvolutionShape(shape), flags};
  checkMaxPool(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.n, [&](int64_t begin, int64_t end) {
    runMaxPoolLoops(call, begin, end);
  });
}

void prune_rt_max_pool_backward_f32(void **slot, const float *dy,
                                    const uint8_t *workspace, float *dx,
                                    const int64_t *shape, int64_t flags) {
  PoolBackwardCall call{dy, workspace, dx, ConvolutionShape(shape), flags};
  checkMaxPool(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.n, [&](int64_t begin, int64_t end) {
    runMaxPoolLoops(call, begin, end);
  });
}

void prune_rt_average_pool_f32(void **slot, const float *x, float *y,
                               const int64_t *shape, int64_t flags) {
  PoolCall call{x, y, /*workspace=*/nullptr, ConvolutionShape(shape), flags};
  checkAveragePool(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.n, [&](int64_t begin, int64_t end) {
    runAveragePoolLoops(call, begin, end);
  });
}

void prune_rt_average_pool_backward_f32(void **slot, const float *dy, float *dx,
                                        const int64_t *shape, int64_t flags) {
  PoolBackwardCall call{dy, /*workspace=*/nullptr, dx, ConvolutionShape(shape),
                        flags};
  checkAveragePool(call);
  addLoops(slot);
  DenormalScope denormals;
  runParts(call.shape.n, [&](int64_t begin, int64_t end) {
    runAveragePoolLoops(call, begin, end);
  });
}
