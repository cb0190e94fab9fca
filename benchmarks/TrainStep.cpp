//===- TrainStep.cpp - Time of a training step ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One training step of 784-300-100-10 (batch 100, momentum, Hoyer-Square,
// masks) against the sum of its matrix products alone, which are called through
// the same runtime with the same shapes. Both run alternating, so that
// frequency and neighbors change for both. Reported are medians over all turns:
// the time of the benchmark is the step's, `products_ms` that of the products,
// and `overhead` what the step takes on top of them, as a share.
//
//===----------------------------------------------------------------------===//

#include "Perceptron.h"
#include "Timing.h"

#include "Prune/Execution/Executable.h"
#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"

#include "prune_runtime.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

using namespace mlir::prune::bench;
using namespace mlir;
using namespace mlir::prune;

static constexpr int64_t batch = 100;
static constexpr int64_t widths[] = {784, 300, 100, 10};
static constexpr size_t layers = std::size(widths) - 1;

static constexpr llvm::StringLiteral pipeline =
    "builtin.module(prune-train-pipeline{regularizer=hoyer_square "
    "runtime-strength mask momentum=0.9})";

/// Memory from the runtime, aligned to cache lines.
static void *allocate(int64_t bytes) {
  return _mlir_memref_to_llvm_aligned_alloc(64, bytes);
}

static float *makeNormal(int64_t count, float deviation, std::mt19937 &random) {
  std::normal_distribution<float> normal(0.0f, deviation);
  auto *data = static_cast<float *>(allocate(count * sizeof(float)));
  std::generate_n(data, count, [&] { return normal(random); });
  return data;
}

//===----------------------------------------------------------------------===//
// The training step
//===----------------------------------------------------------------------===//

namespace {
/// A compiled training step and memory for everything that it takes.
class TrainStep {
public:
  explicit TrainStep(int64_t threads);

  bool isReady() const { return signature; }
  void run() {
    llvm::cantFail(executable->call(*signature, arguments, destinations));
  }

private:
  bool compile(int64_t threads);
  void *makeValue(const ValueInfo &value, std::mt19937 &random);

  MLIRContext context;
  std::unique_ptr<Executable> executable;
  const FunctionSignature *signature = nullptr;
  SmallVector<void *> arguments, destinations;
};
} // namespace

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  prune::registerAllDialects(registry);
  Executable::registerDialects(registry);
  prune::registerAllPasses();
  return registry;
}

TrainStep::TrainStep(int64_t threads) : context(makeRegistry()) {
  if (!compile(threads))
    return;
  std::mt19937 random(1);
  for (const ValueInfo &value : signature->arguments)
    arguments.push_back(makeValue(value, random));
  for (auto [value, destination] :
       llvm::zip_equal(signature->results, signature->destinations))
    if (destination >= signature->arguments.size())
      destinations.push_back(makeValue(value, random));
}

bool TrainStep::compile(int64_t threads) {
  std::string text = bench::makePerceptron(widths, batch);
  auto module = parseSourceString<ModuleOp>(text, &context);
  PassManager manager(&context);
  StringRef passes = pipeline;
  passes.consume_front("builtin.module(");
  passes.consume_back(")");
  if (!module || failed(parsePassPipeline(passes, manager)) ||
      failed(manager.run(*module)))
    return false;
  CompileOptions options;
  options.threads = threads;
  auto compiled = Executable::create(*module, options);
  if (failed(compiled))
    return false;
  executable = std::move(*compiled);
  auto found = executable->findSignature("train_step");
  if (!found) {
    llvm::consumeError(found.takeError());
    return false;
  }
  signature = *found;
  return true;
}

void *TrainStep::makeValue(const ValueInfo &value, std::mt19937 &random) {
  int64_t count = getNumElements(value);
  if (value.element == ElementKind::Bool) {
    auto *mask = static_cast<uint8_t *>(allocate(count));
    std::generate_n(mask, count, [&] { return random() & 1; });
    return mask;
  }
  if (value.element == ElementKind::I32) {
    auto *labels = static_cast<int32_t *>(allocate(count * sizeof(int32_t)));
    std::generate_n(labels, count, [&] { return random() % widths[layers]; });
    return labels;
  }
  float fanIn = value.shape.size() == 2 ? value.shape[1] : 1.0f;
  bool isParam = value.kind == ValueKind::Param;
  float *data = makeNormal(
      count, value.kind == ValueKind::Input ? 1.0f : std::sqrt(2.0f / fanIn),
      random);
  if (value.isScalar || (!isParam && value.kind != ValueKind::Input))
    std::fill_n(data, count, value.isScalar ? 1.0e-4f : 0.0f);
  return data;
}

//===----------------------------------------------------------------------===//
// Its products
//===----------------------------------------------------------------------===//

namespace {
/// One product of the step, with memory of its own.
struct Product {
  int64_t m, n, k, flags;
  float *a, *b, *c;
  void *slot = nullptr;

  void run() {
    bool transposeA = flags & PRUNE_RT_TRANSPOSE_A;
    bool transposeB = flags & PRUNE_RT_TRANSPOSE_B;
    prune_rt_matmul_f32(&slot, a, b, /*bias=*/nullptr, c, m, n, k,
                        transposeA ? m : k, transposeB ? k : n, n, flags,
                        PRUNE_RT_ACTIVATION_NONE);
  }
};
} // namespace

/// Forward products, gradients of the weights, and gradients of all activations
/// but the input.
static std::vector<Product> makeProducts() {
  std::mt19937 random(2);
  std::vector<float *> activations, deltas, weights, updates;
  for (int64_t width : widths) {
    activations.push_back(makeNormal(batch * width, 1.0f, random));
    deltas.push_back(makeNormal(batch * width, 1.0f, random));
  }
  std::vector<Product> products;
  for (size_t i = 0; i < layers; ++i) {
    int64_t in = widths[i], out = widths[i + 1];
    weights.push_back(makeNormal(in * out, 0.05f, random));
    updates.push_back(makeNormal(in * out, 0.05f, random));
    products.push_back({batch, out, in, PRUNE_RT_TRANSPOSE_B, activations[i],
                        weights[i], activations[i + 1]});
  }
  for (size_t i = layers; i-- > 0;) {
    int64_t in = widths[i], out = widths[i + 1];
    products.push_back({out, in, batch, PRUNE_RT_TRANSPOSE_A, deltas[i + 1],
                        activations[i], updates[i]});
    if (i > 0)
      products.push_back(
          {batch, in, out, 0, deltas[i + 1], weights[i], deltas[i]});
  }
  return products;
}

//===----------------------------------------------------------------------===//
// The benchmark
//===----------------------------------------------------------------------===//

static void measureTrainStep(benchmark::State &state) {
  int64_t threads = state.range(0);
  TrainStep step(threads);
  if (!step.isReady()) {
    state.SkipWithError("the training step does not compile");
    return;
  }
  prune_rt_set_num_threads(threads);
  std::vector<Product> products = makeProducts();
  auto runProducts = [&] {
    llvm::for_each(products, [](Product &p) { p.run(); });
  };
  step.run();
  runProducts();

  std::vector<double> stepTimes, productTimes;
  for (auto _ : state) {
    double start = now();
    step.run();
    double middle = now();
    runProducts();
    double end = now();
    stepTimes.push_back(middle - start);
    productTimes.push_back(end - middle);
    state.SetIterationTime(middle - start);
  }
  double stepTime = getMedian(stepTimes), productTime = getMedian(productTimes);
  state.counters["step_ms"] = stepTime * 1e3;
  state.counters["products_ms"] = productTime * 1e3;
  state.counters["overhead"] = stepTime / productTime - 1.0;
}

BENCHMARK(measureTrainStep)
    ->Name("train_step/784-300-100-10/threads")
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->MinTime(2.0)
    ->Unit(benchmark::kMillisecond);
