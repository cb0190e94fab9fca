//===- SparseConvolution.cpp - Generated code against dense kernels -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each benchmark runs a dense convolution of oneDNN and the generated code of
// the same weights by turns, so that each finds the caches as another layer
// leaves them, and reports medians and their ratio. Results are compared first.
//
//===----------------------------------------------------------------------===//

#include "Timing.h"

#include "Prune/Assembly/LoadedKernel.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

using namespace mlir::prune::bench;
using namespace mlir::prune::assembly;

namespace {

struct Layer {
  const char *name;
  int64_t n, c, h, f, k, stride;
  int64_t groups = 1;
};

/// Convolutions of ResNet-50, ResNet-20 and MobileNet, and products as
/// convolutions of one row.
const Layer kLayers[] = {
    {"rn50-1x1-64-256-56", 1, 64, 56, 256, 1, 1},
    {"rn50-1x1-512-128-28", 1, 512, 28, 128, 1, 1},
    {"rn50-1x1-256-64-56", 1, 256, 56, 64, 1, 1},
    {"rn50-1x1-128-512-28", 1, 128, 28, 512, 1, 1},
    {"rn50-1x1-256-1024-14", 1, 256, 14, 1024, 1, 1},
    {"rn50-1x1-512-2048-7", 1, 512, 7, 2048, 1, 1},
    {"rn50-1x1-1024-256-14", 1, 1024, 14, 256, 1, 1},
    {"rn50-1x1-2048-512-7", 1, 2048, 7, 512, 1, 1},
    {"rn50-3x3-64-56", 1, 64, 56, 64, 3, 1},
    {"rn50-3x3-128-28", 1, 128, 28, 128, 3, 1},
    {"rn50-3x3-256-14", 1, 256, 14, 256, 3, 1},
    {"rn50-3x3-512-7", 1, 512, 7, 512, 3, 1},
    {"rn50-3x3-512-7-b16", 16, 512, 7, 512, 3, 1},
    {"rn50-3x3-256-14-b16", 16, 256, 14, 256, 3, 1},
    {"rn50-3x3-128-28-s2", 1, 128, 56, 128, 3, 2},
    {"rn20-3x3-16-32", 1, 16, 32, 16, 3, 1},
    {"rn20-3x3-64-8", 1, 64, 8, 64, 3, 1},
    {"rn20-3x3-64-8-b64", 64, 64, 8, 64, 3, 1},
    {"rn20-3x3-16-32-b64", 64, 16, 32, 16, 3, 1},
    {"rn50-7x7-3-224-s2", 1, 3, 224, 64, 7, 2},
    {"rn50-7x7-3-224-s2-b16", 16, 3, 224, 64, 7, 2},
    {"rn20-3x3-3-32", 1, 3, 32, 16, 3, 1},
    {"rn20-3x3-3-32-b64", 64, 3, 32, 16, 3, 1},
    {"mobilenet-3x3-3-224-s2", 1, 3, 224, 32, 3, 2},
    {"mobilenet-3x3-3-224-s2-b16", 16, 3, 224, 32, 3, 2},
    {"mobilenet-dw-32-112", 1, 32, 112, 32, 3, 1, 32},
    {"mobilenet-dw-64-112-s2", 1, 64, 112, 64, 3, 2, 64},
    {"mobilenet-dw-128-56", 1, 128, 56, 128, 3, 1, 128},
    {"mobilenet-dw-128-56-s2", 1, 128, 56, 128, 3, 2, 128},
    {"mobilenet-dw-256-28", 1, 256, 28, 256, 3, 1, 256},
    {"mobilenet-dw-256-28-s2", 1, 256, 28, 256, 3, 2, 256},
    {"mobilenet-dw-512-14", 1, 512, 14, 512, 3, 1, 512},
    {"mobilenet-dw-512-14-s2", 1, 512, 14, 512, 3, 2, 512},
    {"mobilenet-dw-1024-7", 1, 1024, 7, 1024, 3, 1, 1024},
    {"mobilenet-dw-1024-7-b16", 16, 1024, 7, 1024, 3, 1, 1024},
    {"mobilenet-dw-512-14-b16", 16, 512, 14, 512, 3, 1, 512},
    {"mobilenet-dw-32-112-b16", 16, 32, 112, 32, 3, 1, 32},
    {"resnext-128-56-g32", 1, 128, 56, 128, 3, 1, 32},
    {"shuffle-1x1-240-28-g3", 1, 240, 28, 240, 1, 1, 3},
};

class Problem {
public:
  Problem(const Layer &layer, double zeros);

  void runDense() {
    prune_rt_convolution_f32(&slot, x.data(), w.data(), nullptr, dense.data(),
                             window.data(), PRUNE_RT_CONSTANT_B,
                             PRUNE_RT_ACTIVATION_RELU);
  }
  void runSparse() {
    prune_rt_generated_f32(&kernel->get(), x.data(), sparse.data());
  }
  /// Largest difference over the largest result.
  double getError();

  std::string error;

private:
  std::vector<float> x, w, dense, sparse;
  std::vector<int64_t> window;
  std::unique_ptr<LoadedKernel> kernel;
  void *slot = nullptr;
};

} // namespace

Problem::Problem(const Layer &layer, double zeros) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<double> uniform;
  int64_t pad = layer.k / 2;
  int64_t out = (layer.h + 2 * pad - layer.k) / layer.stride + 1;
  x.resize(layer.n * layer.c * layer.h * layer.h);
  w.resize(layer.f * (layer.c / layer.groups) * layer.k * layer.k);
  dense.resize(layer.n * layer.f * out * out);
  sparse.resize(dense.size());
  for (float &element : x)
    element = normal(random);
  for (float &element : w)
    element = uniform(random) < zeros ? 0.0f : normal(random);
  window = {layer.n,
            layer.c,
            layer.h,
            layer.h,
            layer.f,
            out,
            out,
            layer.k,
            layer.k,
            layer.stride,
            layer.stride,
            1,
            1,
            pad,
            pad,
            pad,
            pad,
            layer.groups,
            PRUNE_RT_LAYOUT_NCHW};
  StraightLineOptions options;
  options.panels = 16;
  auto created = LoadedKernel::create(
      {layer.n, layer.c, layer.h, layer.h, layer.f, out, out, layer.k, layer.k,
       layer.stride, layer.stride, 1, 1, pad, pad, layer.groups},
      w, {{}, /*accumulates=*/false, /*hasRelu=*/true}, options);
  if (created)
    kernel = std::move(*created);
  else
    error = llvm::toString(created.takeError());
}

double Problem::getError() {
  runDense();
  runSparse();
  double largest = 0, difference = 0;
  for (size_t i = 0; i < dense.size(); ++i) {
    largest = std::max(largest, double(std::fabs(dense[i])));
    difference = std::max(difference, double(std::fabs(dense[i] - sparse[i])));
  }
  return difference / std::max(largest, 1e-30);
}

static void measure(benchmark::State &state, const Layer &layer, double zeros,
                    int64_t threads) {
  prune_rt_set_num_threads(threads);
  Problem problem(layer, zeros);
  if (!problem.error.empty() || problem.getError() > 1e-4)
    return state.SkipWithError("the results differ");
  using Clock = std::chrono::steady_clock;
  std::vector<double> dense, sparse;
  for (auto _ : state) {
    Clock::time_point start = Clock::now();
    problem.runDense();
    Clock::time_point middle = Clock::now();
    problem.runSparse();
    Clock::time_point end = Clock::now();
    dense.push_back(std::chrono::duration<double>(middle - start).count());
    sparse.push_back(std::chrono::duration<double>(end - middle).count());
  }
  double denseMedian = getMedian(dense), sparseMedian = getMedian(sparse);
  state.counters["dense_us"] = denseMedian * 1e6;
  state.counters["sparse_us"] = sparseMedian * 1e6;
  state.counters["ratio"] = denseMedian / sparseMedian;
}

static int registered = [] {
  for (const Layer &layer : kLayers)
    for (int64_t threads : {1, 2})
      for (double zeros : {0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98})
        benchmark::RegisterBenchmark(
            ("convolution/" + std::string(layer.name) +
             "/zeros:" + std::to_string(int(zeros * 100)) +
             "/threads:" + std::to_string(threads))
                .c_str(),
            [=](benchmark::State &state) {
              measure(state, layer, zeros, threads);
            })
            ->Unit(benchmark::kMicrosecond);
  return 0;
}();
