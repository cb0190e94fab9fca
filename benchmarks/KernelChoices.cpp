//===- KernelChoices.cpp - Is the chosen kernel the fastest? --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random layers, products and convolutions: what the cost model chooses, and
// what each kernel takes. The kernels of a layer run by turns, so that each
// finds the caches as another layer leaves them, and their results are compared
// first. A kernel that takes and gives its columns side by side also pays for
// two transpositions. Prints a line of JSON for each layer.
//
// Layer I of a seed is the same in every run, so that a long measurement can be
// made in parts: --first I --layers N.
//
//===----------------------------------------------------------------------===//

#include "Timing.h"

#include "Prune/Execution/LayerTrial.h"
#include "Prune/Kernels/MachineModel.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::prune;
using namespace mlir::prune::bench;

static cl::opt<int64_t> numLayers("layers", cl::desc("Layers to measure"),
                                  cl::init(1000));
static cl::opt<int64_t> firstLayer("first", cl::desc("Number of the first"),
                                   cl::init(0));
static cl::opt<unsigned> seed("seed", cl::desc("Seed of the layers"),
                              cl::init(1));
static cl::opt<std::string> modelName("model", cl::desc("Cost model"),
                                      cl::init("machine"));
static cl::opt<int64_t> threads("call-threads", cl::desc("Threads of a call"),
                                cl::init(1));
static cl::opt<double> seconds("seconds", cl::desc("Time for each layer"),
                               cl::init(0.02));

static json::Object describe(const LayerProblem &problem) {
  const assembly::ConvolutionShape &s = problem.shape;
  return json::Object{{"n", s.n},
                      {"c", s.c},
                      {"h", s.h},
                      {"w", s.w},
                      {"f", s.f},
                      {"kernel", s.kh},
                      {"stride", s.strideH},
                      {"groups", s.groups},
                      {"product", problem.isProduct}};
}

static constexpr size_t kFewestTurns = 7;

/// Measures a layer and prints its line.
static Error measure(LayerTimer &timer, const CostModel &model,
                     int64_t number) {
  LayerProblem problem = drawLayer((uint64_t(seed) << 32) + number);
  Expected<LayerTrial> trial = LayerTrial::create(timer, problem);
  if (!trial)
    return trial.takeError();
  if (Error error = trial->compare())
    return error;
  trial->run(kFewestTurns, seconds);
  SmallVector<KernelKind> kinds;
  json::Object times, predictions;
  for (TrialKernel &kernel : trial->kernels) {
    kinds.push_back(kernel.kind);
    times[stringifyKernelKind(kernel.kind)] = getMedian(kernel.times);
  }
  const ProductSize &size = trial->getSize();
  KernelCosts costs = predictKernels(model, size, kinds);
  for (auto [kind, time] : costs.times)
    predictions[stringifyKernelKind(kind)] = time;
  json::Object line{{"layer", number},
                    {"shape", describe(problem)},
                    {"rows", size.rows},
                    {"inner", size.inner},
                    {"columns", size.columns},
                    {"zeros", size.getZeros()},
                    {"chosen", stringifyKernelKind(costs.best)},
                    {"us", std::move(times)},
                    {"predicted_us", std::move(predictions)}};
  outs() << json::Value(std::move(line)) << "\n";
  outs().flush();
  return Error::success();
}

static int fail(Error error) {
  WithColor::error() << toString(std::move(error)) << "\n";
  return 1;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Measures choices of kernels\n");
  auto timer = LayerTimer::create(threads);
  if (!timer)
    return fail(timer.takeError());
  auto model = findCostModel(modelName, threads);
  if (!model)
    return fail(model.takeError());
  for (int64_t i = 0; i < numLayers; ++i)
    if (Error error = measure(**timer, model->model, firstLayer + i))
      return fail(std::move(error));
  return 0;
}
