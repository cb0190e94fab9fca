//===- SparseConvolution.cpp - Convolutions of compressed weights ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each part of the work (SparseConvolutionParts.h) sums the inputs that the
// weights of an output channel meet, for one row of the output after the other.
//
//===----------------------------------------------------------------------===//

#include "../Common/SparseConvolution.h"

#include "SparseConvolutionLoops.h"
#include "SparseConvolutionParts.h"

using namespace prune_rt;

namespace {

/// What all parts of a convolution read.
struct ForwardPlan {
  explicit ForwardPlan(const SparseConvolutionCall &call);
  void run(const Part &part, Regions &regions) const;

  const SparseConvolutionCall &call;
  Parts parts;
  LanePlanes input, output;
  size_t bytes; ///< of the scratchpad
  LineSums sums;
};

} // namespace

ForwardPlan::ForwardPlan(const SparseConvolutionCall &call)
    : call(call), parts(call.shape.n, call.shape.oh, getRowFloats(call.shape)),
      input(getInputPlanes(call.shape, parts.stripRows)),
      output(getOutputPlanes(call.shape, parts.stripRows)),
      bytes(Regions::getBytes<float>(input.size()) +
            Regions::getBytes<float>(output.size()) +
            Regions::getBytes<int32_t>(getTableSize(call.shape)) +
            Regions::getBytes<int32_t>(call.shape.f)) {
  const ConvolutionShape &shape = call.shape;
  int64_t inner = shape.c * shape.kh * shape.kw;
  int64_t elements = call.pattern.pointers[shape.f];
  Regions regions(getCallBuffer(
      (Regions::getBytes<int32_t>(inner) + Regions::getBytes<Term>(elements)) /
      sizeof(float)));
  auto *offsets = regions.take<int32_t>(inner);
  auto *terms = regions.take<Term>(elements);
  listOffsets(shape, input, offsets);
  for (int64_t p = call.pattern.pointers[0]; p < elements; ++p)
    terms[p] = {offsets[call.pattern.indices[p]], call.values[p]};
  sums = {terms,
          call.pattern.pointers,
          shape.f,
          /*in=*/nullptr,
          call.bias,
          /*out=*/nullptr,
          parts.stripRows,
          shape.ow,
          shape.strideH * input.line(),
          output.plane(),
          output.line(),
          getBlock(input, (shape.kh - 1) * shape.dilationH + 1),
          call.has(PRUNE_RT_ACCUMULATE)};
}

void ForwardPlan::run(const Part &part, Regions &regions) const {
  const ConvolutionShape &shape = call.shape;
  auto *x = regions.take<float>(input.size());
  auto *y = regions.take<float>(output.size());
  auto *table = regions.take<int32_t>(getTableSize(shape));
  LanePlanes from = input.startAt(part.row * shape.strideH);
  LanePlanes to = output.startAt(part.row);
  ImageBatch<float> images = getOutput(shape, call.y, part);
  loadPlanes(from, getInput(shape, call.x, part), table, x);
  LineSums strip = sums;
  strip.in = x;
  strip.out = y;
  strip.lines = std::min(parts.stripRows, shape.oh - part.row);
  if (sums.accumulates)
    loadPlanes(to, getOutput<const float>(shape, call.y, part), table, y);
  sumLines(strip, regions.take<int32_t>(shape.f));
  if (call.activation != PRUNE_RT_ACTIVATION_NONE)
    addBiasAndActivate(y, shape.f, strip.lines * output.line(), output.plane(),
                       /*rowBias=*/nullptr, /*columnBias=*/nullptr,
                       call.activation);
  storePlanes(to, images, table, y);
}

void prune_rt_sparse_convolution_f32(const float *values,
                                     const int32_t *indices,
                                     const int32_t *pointers, const float *x,
                                     const float *bias, float *y,
                                     const int64_t *shape, int64_t flags,
                                     int64_t activation) {
  SparseConvolutionCall call{
      values, {indices, pointers},     x,     bias,
      y,      ConvolutionShape(shape), flags, activation};
  check(call);
  if (!call.shape.outputSize())
    return;
  DenormalScope denormals;
  ForwardPlan plan(call);
  forEachPart(plan.parts, getThreads(call.shape, pointers[call.shape.f]),
              plan.bytes, [&](const Part &part, int64_t, Regions &regions) {
                plan.run(part, regions);
              });
}
