//===- Convolution.cpp - Convolutions on oneDNN ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The convolution and the gradient of its input: chunks of images (Chunks.h),
// each a primitive on one thread. The weights, which change from step to step,
// are copied into the primitive's layout once a call; constant ones once. Where
// oneDNN has no good primitive, our own loops run image by image (Im2col.cpp).
//
//===----------------------------------------------------------------------===//

#include "../Kernels/Activation.h"
#include "../Kernels/Chunks.h"
#include "../Kernels/Im2col.h"
#include "../Kernels/Scratch.h"
#include "../Kernels/Sums.h"
#include "../Kernels/Threads.h"
#include "ConvolutionPrimitive.h"
#include "Parallel.h"

#include <utility>
#include <vector>

using namespace prune_rt;

namespace {

/// What a thread needs while it runs chunks.
struct Worker {
  Arguments whole, rest;
  Buffer chunk; ///< dx of one chunk, to be added to the old one
};

/// What a call needs.
using State = std::vector<Worker>;

/// The operands of either direction: `from` is read, `to` written.
struct Operands {
  const float *from, *w, *bias;
  float *to;
};

struct ConvolutionVariant final : Variant {
  ConvolutionVariant(const ConvolutionRequest &request, const Key &key,
                     const float *w);
  void run(const Operands &operands, int64_t threads);

private:
  void runChunk(const Operands &operands, const float *weights, int64_t chunk,
                Worker &worker) const;
  std::unique_ptr<State> takeState(int64_t threads);
  int64_t inputImage() const { return shape.c * shape.h * shape.w; }
  int64_t outputImage() const { return shape.f * shape.oh * shape.ow; }
  bool isForward() const { return direction == Direction::Forward; }
  /// oneDNN cannot add the gradient to the old one.
  bool addsAfterwards() const { return !isForward() && accumulates; }

public:
  ConvolutionPrimitive whole, rest;
  std::unique_ptr<const Im2col> im2col; ///< runs where there is no primitive

private:
  Direction direction;
  ConvolutionShape shape;
  bool accumulates, appliesRelu;
  Chunks chunks;
  Reorder packing;
  size_t packedBytes = 0;
  Buffer packedConstant;
  Spare<State> spare;
};

/// Below this many multiplications a chunk or a fork costs more than it gains.
constexpr int64_t kMinChunkWork = int64_t(1) << 18;
constexpr int64_t kMaxChunks = 16;

} // namespace

static int64_t getChunkLimit(const ConvolutionShape &shape) {
  return std::min(kMaxChunks, shape.work() / kMinChunkWork);
}

ConvolutionVariant::ConvolutionVariant(const ConvolutionRequest &request,
                                       const Key &key, const float *w)
    : Variant(key), direction(request.direction), shape(request.shape),
      accumulates(request.flags & PRUNE_RT_ACCUMULATE),
      appliesRelu(request.activation == PRUNE_RT_ACTIVATION_RELU),
      chunks(shape.n, getChunkLimit(shape)) {
  ConvolutionRequest part = request;
  part.shape.n = chunks.size;
  if (!isForward())
    part.flags = 0;
  if (!prefersIm2col(direction, shape))
    whole = makeConvolution(part);
  if (whole && chunks.rest()) {
    part.shape.n = chunks.rest();
    part.weights = whole.weights();
    rest = makeConvolution(part);
    if (!rest)
      whole = ConvolutionPrimitive();
  }
  if (request.flags & PRUNE_RT_CONSTANT_B)
    constant = w;
  if (!whole) {
    im2col = std::make_unique<const Im2col>(shape);
    kernel = "loops:im2col";
    return;
  }
  kernel = getKernelName(whole.desc.get());
  MemoryDesc plain = describeWeights(shape);
  packing = Reorder(plain.get(), whole.weights());
  packedBytes = dnnl_memory_desc_get_size(whole.weights());
  if (request.flags & PRUNE_RT_CONSTANT_B) {
    packedConstant = Buffer(packedBytes);
    packing.run(makeStream().get(), w, packedConstant.data());
  }
}

std::unique_ptr<State> ConvolutionVariant::takeState(int64_t threads) {
  std::unique_ptr<State> state = spare.take();
  if (!state)
    state = std::make_unique<State>();
  while (static_cast<int64_t>(state->size()) < threads) {
    Worker worker;
    worker.whole = whole.makeArguments();
    if (rest)
      worker.rest = rest.makeArguments();
    if (addsAfterwards())
      worker.chunk = Buffer(chunks.size * inputImage() * sizeof(float));
    state->push_back(std::move(worker));
  }
  return state;
}

void ConvolutionVariant::runChunk(const Operands &operands,
                                  const float *weights, int64_t chunk,
                                  Worker &worker) const {
  int64_t first = chunks.begin(chunk), images = chunks.length(chunk);
  bool isWhole = images == chunks.size;
  const ConvolutionPrimitive &primitive = isWhole ? whole : rest;
  Arguments &arguments = isWhole ? worker.whole : worker.rest;
  if (isForward()) {
    float *y = operands.to + first * outputImage();
    primitive.run(arguments, operands.from + first * inputImage(), weights, y,
                  operands.bias);
    if (appliesRelu)
      applyRelu(y, 1, images * outputImage(), images * outputImage());
    return;
  }
  float *dx = operands.to + first * inputImage();
  float *target = addsAfterwards() ? worker.chunk.floats() : dx;
  primitive.run(arguments, target, weights,
                operands.from + first * outputImage(), /*bias=*/nullptr);
  if (addsAfterwards())
    addTo(dx, target, images * inputImage());
}

void ConvolutionVariant::run(const Operands &operands, int64_t threads) {
  std::unique_ptr<State> state = takeState(threads);
  const float *weights = packedConstant.floats();
  if (!weights) {
    float *packed = getCallBuffer(packedBytes / sizeof(float));
    packing.run(state->front().whole.stream.get(), operands.w, packed);
    weights = packed;
  }
  runParallel(chunks.count, threads, [&](int64_t chunk, int64_t thread) {
    runChunk(operands, weights, chunk, (*state)[thread]);
  });
  spare.giveBack(std::move(state));
}

static ConvolutionVariant &
getVariant(void **slot, const ConvolutionRequest &request, const float *w) {
  Key key = request.key();
  const void *constant = request.flags & PRUNE_RT_CONSTANT_B ? w : nullptr;
  Variant *variant = findVariant(slot, key, constant);
  if (!variant) {
    variant = new ConvolutionVariant(request, key, w);
    addVariant(slot, variant);
  }
  return *static_cast<ConvolutionVariant *>(variant);
}

static int64_t getThreads(const ConvolutionShape &shape) {
  return shape.work() < kMinChunkWork ? 1 : prune_rt_get_num_threads();
}

void prune_rt_convolution_f32(void **slot, const float *x, const float *w,
                              const float *bias, float *y, const int64_t *shape,
                              int64_t flags, int64_t activation) {
  ConvolutionCall call{x,     w,         bias, y, ConvolutionShape(shape),
                       flags, activation};
  check(call);
  if (call.shape.outputSize() == 0)
    return;
  DenormalScope denormals;
  if (call.shape.work() == 0)
    return runLoops(call, 0, call.shape.n);
  int64_t threads = getThreads(call.shape);
  ConvolutionRequest request{Direction::Forward, call.shape, bias != nullptr,
                             flags, activation};
  ConvolutionVariant &variant = getVariant(slot, request, w);
  if (variant.whole)
    return variant.run({x, w, bias, y}, threads);
  forRanges(call.shape.n, threads, [&](int64_t begin, int64_t end) {
    runIm2col(*variant.im2col, call, begin, end);
  });
}

void prune_rt_convolution_backward_data_f32(void **slot, const float *dy,
                                            const float *w, float *dx,
                                            const int64_t *shape,
                                            int64_t flags) {
  BackwardDataCall call{dy, w, dx, ConvolutionShape(shape), flags};
  check(call);
  if (call.shape.inputSize() == 0)
    return;
  DenormalScope denormals;
  if (call.shape.work() == 0)
    return runLoops(call, 0, call.shape.n);
  int64_t threads = getThreads(call.shape);
  ConvolutionRequest request{Direction::BackwardData, call.shape};
  request.flags = flags;
  ConvolutionVariant &variant = getVariant(slot, request, w);
  if (variant.whole)
    return variant.run({dy, w, /*bias=*/nullptr, dx}, threads);
  forRanges(call.shape.n, threads, [&](int64_t begin, int64_t end) {
    runIm2col(*variant.im2col, call, begin, end);
  });
}
