//===- WeightGradients.h - Sums over chunks of a batch ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_WEIGHTGRADIENTS_H
#define PRUNE_RUNTIME_KERNELS_WEIGHTGRADIENTS_H

#include "../Common/ConvolutionShape.h"
#include "Chunks.h"

namespace prune_rt {

/// Chunks of the images, each with gradients of its own.
Chunks getWeightChunks(const ConvolutionShape &shape);

/// The gradients of the chunks of one call, in memory of the calling thread.
struct WeightGradients {
  /// `packedSize` floats for the weights of a chunk, at least.
  WeightGradients(const BackwardWeightsCall &call, const Chunks &chunks,
                  int64_t packedSize);

  float *weights(int64_t chunk) const { return first + chunk * size; }
  /// Null where no gradient of the bias is wanted.
  float *bias(int64_t chunk) const {
    return call.dbias ? firstBias + chunk * call.shape.f : nullptr;
  }
  /// Memory for one gradient in the caller's layout.
  float *plain() const { return first + chunks.count * size; }

  /// Adds the gradients of the weights in the order of the chunks, in the
  /// place of the first.
  void addWeights(int64_t threads) const;
  /// Adds those of the bias, to where the caller wants them.
  void addBiases() const;

private:
  const BackwardWeightsCall &call;
  const Chunks &chunks;
  int64_t size;
  float *first, *firstBias;
};

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_WEIGHTGRADIENTS_H
