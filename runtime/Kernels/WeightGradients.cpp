//===- WeightGradients.cpp - Sums over chunks of a batch ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightGradients.h"

#include "Scratch.h"
#include "Sums.h"
#include "Threads.h"

using namespace prune_rt;

namespace {

/// Below this many multiplications a chunk or a fork costs more than it gains.
constexpr int64_t kMinChunkWork = int64_t(1) << 18;
/// A chunk sums over at least this many positions: adding two gradients costs
/// as much memory traffic as some hundred of them take arithmetic.
constexpr int64_t kMinPositions = 512;
constexpr int64_t kMaxChunks = 8;
/// Smallest part of a gradient for one thread to add.
constexpr int64_t kMinAdded = 4096;

} // namespace

Chunks prune_rt::getWeightChunks(const ConvolutionShape &shape) {
  int64_t positions = shape.n * shape.oh * shape.ow;
  int64_t limit = std::min(
      {kMaxChunks, shape.work() / kMinChunkWork, positions / kMinPositions});
  return Chunks(shape.n, limit);
}

WeightGradients::WeightGradients(const BackwardWeightsCall &call,
                                 const Chunks &chunks, int64_t packedSize)
    : call(call), chunks(chunks), size((packedSize + 15) / 16 * 16) {
  int64_t weights = chunks.count * size;
  int64_t plain = (call.shape.weightSize() + 15) / 16 * 16;
  first = getCallBuffer(weights + plain + chunks.count * call.shape.f);
  firstBias = first + weights + plain;
}

void WeightGradients::addWeights(int64_t threads) const {
  if (chunks.count == 1)
    return;
  forRanges(size, std::min(threads, size / kMinAdded),
            [&](int64_t begin, int64_t end) {
              addRows(first, chunks.count, size, begin, end);
            });
}

void WeightGradients::addBiases() const {
  if (!call.dbias)
    return;
  addRows(firstBias, chunks.count, call.shape.f, 0, call.shape.f);
  bool accumulates = call.flags & PRUNE_RT_ACCUMULATE;
  for (int64_t i = 0; i < call.shape.f; ++i)
    call.dbias[i] = accumulates ? call.dbias[i] + firstBias[i] : firstBias[i];
}
