//===- SparseConvolutionGradients.cpp - Gradients of x and of weights -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows and columns of dx of one phase, that is of one remainder of the stride,
// meet the same elements of the window, each at one distance in dy: each phase
// is a convolution of dy that moves on by one. The gradient of the weights is
// summed over shares of the parts and then over the shares, in their order.
//
//===----------------------------------------------------------------------===//

#include "../Common/SparseConvolution.h"

#include "SparseConvolutionParts.h"
#include "SparseTerms.h"
#include "Sums.h"

using namespace prune_rt;

//===----------------------------------------------------------------------===//
// dx
//===----------------------------------------------------------------------===//

namespace {

/// Elements of the window along one dimension: of which phase, and how many
/// places of dy before that of the result.
struct Taps {
  Taps(int64_t dilation, int64_t stride, int64_t window)
      : dilation(dilation), stride(stride),
        reach((window - 1) * dilation / stride) {}
  int64_t phase(int64_t tap) const { return tap * dilation % stride; }
  int64_t distance(int64_t tap) const { return tap * dilation / stride; }

  int64_t dilation, stride, reach;
};

/// What all parts read. Row t of a part stands for the rows t * stride + phase
/// of x with its padding.
struct DataPlan {
  explicit DataPlan(const SparseBackwardDataCall &call);
  void run(const Part &part, Regions &regions) const;

  const SparseBackwardDataCall &call;
  Taps rows, columns;
  int64_t firstRow; ///< the first one of x is in this
  Parts parts;
  LanePlanes input, output; ///< of dy and dx
  size_t bytes;             ///< of the scratchpad

private:
  int64_t getNumRows() const;
  LanePlanes getDyPlanes() const;
  void listTaps(int64_t row, int64_t column, TermSource &source) const;
  void listPhases();

  LineSums *phases;
};

} // namespace

static LanePlanes getDxPlanes(const ConvolutionShape &shape) {
  LanePlanes planes =
      makePlanes(shape.c, shape.padLeft + shape.w, shape.strideW);
  planes.top = shape.padTop;
  planes.left = shape.padLeft;
  return planes;
}

int64_t DataPlan::getNumRows() const {
  const ConvolutionShape &shape = call.shape;
  return (shape.padTop + shape.h + shape.strideH - 1) / shape.strideH -
         firstRow;
}

/// The planes of dy, with zeros around as far as windows reach.
LanePlanes DataPlan::getDyPlanes() const {
  const ConvolutionShape &shape = call.shape;
  LanePlanes planes =
      makePlanes(shape.f, columns.reach + std::max(output.columns, shape.ow),
                 /*phases=*/1);
  planes.rows = parts.stripRows + rows.reach;
  planes.top = rows.reach;
  planes.left = columns.reach;
  return planes;
}

DataPlan::DataPlan(const SparseBackwardDataCall &call)
    : call(call), rows(call.shape.dilationH, call.shape.strideH, call.shape.kh),
      columns(call.shape.dilationW, call.shape.strideW, call.shape.kw),
      firstRow(call.shape.padTop / call.shape.strideH),
      parts(call.shape.n, getNumRows(), getRowFloats(call.shape)),
      output(getDxPlanes(call.shape)) {
  output.rows = parts.stripRows * rows.stride;
  input = getDyPlanes();
  bytes = Regions::getBytes<float>(input.size()) +
          Regions::getBytes<float>(output.size()) +
          Regions::getBytes<int32_t>(getTableSize(call.shape));
  listPhases();
}

/// What the elements of a phase read of dy.
void DataPlan::listTaps(int64_t row, int64_t column, TermSource &source) const {
  const ConvolutionShape &shape = call.shape;
  WindowTap *tap = source.windowTaps;
  source.taps = 0;
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    bool isRow = rows.phase(ky) == row;
    if (isRow)
      source.tapLines[source.taps++] =
          static_cast<int32_t>(rows.reach - rows.distance(ky));
    for (int64_t kx = 0; kx < shape.kw; ++kx) {
      bool isIn = isRow && columns.phase(kx) == column;
      int64_t offset = (columns.reach - columns.distance(kx)) * kLanes;
      *tap++ = {static_cast<int32_t>(isIn ? source.taps - 1 : -1),
                static_cast<int32_t>(offset)};
    }
  }
}

void DataPlan::listPhases() {
  const ConvolutionShape &shape = call.shape;
  int64_t count = rows.stride * columns.stride;
  TermSource source{call.pattern, call.values, shape.c, shape.kh * shape.kw,
                    input,        nullptr,     nullptr, 0};
  size_t lists =
      Regions::getBytes<int32_t>(shape.kh) + getTermBytes(source, shape.kh);
  Regions regions(getCallBuffer((Regions::getBytes<LineSums>(count) +
                                 Regions::getBytes<WindowTap>(source.window) +
                                 count * lists) /
                                sizeof(float)));
  phases = regions.take<LineSums>(count);
  source.windowTaps = regions.take<WindowTap>(source.window);
  for (int64_t phase = 0; phase < count; ++phase) {
    source.tapLines = regions.take<int32_t>(shape.kh);
    listTaps(phase / columns.stride, phase % columns.stride, source);
    LineSums sums = {};
    listTerms(source, regions, sums);
    sums.columns = output.columns;
    sums.inStep = 1;
    sums.inLine = input.line();
    sums.outRow = output.plane();
    sums.outLine = rows.stride * output.line();
    phases[phase] = sums;
  }
}

void DataPlan::run(const Part &part, Regions &regions) const {
  const ConvolutionShape &shape = call.shape;
  auto *dy = regions.take<float>(input.size());
  auto *dx = regions.take<float>(output.size());
  auto *table = regions.take<int32_t>(getTableSize(shape));
  int64_t row = firstRow + part.row;
  LanePlanes from = input.startAt(row);
  loadPlanes(from, getOutput(shape, call.dy, part), table, dy);
  for (int64_t phase = 0; phase < rows.stride * columns.stride; ++phase) {
    LineSums sums = phases[phase];
    sums.in = dy;
    sums.out =
        dx + output.at(0, phase / columns.stride, phase % columns.stride);
    sums.lines = std::min(parts.stripRows, parts.rows - part.row);
    sums.inBegin = from.firstLine();
    sums.inEnd = from.endLine(shape.oh);
    sumLines(sums);
  }
  storePlanes(output.startAt(row * rows.stride), getInput(shape, call.dx, part),
              table, dx);
}

void prune_rt::run(const SparseBackwardDataCall &call) {
  if (!call.shape.inputSize())
    return;
  DataPlan plan(call);
  forEachPart(
      plan.parts, getThreads(call.shape, call.pattern.pointers[call.shape.c]),
      plan.bytes,
      [&](const Part &part, Regions &regions) { plan.run(part, regions); });
}

//===----------------------------------------------------------------------===//
// dw
//===----------------------------------------------------------------------===//

/// Elements of a row that should be sampled together.
static constexpr int64_t kMinSamples = 8;
/// Sums that are kept apart, for as many threads; each takes as much memory as
/// the weights.
static constexpr int64_t kMaxShares = 16;

namespace {

/// The gradients of the weights and then of the bias, of each share of the
/// parts.
struct WeightsPlan {
  explicit WeightsPlan(const SparseBackwardWeightsCall &call);
  /// Sums over the parts of a share, in their order.
  void run(int64_t share) const;
  /// Adds up the sums of the shares.
  void finish() const;

  const SparseBackwardWeightsCall &call;
  int64_t elements;
  Parts parts;
  LanePlanes input, output;
  int64_t shares;
  size_t bytes; ///< of the scratchpad

private:
  void run(const Part &part, float *sums, bool accumulates) const;
  /// Planes of x that are read together: of fewer, a row has too few elements.
  int64_t getSampledPlanes() const;

  int64_t size; ///< of the gradients of a share
  const int32_t *offsets;
  float *gradients;
};

} // namespace

WeightsPlan::WeightsPlan(const SparseBackwardWeightsCall &call)
    : call(call), elements(call.pattern.pointers[call.shape.f]),
      parts(call.shape.n, call.shape.oh, getRowFloats(call.shape)),
      input(getInputPlanes(call.shape, parts.stripRows)),
      output(getOutputPlanes(call.shape, parts.stripRows)),
      shares(std::min(parts.count, kMaxShares)),
      bytes(Regions::getBytes<float>(input.size()) +
            Regions::getBytes<float>(output.size()) +
            Regions::getBytes<int32_t>(getTableSize(call.shape)) +
            Regions::getBytes<int32_t>(call.shape.f)),
      size(elements + call.shape.f) {
  const ConvolutionShape &shape = call.shape;
  int64_t inner = shape.c * shape.kh * shape.kw;
  Regions regions(getCallBuffer((Regions::getBytes<int32_t>(inner) +
                                 Regions::getBytes<int32_t>(elements) +
                                 Regions::getBytes<float>(shares * size)) /
                                sizeof(float)));
  auto *window = regions.take<int32_t>(inner);
  auto *places = regions.take<int32_t>(elements);
  gradients = regions.take<float>(shares * size);
  listOffsets(shape, input, window);
  for (int64_t p = call.pattern.pointers[0]; p < elements; ++p)
    places[p] = window[call.pattern.indices[p]];
  offsets = places;
}

int64_t WeightsPlan::getSampledPlanes() const {
  int64_t inRow = std::max<int64_t>(1, elements / call.shape.f);
  int64_t least = (kMinSamples * input.channels + inRow - 1) / inRow;
  return std::max(getPlanesTogether(input, input.rows), least);
}

void WeightsPlan::run(int64_t share) const {
  int64_t first = parts.count * share / shares;
  for (int64_t part = first; part < parts.count * (share + 1) / shares; ++part)
    run(parts.get(part), gradients + share * size, part != first);
}

void WeightsPlan::run(const Part &part, float *sums, bool accumulates) const {
  const ConvolutionShape &shape = call.shape;
  Regions regions(getScratchpad(bytes));
  auto *x = regions.take<float>(input.size());
  auto *dy = regions.take<float>(output.size());
  auto *table = regions.take<int32_t>(getTableSize(shape));
  loadPlanes(input.startAt(part.row * shape.strideH),
             getInput(shape, call.x, part), table, x);
  loadPlanes(output.startAt(part.row), getOutput(shape, call.dy, part), table,
             dy);
  LineSamples samples = {offsets,
                         call.pattern.pointers,
                         shape.f,
                         x,
                         dy,
                         sums,
                         std::min(parts.stripRows, shape.oh - part.row),
                         shape.ow,
                         shape.strideH * input.line(),
                         output.plane(),
                         output.line(),
                         getSampledPlanes() * input.plane(),
                         accumulates};
  sampleLines(samples, regions.take<int32_t>(shape.f));
  if (call.dbias)
    addLines(samples, sums + elements);
}

void WeightsPlan::finish() const {
  int64_t used = call.dbias ? size : elements;
  addRows(gradients, shares, size, 0, used);
  std::copy_n(gradients, elements, call.dvalues);
  if (call.dbias)
    std::copy_n(gradients + elements, call.shape.f, call.dbias);
}

void prune_rt::run(const SparseBackwardWeightsCall &call) {
  int64_t elements = call.pattern.pointers[call.shape.f];
  if (!call.shape.n || !call.shape.f) {
    std::fill_n(call.dvalues, elements, 0.0f);
    if (call.dbias)
      std::fill_n(call.dbias, call.shape.f, 0.0f);
    return;
  }
  WeightsPlan plan(call);
  forEach(plan.shares, getThreads(call.shape, elements),
          [&](int64_t share, int64_t) { plan.run(share); });
  plan.finish();
}
