//===- LayerTrial.cpp - The kernels of a layer by turns -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/LayerTrial.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::prune;

/// Seconds of a clock that never goes back.
static double now() {
  auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

namespace {
/// Draws one layer. Numbers come from the engine alone, whose values the
/// standard fixes, so that they are the same everywhere.
class Draw {
public:
  Draw(uint64_t number, const LayerLimits &limits)
      : random(number), limits(limits) {}

  LayerProblem draw() {
    double zeros = 0.99 * share();
    return pick(2) ? drawProduct(zeros) : drawConvolution(zeros);
  }

private:
  double share() { return std::ldexp(double(random() >> 11), -53); }
  int64_t pick(int64_t count) { return random() % count; }
  /// As many small numbers as large ones, in proportion.
  int64_t spread(int64_t low, int64_t high) {
    double logarithm =
        std::log(low) + share() * (std::log(high + 1) - std::log(low));
    return std::clamp<int64_t>(std::exp(logarithm), low, high);
  }
  bool fits(double weights, double columns) const {
    return weights <= limits.weights && weights * columns <= limits.operations;
  }
  LayerProblem drawProduct(double zeros);
  LayerProblem drawConvolution(double zeros);

  std::mt19937_64 random;
  LayerLimits limits;
};
} // namespace

LayerProblem Draw::drawProduct(double zeros) {
  while (true) {
    int64_t rows = spread(8, 4096), inner = spread(8, 4096);
    int64_t columns = spread(1, 4096);
    if (fits(double(rows) * inner, columns))
      return LayerProblem::product(rows, inner, columns, zeros);
  }
}

LayerProblem Draw::drawConvolution(double zeros) {
  while (true) {
    assembly::ConvolutionShape shape = {};
    shape.n = pick(2) ? 1 : spread(1, 64);
    // One in eight is a first layer.
    shape.c = pick(8) ? spread(4, 1024) : spread(1, 3);
    shape.f = spread(8, 1024);
    shape.groups = 1;
    shape.h = shape.w = spread(4, 64);
    constexpr int64_t sides[] = {1, 1, 3, 3, 5, 7};
    shape.kh = shape.kw = sides[pick(6)];
    // One in six is depthwise.
    if (pick(6) == 0) {
      shape.groups = shape.f = shape.c;
      shape.kh = shape.kw = std::max<int64_t>(shape.kh, 3);
    }
    shape.strideH = shape.strideW = pick(4) ? 1 : 2;
    shape.dilationH = shape.dilationW = 1;
    shape.padTop = shape.padLeft = shape.kh / 2;
    shape.oh = shape.ow =
        (shape.h + 2 * shape.padTop - shape.kh) / shape.strideH + 1;
    int64_t columns = shape.n * shape.oh * shape.ow;
    if (columns <= 4096 &&
        fits(double(shape.f) * (shape.c / shape.groups) * shape.kh * shape.kw,
             columns))
      return {shape, /*isProduct=*/false, zeros};
  }
}

LayerProblem prune::drawLayer(uint64_t number, const LayerLimits &limits) {
  return Draw(number, limits).draw();
}

void TrialKernel::turn(LayerTimer &timer) {
  const ProductSize &size = layer->getSize();
  before = timer.makeTransposition(size.columns, size.inner);
  after = timer.makeTransposition(size.rows, size.columns);
  turnedInput = std::make_unique<TimedFloats>(layer->getInputSize());
  turnedResult = std::make_unique<TimedFloats>(layer->getResultSize());
}

void TrialKernel::run(const float *x, float *y) {
  double start = now(), turning = 0.0;
  if (before) {
    before->run(x, turnedInput->data());
    double middle = now();
    layer->run(turnedInput->data(), turnedResult->data());
    double end = now();
    after->run(turnedResult->data(), y);
    turning = now() - end + middle - start;
  } else {
    layer->run(x, y);
  }
  times.push_back(1e6 * (now() - start));
  turnTimes.push_back(1e6 * turning);
}

llvm::Expected<LayerTrial> LayerTrial::create(LayerTimer &timer,
                                              const LayerProblem &problem) {
  LayerTrial trial;
  for (const KernelFamily *family : getKernelFamilies()) {
    auto layer = timer.make(problem, family->kind);
    if (!layer)
      return layer.takeError();
    if (!*layer)
      continue;
    TrialKernel &kernel =
        trial.kernels.emplace_back(family->kind, std::move(*layer));
    if (kernel.layer->isFeatureMajor() && problem.isProduct &&
        problem.shape.ow > 1)
      kernel.turn(timer);
  }
  const TimedLayer &first = *trial.kernels.front().layer;
  trial.input = std::make_unique<TimedFloats>(first.getInputSize());
  trial.result = std::make_unique<TimedFloats>(first.getResultSize());
  return trial;
}

llvm::Error LayerTrial::compare() {
  std::vector<float> expected;
  for (TrialKernel &kernel : kernels) {
    kernel.run(input->data(), result->data());
    ArrayRef<float> found = result->get();
    if (expected.empty()) {
      expected = found.vec();
      continue;
    }
    double largest = 1e-30, difference = 0;
    for (auto [one, other] : llvm::zip_equal(expected, found)) {
      largest = std::max(largest, double(std::fabs(one)));
      difference = std::max(difference, double(std::fabs(one - other)));
    }
    if (!(difference <= 1e-4 * largest))
      return llvm::createStringError("the result of " +
                                     stringifyKernelKind(kernel.kind) +
                                     " differs from the dense one");
  }
  return llvm::Error::success();
}

void LayerTrial::run(size_t fewest, double seconds) {
  // The first run of a kernel prepares it.
  for (TrialKernel &kernel : kernels) {
    kernel.run(input->data(), result->data());
    kernel.times.clear();
    kernel.turnTimes.clear();
  }
  double end = now() + seconds;
  while (kernels.front().times.size() < fewest || now() < end)
    for (TrialKernel &kernel : kernels)
      kernel.run(input->data(), result->data());
}
