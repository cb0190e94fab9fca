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

#include "Chunks.h"
#include "ConvolutionPrimitive.h"
#include "Im2col.h"
#include "Parallel.h"
#include "Sums.h"

#include <utility>
#include <vector>

using namespace prune_rt;

namespace {

struct Worker {
  Arguments whole, rest;
};

/// What a call needs.
using State = std::vector<Worker>;

/// The gradients of all chunks, one after the other, and a gradient in the
/// caller's layout.
struct Gradients {
  float *weights, *bias, *plain;
};

struct WeightsVariant final : Variant {
  WeightsVariant(const ConvolutionRequest &request, const Key &key);
  void run(const BackwardWeightsCall &call, int64_t threads);

private:
  std::unique_ptr<State> takeState(int64_t threads);
  Gradients getGradients() const;
  void runChunk(const BackwardWeightsCall &call, int64_t chunk,
                const Gradients &gradients, Worker *worker) const;
  void addChunks(const BackwardWeightsCall &call, const Gradients &gradients,
                 int64_t threads) const;

  ConvolutionPrimitive whole, rest;
  std::unique_ptr<const Im2col> im2col; ///< runs where there is no primitive
  ConvolutionShape shape;
  bool hasBias, accumulates;
  Chunks chunks;
  Reorder unpacking;
  int64_t packedSize = 0; ///< floats of one gradient, at least
  Spare<State> spare;
};

/// Below this many multiplications a chunk or a fork costs more than it gains.
constexpr int64_t kMinChunkWork = int64_t(1) << 18;
/// A chunk sums over at least this many positions: adding two gradients costs
/// as much memory traffic as some hundred of them take arithmetic.
constexpr int64_t kMinPositions = 512;
constexpr int64_t kMaxChunks = 8;
/// Smallest part of a gradient for one thread to add.
constexpr int64_t kMinAdded = 4096;

} // namespace

static int64_t getChunkLimit(const ConvolutionShape &shape) {
  int64_t positions = shape.n * shape.oh * shape.ow;
  return std::min(
      {kMaxChunks, shape.work() / kMinChunkWork, positions / kMinPositions});
}

WeightsVariant::WeightsVariant(const ConvolutionRequest &request,
                               const Key &key)
    : Variant(key), shape(request.shape), hasBias(request.hasBias),
      accumulates(request.flags & PRUNE_RT_ACCUMULATE),
      chunks(shape.n, getChunkLimit(shape)) {
  ConvolutionRequest part = request;
  part.shape.n = chunks.size;
  part.flags = 0;
  if (!prefersIm2col(request.direction, shape))
    whole = makeConvolution(part);
  if (whole && chunks.rest()) {
    part.shape.n = chunks.rest();
    part.weights = whole.weights();
    rest = makeConvolution(part);
    if (!rest)
      whole = ConvolutionPrimitive();
  }
  if (!whole) {
    im2col = std::make_unique<const Im2col>(shape);
    packedSize = (im2col->packedSize() + 15) / 16 * 16;
    kernel = "loops:im2col";
    return;
  }
  kernel = getKernelName(whole.desc.get());
  MemoryDesc plain = describeWeights(shape);
  unpacking = Reorder(whole.weights(), plain.get());
  packedSize = static_cast<int64_t>(
      (dnnl_memory_desc_get_size(whole.weights()) + 63) / 64 * 16);
}

std::unique_ptr<State> WeightsVariant::takeState(int64_t threads) {
  std::unique_ptr<State> state = spare.take();
  if (!state)
    state = std::make_unique<State>();
  while (static_cast<int64_t>(state->size()) < threads) {
    Worker worker;
    if (whole)
      worker.whole = whole.makeArguments();
    if (rest)
      worker.rest = rest.makeArguments();
    state->push_back(std::move(worker));
  }
  return state;
}

Gradients WeightsVariant::getGradients() const {
  int64_t weights = chunks.count * packedSize;
  int64_t plain = (shape.weightSize() + 15) / 16 * 16;
  float *start = getCallBuffer(weights + plain + chunks.count * shape.f);
  return {start, start + weights + plain, start + weights};
}

void WeightsVariant::runChunk(const BackwardWeightsCall &call, int64_t chunk,
                              const Gradients &gradients,
                              Worker *worker) const {
  int64_t first = chunks.begin(chunk), images = chunks.length(chunk);
  const float *x = call.x + first * shape.c * shape.h * shape.w;
  const float *dy = call.dy + first * shape.f * shape.oh * shape.ow;
  float *dw = gradients.weights + chunk * packedSize;
  float *dbias = hasBias ? gradients.bias + chunk * shape.f : nullptr;
  if (im2col)
    return sumIm2col(*im2col, x, dy, images, dw, dbias);
  bool isWhole = images == chunks.size;
  (isWhole ? whole : rest)
      .run(isWhole ? worker->whole : worker->rest, x, dw, dy, dbias);
}

void WeightsVariant::addChunks(const BackwardWeightsCall &call,
                               const Gradients &gradients,
                               int64_t threads) const {
  int64_t size = packedSize, count = chunks.count;
  float *sum = gradients.weights, *bias = gradients.bias;
  if (count > 1) {
    int64_t parts = std::max<int64_t>(1, std::min(threads, size / kMinAdded));
    runParts(size, parts, [&](int64_t begin, int64_t end) {
      addRows(sum, count, size, begin, end);
    });
  }
  if (im2col)
    unpackIm2col(*im2col, sum, call.dw, accumulates);
  else
    unpacking.run(sum, accumulates ? gradients.plain : call.dw);
  if (whole && accumulates)
    addTo(call.dw, gradients.plain, shape.weightSize());
  if (!hasBias)
    return;
  addRows(bias, count, shape.f, 0, shape.f);
  for (int64_t i = 0; i < shape.f; ++i)
    call.dbias[i] = accumulates ? call.dbias[i] + bias[i] : bias[i];
}

void WeightsVariant::run(const BackwardWeightsCall &call, int64_t threads) {
  std::unique_ptr<State> state = takeState(threads);
  Gradients gradients = getGradients();
  runParallel(chunks.count, threads, [&](int64_t chunk, int64_t thread) {
    runChunk(call, chunk, gradients, &(*state)[thread]);
  });
  addChunks(call, gradients, threads);
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
  int64_t threads = work < kMinChunkWork ? 1 : prune_rt_get_num_threads();
  ConvolutionRequest request{Direction::BackwardWeights, call.shape,
                             dbias != nullptr, flags};
  Key key = request.key();
  Variant *variant = findVariant(slot, key, nullptr);
  if (!variant) {
    variant = new WeightsVariant(request, key);
    addVariant(slot, variant);
  }
  static_cast<WeightsVariant *>(variant)->run(call, threads);
}
