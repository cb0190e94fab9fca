//===- Im2colWeights.cpp - Gradient of weights by our own loops -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every chunk of images makes a gradient of its own in the layout of Im2col.h;
// these are added in the order of the chunks, then copied to the caller's.
//
//===----------------------------------------------------------------------===//

#include "Im2colWeights.h"

#include "Im2col.h"
#include "Threads.h"
#include "WeightGradients.h"

using namespace prune_rt;

void prune_rt::runIm2colWeights(const BackwardWeightsCall &call,
                                int64_t threads) {
  const ConvolutionShape &shape = call.shape;
  Im2col im2col(shape);
  Chunks chunks = getWeightChunks(shape);
  WeightGradients gradients(call, chunks, im2col.packedSize());
  forEach(chunks.count, std::min(threads, chunks.count),
          [&](int64_t chunk, int64_t) {
            int64_t first = chunks.begin(chunk);
            sumIm2col(im2col, call.x + first * shape.c * shape.h * shape.w,
                      call.dy + first * shape.f * shape.oh * shape.ow,
                      chunks.length(chunk), gradients.weights(chunk),
                      gradients.bias(chunk));
          });
  gradients.addWeights(threads);
  unpackIm2col(im2col, gradients.weights(0), call.dw,
               call.flags & PRUNE_RT_ACCUMULATE);
  gradients.addBiases();
}
