//===- Pooling.cpp - Poolings as vectorized loops -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// oneDNN's pooling promises neither the first maximum nor a NaN, so the loops
// are our own (PoolingKernels.cpp). Images are cut among the threads;
// an image's sums are its own, so the bits do not depend on the cut.
//
//===----------------------------------------------------------------------===//

#include "PoolingKernels.h"
#include "Threads.h"

using namespace prune_rt;

/// Below this many window elements a fork costs more than it gains.
static constexpr int64_t kMinParallelWork = int64_t(1) << 15;

/// Calls run(begin, end) for parts of the images.
template <typename Run>
static void runImages(const ConvolutionShape &shape, Run run) {
  DenormalScope denormals;
  int64_t work = shape.outputSize() * shape.kh * shape.kw;
  forRanges(shape.n, work < kMinParallelWork ? 1 : prune_rt_get_num_threads(),
            run);
}

void prune_rt_max_pool_f32(const float *x, float *y, uint8_t *workspace,
                           const int64_t *shape, int64_t flags) {
  PoolCall call{x, y, workspace, ConvolutionShape(shape), flags};
  checkMaxPool(call);
  runImages(call.shape,
            [&](int64_t begin, int64_t end) { runMaxPool(call, begin, end); });
}

void prune_rt_max_pool_backward_f32(const float *dy, const uint8_t *workspace,
                                    float *dx, const int64_t *shape,
                                    int64_t flags) {
  PoolBackwardCall call{dy, workspace, dx, ConvolutionShape(shape), flags};
  checkMaxPool(call);
  runImages(call.shape,
            [&](int64_t begin, int64_t end) { runMaxPool(call, begin, end); });
}

void prune_rt_average_pool_f32(const float *x, float *y, const int64_t *shape,
                               int64_t flags) {
  PoolCall call{x, y, /*workspace=*/nullptr, ConvolutionShape(shape), flags};
  checkAveragePool(call);
  runImages(call.shape, [&](int64_t begin, int64_t end) {
    runAveragePool(call, begin, end);
  });
}

void prune_rt_average_pool_backward_f32(const float *dy, float *dx,
                                        const int64_t *shape, int64_t flags) {
  PoolBackwardCall call{dy, /*workspace=*/nullptr, dx, ConvolutionShape(shape),
                        flags};
  checkAveragePool(call);
  runImages(call.shape, [&](int64_t begin, int64_t end) {
    runAveragePool(call, begin, end);
  });
}
