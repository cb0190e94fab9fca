//===- prune-calibrate.cpp - Measures the figures of the cost model -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times the products of the oneDNN runtime on this machine, one thread, and
// writes the cost model file that prune-select-kernels reads. Each figure is
// the best of several rounds: other load on the machine only ever makes a round
// slower. Takes some tens of seconds.
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/Isa.h"
#include "Prune/Assembly/LanePermute.h"
#include "Prune/Assembly/LoadedKernel.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

using namespace llvm;
using namespace mlir::prune;

static cl::OptionCategory category("Calibration options");
static cl::opt<std::string> outputFile("o", cl::desc("Output file"),
                                       cl::value_desc("path"), cl::init("-"),
                                       cl::cat(category));
static cl::opt<std::string>
    machine("machine", cl::desc("Description of the machine for the file"),
            cl::init("this machine, one thread"), cl::cat(category));
static cl::opt<double> seconds("seconds",
                               cl::desc("Time to measure each figure for"),
                               cl::init(0.2), cl::cat(category));

static constexpr int64_t kRows = 512, kInner = 512;
static constexpr int64_t kColumns[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
static constexpr int64_t kPanelColumns[] = {1, 4, 16, 32, 64, 128, 256, 784};
static constexpr double kPanelZeros[] = {0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98};
static constexpr int64_t kLaneColumns[] = {1, 2, 4};
/// A value and its share of steps at 90 % zeros.
static constexpr double kLaneBytes = 5.4;
static constexpr double kZeros[] = {0.5, 0.7, 0.8, 0.9, 0.95, 0.98};

/// Microseconds of one call: the best round of a few calls.
static double measure(function_ref<void()> call) {
  using Clock = std::chrono::steady_clock;
  auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  call();
  auto start = Clock::now();
  call();
  auto calls = static_cast<int>(1 + 1e-4 / std::max(since(start), 1e-7));
  double best = INFINITY;
  auto begin = Clock::now();
  do {
    auto roundStart = Clock::now();
    for (int i = 0; i < calls; ++i)
      call();
    best = std::min(best, since(roundStart) / calls);
  } while (since(begin) < seconds);
  return best * 1e6;
}

namespace {
/// Floats of the runtime's allocator, aligned as in generated code: alignment
/// is worth up to a factor of two.
class Floats {
public:
  explicit Floats(int64_t size)
      : pointer(static_cast<float *>(
            _mlir_memref_to_llvm_alloc(size * sizeof(float)))) {
    std::mt19937 generator(1);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    for (int64_t i = 0; i < size; ++i)
      pointer[i] = uniform(generator);
  }
  ~Floats() { _mlir_memref_to_llvm_free(pointer); }
  Floats(const Floats &) = delete;
  Floats &operator=(const Floats &) = delete;
  float *data() { return pointer; }

private:
  float *pointer;
};
} // namespace

/// Microseconds of a dense layer of constant weights, as networks run it.
static double measureDense(int64_t rows, int64_t inner, int64_t columns) {
  Floats weights(rows * inner), input(inner * columns), bias(rows);
  Floats output(rows * columns);
  void *slot = nullptr;
  double time = measure([&] {
    prune_rt_matmul_f32(&slot, input.data(), weights.data(), bias.data(),
                        output.data(), columns, rows, inner, inner, inner, rows,
                        PRUNE_RT_TRANSPOSE_B | PRUNE_RT_CONSTANT_B,
                        PRUNE_RT_ACTIVATION_RELU);
  });
  prune_rt_release_slot(&slot);
  return time;
}

namespace {
/// A random sparse weight in compressed rows.
struct SparseWeight {
  SparseWeight(int64_t rows, int64_t inner, double zeros) {
    std::mt19937 generator(2);
    std::uniform_real_distribution<double> uniform;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < inner; ++column)
        if (uniform(generator) >= zeros) {
          values.push_back(1.0f);
          indices.push_back(static_cast<int32_t>(column));
        }
      pointers.push_back(static_cast<int32_t>(values.size()));
    }
  }

  int64_t getNonZeros() const { return values.size(); }

  SmallVector<float, 0> values;
  SmallVector<int32_t, 0> indices, pointers = {0};
};
} // namespace

/// Microseconds of a layer in compressed rows, and the weights it keeps.
static double measureCsr(int64_t rows, int64_t inner, int64_t columns,
                         double zeros, int64_t &nonZeros) {
  SparseWeight weight(rows, inner, zeros);
  nonZeros = weight.getNonZeros();
  Floats input(inner * columns), bias(rows), output(rows * columns);
  void *slot = nullptr;
  double time = measure([&] {
    prune_rt_spmm_f32(&slot, weight.values.data(), weight.indices.data(),
                      weight.pointers.data(), input.data(), bias.data(),
                      output.data(), rows, columns, inner, columns, columns,
                      PRUNE_RT_CONSTANT_VALUES, PRUNE_RT_ACTIVATION_RELU);
  });
  prune_rt_release_slot(&slot);
  return time;
}

/// Microseconds of a generated layer on a matrix, and the weights it keeps.
static double measureStraightLine(int64_t rows, int64_t inner, int64_t columns,
                                  double zeros, int64_t &nonZeros) {
  std::mt19937 generator(2);
  std::uniform_real_distribution<double> uniform;
  SmallVector<float, 0> weights(rows * inner), bias(rows, 1.0f);
  for (float &weight : weights)
    weight = uniform(generator) >= zeros ? 1.0f : 0.0f;
  nonZeros = llvm::count(weights, 1.0f);
  assembly::StraightLineOptions options;
  options.panels = 16;
  auto kernel = assembly::LoadedKernel::create(
      {1, inner, 1, columns, rows, 1, columns, 1, 1, 1, 1, 1, 1, 0, 0}, weights,
      {bias, /*accumulates=*/false, /*hasRelu=*/true}, options);
  if (!kernel)
    report_fatal_error(kernel.takeError());
  Floats input(inner * columns), output(rows * columns);
  return measure([&] {
    prune_rt_generated_f32(&(*kernel)->get(), input.data(), output.data());
  });
}

/// The same for a layer in steps.
static double measureLanes(int64_t rows, int64_t inner, int64_t columns,
                           double zeros, int64_t &nonZeros) {
  SparseWeight weight(rows, inner, zeros);
  nonZeros = weight.getNonZeros();
  auto packed = cantFail(assembly::packLanePermute(
      {weight.pointers, weight.indices, weight.values, inner}));
  Floats input(inner * columns), bias(rows), output(rows * columns);
  return measure([&] {
    prune_rt_lane_permute_f32(
        packed.values.data(),
        reinterpret_cast<const prune_rt_lane_step *>(packed.steps.data()),
        reinterpret_cast<const prune_rt_lane_group *>(packed.groups.data()),
        packed.rows.data(), input.data(), bias.data(), output.data(), rows,
        columns, inner, inner, rows, PRUNE_RT_ACTIVATION_RELU);
  });
}

/// Four digits are more than repeats agree on. They count from the first that
/// is not zero, so that the rate of a slow kernel stays positive, as models
/// have it.
static void writeFigure(json::OStream &stream, double value) {
  SmallString<16> text;
  raw_svector_ostream(text) << format("%.4g", value);
  stream.rawValue(text);
}

static void writeFigure(json::OStream &stream, StringRef name, double value) {
  stream.attributeBegin(name);
  writeFigure(stream, value);
  stream.attributeEnd();
}

/// Rate in 10^9 operations a second of a call that took `time` microseconds.
static double getRate(int64_t weights, int64_t columns, double time,
                      double overhead) {
  double work = std::max(time - overhead, time * 0.05);
  return 2.0 * weights * columns / (work * 1e3);
}

static void writeKernel(json::OStream &stream, StringRef counts,
                        double bytesPerWeight, double overhead,
                        ArrayRef<int64_t> allColumns, ArrayRef<double> zeros,
                        function_ref<double(int64_t, double)> measureRate) {
  stream.attribute("counts", counts);
  writeFigure(stream, "bytes_per_weight", bytesPerWeight);
  writeFigure(stream, "overhead_us", overhead);
  stream.attributeArray("columns", [&] {
    for (int64_t columns : allColumns)
      stream.value(columns);
  });
  stream.attributeArray("zeros", [&] {
    for (double share : zeros)
      writeFigure(stream, share);
  });
  stream.attributeArray("gflops", [&] {
    for (int64_t columns : allColumns)
      stream.array([&] {
        for (double share : zeros)
          writeFigure(stream, measureRate(columns, share));
      });
  });
}

/// The code of a weight and the weight itself are about 14 bytes.
static void writeStraightLine(json::OStream &stream) {
  int64_t nonZeros;
  double overhead = measureStraightLine(1, 1, 1, 0.0, nonZeros);
  writeKernel(stream, "non_zeros", 14, overhead, kPanelColumns, kPanelZeros,
              [&](int64_t columns, double zeros) {
                double time = measureStraightLine(kRows, kInner, columns, zeros,
                                                  nonZeros);
                return getRate(nonZeros, columns, time, overhead);
              });
}

static void writeKernels(json::OStream &stream) {
  stream.attributeObject("dense", [&] {
    double overhead = measureDense(1, 1, 1);
    writeKernel(stream, "all", 4, overhead, kColumns, 0.0,
                [&](int64_t columns, double) {
                  double time = measureDense(kRows, kInner, columns);
                  return getRate(kRows * kInner, columns, time, overhead);
                });
  });
  stream.attributeObject("csr", [&] {
    int64_t nonZeros;
    double overhead = measureCsr(1, 1, 1, 0.0, nonZeros);
    writeKernel(stream, "non_zeros", 8, overhead, kColumns, kZeros,
                [&](int64_t columns, double zeros) {
                  double time =
                      measureCsr(kRows, kInner, columns, zeros, nonZeros);
                  return getRate(nonZeros, columns, time, overhead);
                });
  });
  stream.attributeObject("lanes", [&] {
    int64_t nonZeros;
    double overhead = measureLanes(1, 1, 1, 0.0, nonZeros);
    writeKernel(stream, "non_zeros", kLaneBytes, overhead, kLaneColumns, kZeros,
                [&](int64_t columns, double zeros) {
                  double time =
                      measureLanes(kRows, kInner, columns, zeros, nonZeros);
                  return getRate(nonZeros, columns, time, overhead);
                });
  });
  if (!assembly::getIsa("host")->empty())
    stream.attributeObject("straight_line", [&] { writeStraightLine(stream); });
}

/// Reading weights once, by one column, for sizes in and out of the caches.
static void writeBandwidths(json::OStream &stream) {
  for (int64_t side : {512, 1024, 2048, 4096})
    stream.object([&] {
      int64_t bytes = side * side * 4;
      stream.attribute("bytes", bytes);
      writeFigure(stream, "gigabytes_per_second",
                  bytes / (measureDense(side, side, 1) * 1e3));
    });
}

/// Nanoseconds per element of a transposition in tiles, as generated code does.
static double measureLayout() {
  constexpr int64_t side = 256;
  Floats inputs(side * side), outputs(side * side);
  const float *input = inputs.data();
  float *output = outputs.data();
  double time = measure([&] {
    for (int64_t i = 0; i < side; i += 16)
      for (int64_t j = 0; j < side; j += 16)
        for (int64_t r = 0; r < 16; ++r)
          for (int64_t c = 0; c < 16; ++c)
            output[(j + c) * side + i + r] = input[(i + r) * side + j + c];
  });
  return time * 1e3 / (side * side);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "Measures the cost model\n");
  std::error_code error;
  ToolOutputFile output(outputFile, error, sys::fs::OF_Text);
  if (error) {
    WithColor::error() << outputFile << ": " << error.message() << "\n";
    return 1;
  }
  prune_rt_set_num_threads(1);
  json::OStream stream(output.os(), /*IndentSize=*/2);
  stream.object([&] {
    stream.attribute("version", 1);
    stream.attribute("machine", machine);
    stream.attribute("runtime", prune_rt_implementation());
    stream.attributeArray("bandwidth", [&] { writeBandwidths(stream); });
    writeFigure(stream, "layout_ns_per_element", measureLayout());
    stream.attributeObject("kernels", [&] { writeKernels(stream); });
  });
  output.os() << "\n";
  output.keep();
  return 0;
}
