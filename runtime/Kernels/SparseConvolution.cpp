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

#include "SparseConvolutionParts.h"
#include "SparseTerms.h"

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
  LineSums sums = {};
};

} // namespace

/// What the window reads of the planes of x.
static void listTaps(const ConvolutionShape &shape, const TermSource &source) {
  WindowTap *tap = source.windowTaps;
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    source.tapLines[ky] = static_cast<int32_t>(ky * shape.dilationH);
    for (int64_t kx = 0; kx < shape.kw; ++kx)
      *tap++ = {static_cast<int32_t>(ky), static_cast<int32_t>(source.planes.at(
                                              0, 0, kx * shape.dilationW))};
  }
}

ForwardPlan::ForwardPlan(const SparseConvolutionCall &call)
    : call(call), parts(call.shape.n, call.shape.oh, getRowFloats(call.shape)),
      input(getInputPlanes(call.shape, parts.stripRows)),
      output(getOutputPlanes(call.shape, parts.stripRows)),
      bytes(Regions::getBytes<float>(input.size()) +
            Regions::getBytes<float>(output.size()) +
            Regions::getBytes<int32_t>(getTableSize(call.shape))) {
  const ConvolutionShape &shape = call.shape;
  TermSource source{call.pattern, call.values, shape.f, shape.kh * shape.kw,
                    input,        nullptr,     nullptr, shape.kh};
  Regions regions(getCallBuffer((Regions::getBytes<WindowTap>(source.window) +
                                 Regions::getBytes<int32_t>(shape.kh) +
                                 getTermBytes(source, shape.kh)) /
                                sizeof(float)));
  source.windowTaps = regions.take<WindowTap>(source.window);
  source.tapLines = regions.take<int32_t>(shape.kh);
  listTaps(shape, source);
  listTerms(source, regions, sums);
  sums.bias = call.bias;
  sums.columns = shape.ow;
  sums.inStep = shape.strideH;
  sums.inLine = input.line();
  sums.outRow = output.plane();
  sums.outLine = output.line();
  sums.accumulates = call.has(PRUNE_RT_ACCUMULATE);
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
  if (sums.accumulates)
    loadPlanes(to, getOutput<const float>(shape, call.y, part), table, y);
  LineSums strip = sums;
  strip.in = x;
  strip.out = y;
  strip.lines = std::min(parts.stripRows, shape.oh - part.row);
  strip.inBegin = from.firstLine();
  strip.inEnd = from.endLine(shape.h);
  sumLines(strip);
  if (call.activation != PRUNE_RT_ACTIVATION_NONE)
    addBiasAndActivate(y, shape.f, strip.lines * output.line(), output.plane(),
                       /*rowBias=*/nullptr, /*columnBias=*/nullptr,
                       call.activation);
  storePlanes(to, images, table, y);
}

void prune_rt::run(const SparseConvolutionCall &call) {
  if (!call.shape.outputSize())
    return;
  ForwardPlan plan(call);
  forEachPart(
      plan.parts, getThreads(call.shape, call.pattern.pointers[call.shape.f]),
      plan.bytes,
      [&](const Part &part, Regions &regions) { plan.run(part, regions); });
}
