//===- Convolution.cpp - Convolutions without oneDNN ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Kernels/CallSite.h"
#include "../Kernels/Depthwise.h"
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

/// Each position is a row of a product.
static bool isOneByOne(const ConvolutionShape &shape) {
  return shape.isNhwc() && shape.groups == 1 && shape.kh == 1 &&
         shape.kw == 1 && shape.strideH == 1 && shape.strideW == 1 &&
         shape.h == shape.oh && shape.w == shape.ow;
}

static void runOneByOne(void **slot, const ConvolutionCall &call) {
  const ConvolutionShape &shape = call.shape;
  prune_rt_matmul_f32(slot, call.x, call.w, call.bias, call.y,
                      shape.n * shape.oh * shape.ow, shape.f, shape.c, shape.c,
                      shape.c, shape.f, call.flags | PRUNE_RT_TRANSPOSE_B,
                      call.activation);
}

namespace {

struct DepthwiseVariant final : Variant {
  using Variant::Variant;

  Buffer weights;
};

} // namespace

static void runDepthwise(void **slot, const ConvolutionCall &call) {
  DenormalScope denormals;
  int64_t threads = getThreads(call.shape);
  if (!call.has(PRUNE_RT_CONSTANT_B)) {
    addLoops(slot, "loops:depthwise");
    return runDepthwise(call, packDepthwise(call), threads);
  }
  auto *variant =
      static_cast<DepthwiseVariant *>(findVariant(slot, Key(), call.w));
  if (!variant) {
    variant = new DepthwiseVariant(Key());
    variant->constant = call.w;
    variant->kernel = "loops:depthwise";
    variant->weights = packDepthwise(call);
    addVariant(slot, variant);
  }
  runDepthwise(call, variant->weights, threads);
}

void prune_rt_convolution_f32(void **slot, const float *x, const float *w,
                              const float *bias, float *y, const int64_t *shape,
                              int64_t flags, int64_t activation) {
  ConvolutionCall call{x,     w,         bias, y, ConvolutionShape(shape),
                       flags, activation};
  check(call);
  if (call.shape.outputSize() == 0)
    return;
  if (call.shape.work() != 0 && isOneByOne(call.shape))
    return runOneByOne(slot, call);
  if (call.shape.work() != 0 && isDepthwise(call.shape))
    return runDepthwise(slot, call);
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
