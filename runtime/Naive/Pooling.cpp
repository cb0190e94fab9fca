//===- Pooling.cpp - Poolings as plain loops ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Common/ConvolutionShape.h"

using namespace prune_rt;

void prune_rt_max_pool_f32(const float *x, float *y, uint8_t *workspace,
                           const int64_t *shape, int64_t flags) {
  PoolCall call{x, y, workspace, ConvolutionShape(shape), flags};
  checkMaxPool(call);
  DenormalScope denormals;
  runMaxPoolLoops(call, 0, call.shape.n);
}

void prune_rt_max_pool_backward_f32(const float *dy, const uint8_t *workspace,
                                    float *dx, const int64_t *shape,
                                    int64_t flags) {
  PoolBackwardCall call{dy, workspace, dx, ConvolutionShape(shape), flags};
  checkMaxPool(call);
  DenormalScope denormals;
  runMaxPoolLoops(call, 0, call.shape.n);
}

void prune_rt_average_pool_f32(const float *x, float *y, const int64_t *shape,
                               int64_t flags) {
  PoolCall call{x, y, /*workspace=*/nullptr, ConvolutionShape(shape), flags};
  checkAveragePool(call);
  DenormalScope denormals;
  runAveragePoolLoops(call, 0, call.shape.n);
}

void prune_rt_average_pool_backward_f32(const float *dy, float *dx,
                                        const int64_t *shape, int64_t flags) {
  PoolBackwardCall call{dy, /*workspace=*/nullptr, dx, ConvolutionShape(shape),
                        flags};
  checkAveragePool(call);
  DenormalScope denormals;
  runAveragePoolLoops(call, 0, call.shape.n);
}
