//===- OneColumn.cpp - Sparse products with few columns -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// prune_rt_lane_permute_f32 against oneDNN's dense product on a packed weight
// and the product of compressed rows, on the same random weight and one thread.
// The three take turns. "cold" runs another dense layer of the same shape
// before each measured call, "hot" the call itself. Reported are medians over
// all turns in microseconds, and as `over_dense` and `over_csr` how many times
// faster than the rivals. Every result is compared with a sum in double
// precision first.
//
//===----------------------------------------------------------------------===//

#include "Timing.h"

#include "Prune/Assembly/LanePermute.h"

#include "prune_runtime.h"

#include "llvm/ADT/STLExtras.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <random>

using namespace mlir::prune::bench;
using namespace mlir::prune::assembly;

namespace {

/// Memory from the runtime, aligned to cache lines.
class Floats {
public:
  Floats(int64_t count, float deviation, std::mt19937 &random)
      : elements(static_cast<float *>(
            _mlir_memref_to_llvm_aligned_alloc(64, count * sizeof(float)))) {
    std::normal_distribution<float> normal(0.0f, 1.0f);
    std::generate_n(elements, count,
                    [&] { return deviation * normal(random); });
  }
  ~Floats() { _mlir_memref_to_llvm_free(elements); }
  Floats(const Floats &) = delete;
  Floats &operator=(const Floats &) = delete;
  operator float *() const { return elements; }

private:
  float *elements;
};

struct Shape {
  int64_t rows, inner, columns;
};

/// A dense product whose weight is packed at the first call.
struct DenseLayer {
  DenseLayer(const Shape &shape, std::mt19937 &random)
      : shape(shape), weight(shape.rows * shape.inner, 1.0f, random) {}
  ~DenseLayer() { prune_rt_release_slot(&slot); }

  void run(const float *x, float *y) {
    prune_rt_matmul_f32(&slot, x, weight, /*bias=*/nullptr, y, shape.columns,
                        shape.rows, shape.inner, shape.inner, shape.inner,
                        shape.rows, PRUNE_RT_TRANSPOSE_B | PRUNE_RT_CONSTANT_B,
                        PRUNE_RT_ACTIVATION_NONE);
  }

  Shape shape;
  Floats weight;
  void *slot = nullptr;
};

/// The three products on one weight, and another layer.
class Products {
public:
  Products(const Shape &shape, double zeros, std::mt19937 &random);
  ~Products() { prune_rt_release_slot(&csrSlot); }

  static constexpr int kDense = 0, kCsr = 1, kLanes = 2, kCount = 3;
  void run(int product);
  void runOther() { other.run(x, otherY); }
  /// Whether the product is right, as it was run last.
  bool isRight(int product) const;
  double getBytesPerWeight() const {
    return values.empty() ? 0.0 : double(packed.getNumBytes()) / values.size();
  }

private:
  Shape shape;
  DenseLayer dense, other;
  Floats x, transposed, y, otherY;
  std::vector<int32_t> pointers = {0}, columns;
  std::vector<float> values;
  LanePermuteWeight packed;
  void *csrSlot = nullptr;
};

} // namespace

Products::Products(const Shape &shape, double zeros, std::mt19937 &random)
    : shape(shape), dense(shape, random), other(shape, random),
      x(shape.columns * shape.inner, 1.0f, random),
      transposed(shape.columns * shape.inner, 0.0f, random),
      y(shape.columns * shape.rows, 0.0f, random),
      otherY(shape.columns * shape.rows, 0.0f, random) {
  std::bernoulli_distribution isZero(zeros);
  for (int64_t row = 0; row < shape.rows; ++row) {
    for (int64_t column = 0; column < shape.inner; ++column) {
      float &weight = dense.weight[row * shape.inner + column];
      weight = isZero(random) ? 0.0f : weight;
      if (weight == 0.0f)
        continue;
      columns.push_back(static_cast<int32_t>(column));
      values.push_back(weight);
    }
    pointers.push_back(static_cast<int32_t>(values.size()));
  }
  packed =
      llvm::cantFail(packLanePermute({pointers, columns, values, shape.inner}));
  prune_rt_transpose_f32(x, transposed, shape.columns, shape.inner, shape.inner,
                         shape.columns);
}

void Products::run(int product) {
  if (product == kDense)
    return dense.run(x, y);
  if (product == kCsr)
    return prune_rt_spmm_f32(
        values.data(), columns.data(), pointers.data(), transposed,
        /*bias=*/nullptr, y, shape.rows, shape.columns, shape.inner,
        shape.columns, shape.columns, PRUNE_RT_ACTIVATION_NONE);
  prune_rt_lane_permute_f32(
      packed.values.data(),
      reinterpret_cast<const prune_rt_lane_step *>(packed.steps.data()),
      reinterpret_cast<const prune_rt_lane_group *>(packed.groups.data()),
      packed.rows.data(), x, /*bias=*/nullptr, y, shape.rows, shape.columns,
      shape.inner, shape.inner, shape.rows, PRUNE_RT_ACTIVATION_NONE);
}

bool Products::isRight(int product) const {
  for (int64_t j = 0; j < shape.columns; ++j)
    for (int64_t i = 0; i < shape.rows; ++i) {
      double sum = 0.0, size = 0.0;
      for (int32_t p = pointers[i]; p < pointers[i + 1]; ++p) {
        double term = double(values[p]) * x[j * shape.inner + columns[p]];
        sum += term, size += std::abs(term);
      }
      float found =
          product == kCsr ? y[i * shape.columns + j] : y[j * shape.rows + i];
      if (!(std::abs(found - sum) <= 1e-6 + 2e-6 * size))
        return false;
    }
  return true;
}

/// The time of one call after another layer, or after itself.
static double measure(Products &products, int product, bool isCold) {
  if (isCold)
    products.runOther();
  else
    products.run(product);
  double begin = now();
  products.run(product);
  return now() - begin;
}

static void run(benchmark::State &state, const Shape &shape, double zeros,
                bool isCold) {
  std::mt19937 random(1);
  prune_rt_set_num_threads(1);
  Products products(shape, zeros, random);
  for (int product = 0; product < Products::kCount; ++product) {
    products.run(product);
    if (!products.isRight(product))
      return state.SkipWithError("a product is wrong");
  }
  std::array<std::vector<double>, Products::kCount> times;
  for (auto _ : state) {
    for (int product = 0; product < Products::kCount; ++product)
      times[product].push_back(measure(products, product, isCold));
    state.SetIterationTime(times[Products::kLanes].back());
  }
  double dense = getMedian(times[Products::kDense]);
  double csr = getMedian(times[Products::kCsr]);
  double lanes = getMedian(times[Products::kLanes]);
  state.counters["dense_us"] = dense * 1e6;
  state.counters["csr_us"] = csr * 1e6;
  state.counters["lanes_us"] = lanes * 1e6;
  state.counters["over_dense"] = dense / lanes;
  state.counters["over_csr"] = csr / lanes;
  state.counters["bytes_per_weight"] = products.getBytesPerWeight();
}

int main(int argc, char **argv) {
  const Shape shapes[] = {{768, 3072, 1}, {3072, 768, 1}, {4096, 4096, 1},
                          {512, 512, 1},  {300, 784, 1},  {1000, 2048, 1}};
  for (Shape shape : shapes)
    for (int64_t columns : {1, 2, 4})
      for (int zeros : {0, 50, 70, 80, 90, 95, 98})
        for (bool isCold : {true, false}) {
          shape.columns = columns;
          std::string name =
              std::to_string(shape.rows) + "x" + std::to_string(shape.inner) +
              "/batch:" + std::to_string(columns) +
              "/zeros:" + std::to_string(zeros) + (isCold ? "/cold" : "/hot");
          benchmark::RegisterBenchmark(name.c_str(), run, shape, zeros / 100.0,
                                       isCold)
              ->UseManualTime()
              ->Iterations(shape.rows * shape.inner > 1 << 23 ? 51 : 201)
              ->Unit(benchmark::kMicrosecond);
        }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
