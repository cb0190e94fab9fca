//===- ConvolutionWeights.cpp - Gradient of convolution weights -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every chunk of images (Chunks.h) makes a gradient of its own in oneDNN's
// layout; these are added in the order of the chunks, then copied to the
// caller's layout.
//
//===----------------------------------------------------------------------===//

#include "../Kernels/Im2col.h"
#include "../Kernels/Im2colWeights.h"
#include "../Kernels/Sums.h"
#include "../Kernels/WeightGradients.h"
#include "ConvolutionPrimitive.h"
#include "Parallel.h"

#include <utility>
#include <vector>

using namespace prune_rt;

namespace {

/// What a thread needs.
struct Worker {
  Arguments whole, rest;
};

using State = std::vector<Worker>;

struct WeightsVariant final : Variant {
  WeightsVariant(const ConvolutionRequest &request, const Key &key);
  void run(const BackwardWeightsCall &call, int64_t threads);

  ConvolutionPrimitive whole; ///< none: our own loops run

private:
  std::unique_ptr<State> takeState(int64_t threads);
  void runChunk(const BackwardWeightsCall &call, int64_t chunk,
                const WeightGradients &gradients, Worker &worker) const;

  ConvolutionPrimitive rest;
  Chunks chunks;
  Reorder unpacking;
  int64_t packedSize = 0; ///< floats of one gradient, at least
  Spare<State> spare;
};

/// Products below which a fork costs more than it gains.
constexpr int64_t kMinParallelWork = int64_t(1) << 18;

} // namespace

WeightsVariant::WeightsVariant(const ConvolutionRequest &request,
                               const Key &key)
    : Variant(key), chunks(getWeightChunks(request.shape)) {
  ConvolutionRequest part = request;
  part.shape.n = chunks.size;
  part.flags = 0;
  if (!prefersIm2col(request.direction, request.shape))
    whole = makeConvolution(part);
  if (whole && chunks.rest()) {
    part.shape.n = chunks.rest();
    part.weights = whole.weights();
    rest = makeConvolution(part);
    if (!rest)
      whole = ConvolutionPrimitive();
  }
  if (!whole) {
    kernel = "loops:im2col";
    return;
  }
  kernel = getKernelName(whole.desc.get());
  MemoryDesc plain = describeWeights(request.shape);
  unpacking = Reorder(whole.weights(), plain.get());
  packedSize = static_cast<int64_t>(
      (dnnl_memory_desc_get_size(whole.weights()) + 3) / 4);
}

std::unique_ptr<State> WeightsVariant::takeState(int64_t threads) {
  std::unique_ptr<State> state = spare.take();
  if (!state)
    state = std::make_unique<State>();
  while (static_cast<int64_t>(state->size()) < threads) {
    Worker worker;
    worker.whole = whole.makeArguments();
    if (rest)
      worker.rest = rest.makeArguments();
    state->push_back(std::move(worker));
  }
  return state;
}

void WeightsVariant::runChunk(const BackwardWeightsCall &call, int64_t chunk,
                              const WeightGradients &gradients,
                              Worker &worker) const {
  const ConvolutionShape &shape = call.shape;
  int64_t first = chunks.begin(chunk);
  const float *x = call.x + first * shape.c * shape.h * shape.w;
  const float *dy = call.dy + first * shape.f * shape.oh * shape.ow;
  bool isWhole = chunks.length(chunk) == chunks.size;
  (isWhole ? whole : rest)
      .run(isWhole ? worker.whole : worker.rest, x, gradients.weights(chunk),
           dy, gradients.bias(chunk));
}

void WeightsVariant::run(const BackwardWeightsCall &call, int64_t threads) {
  std::unique_ptr<State> state = takeState(threads);
  WeightGradients gradients(call, chunks, packedSize);
  runParallel(chunks.count, threads, [&](int64_t chunk, int64_t thread) {
    runChunk(call, chunk, gradients, (*state)[thread]);
  });
  gradients.addWeights(threads);
  bool accumulates = call.flags & PRUNE_RT_ACCUMULATE;
  unpacking.run(state->front().whole.stream.get(), gradients.weights(0),
                accumulates ? gradients.plain() : call.dw);
  if (accumulates)
    addTo(call.dw, gradients.plain(), call.shape.weightSize());
  gradients.addBiases();
  spare.giveBack(std::move(state));
}

void prune_rt_convolution_backward_weights_f32(void **slot, const float *x,
                                               const float *dy, float *dw,
                                               float *dbias,
                                               const int64_t *shape,
                                               int64_t flags) {
  BackwardWeightsCall call{x, dy, dw, dbias, ConvolutionShape(shape), flags};
  check(call);
  DenormalScope denormals;
  int64_t work = call.shape.work();
  if (work == 0)
    return runLoops(call, 0, call.shape.f);
  int64_t threads = work < kMinParallelWork ? 1 : prune_rt_get_num_threads();
  ConvolutionRequest request{Direction::BackwardWeights, call.shape,
                             dbias != nullptr, flags};
  Key key = request.key();
  auto *variant =
      static_cast<WeightsVariant *>(findVariant(slot, key, nullptr));
  if (!variant) {
    variant = new WeightsVariant(request, key);
    addVariant(slot, variant);
  }
  if (!variant->whole)
    return runIm2colWeights(call, threads);
  variant->run(call, threads);
}
