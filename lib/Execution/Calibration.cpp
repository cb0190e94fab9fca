//===- Calibration.cpp - Measuring the figures of the cost model ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times the kernels on random layers, and looks for the figures by which the
// formulas come next to the times: those of the least squares of the relative
// errors, none of them negative.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Calibration.h"

#include "Prune/Execution/LayerTrial.h"
#include "Prune/Kernels/MachineModel.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace mlir;
using namespace mlir::prune;

namespace {

/// Times of one family: the terms of each layer over its nanoseconds.
struct Samples {
  SmallVector<SmallVector<double>, 0> rows;

  void add(ArrayRef<double> terms, double nanoseconds) {
    SmallVector<double> &row = rows.emplace_back(terms);
    for (double &term : row)
      term /= nanoseconds;
  }
  SmallVector<double> fit(size_t count) const;
};

class Calibration {
public:
  Calibration(LayerTimer &timer, const MachineKey &key)
      : timer(timer), key(key), cache(key.caches[1] ? key.caches[1] : 1 << 20) {
  }

  llvm::Error measure(double seconds);
  std::string write(StringRef machine);

private:
  void add(const LayerTrial &trial);
  void measureTrained(LayerProblem problem);

  LayerTimer &timer;
  const MachineKey &key;
  double cache;
  llvm::DenseMap<const CostFormula *, Samples> samples;
};

} // namespace

/// The figures x >= 0 with the least sum of squares of weight * (row * x - 1),
/// by changing one at a time to the best one for the others.
static void improve(ArrayRef<SmallVector<double>> rows,
                    ArrayRef<double> weights, MutableArrayRef<double> figures) {
  SmallVector<double> squares(figures.size(), 0.0), errors;
  for (auto [row, weight] : llvm::zip_equal(rows, weights)) {
    double sum = -1.0;
    for (size_t i = 0; i < figures.size(); ++i) {
      squares[i] += weight * weight * row[i] * row[i];
      sum += row[i] * figures[i];
    }
    errors.push_back(sum);
  }
  constexpr int kSweeps = 4000;
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (size_t i = 0; i < figures.size(); ++i) {
      if (squares[i] == 0.0)
        continue;
      double slope = 0.0;
      for (size_t j = 0; j < rows.size(); ++j)
        slope += weights[j] * weights[j] * rows[j][i] * errors[j];
      double change = std::max(-slope / squares[i], -figures[i]);
      figures[i] += change;
      for (size_t j = 0; j < rows.size(); ++j)
        errors[j] += rows[j][i] * change;
    }
}

/// Relative errors alone would let predictions be too low: half the time is an
/// error of one half, twice the time of one. Weights that follow the
/// predictions make both alike.
SmallVector<double> Samples::fit(size_t count) const {
  SmallVector<double> figures(count, 0.0), weights(rows.size(), 1.0);
  constexpr int kRounds = 6;
  for (int round = 0; round < kRounds; ++round) {
    improve(rows, weights, figures);
    for (auto [row, weight] : llvm::zip_equal(rows, weights)) {
      double predicted = 0.0;
      for (size_t i = 0; i < count; ++i)
        predicted += row[i] * figures[i];
      weight = std::sqrt(1.0 / std::clamp(predicted, 0.1, 10.0));
    }
  }
  return figures;
}

/// A low one of several times: other work only makes runs slower.
static double getTime(std::vector<double> times) {
  auto place = times.begin() + times.size() / 4;
  std::nth_element(times.begin(), place, times.end());
  return std::max(*place, 1e-3);
}

void Calibration::add(const LayerTrial &trial) {
  constexpr double kNanoseconds = 1e3;
  for (const TrialKernel &kernel : trial.kernels) {
    std::vector<double> times = kernel.times;
    for (auto [time, turning] : llvm::zip_equal(times, kernel.turnTimes))
      time -= turning;
    const ProductSize &size = kernel.layer->getSize();
    auto add = [&](const CostFormula &formula, std::vector<double> measured) {
      samples[&formula].add(formula.count(size, cache),
                            getTime(std::move(measured)) * kNanoseconds);
    };
    if (auto *formula = getKernelFamily(kernel.kind).getFormula(size))
      add(*formula, times);
    if (llvm::all_of(kernel.turnTimes, [](double time) { return time > 0.0; }))
      add(getTurnFormula(), kernel.turnTimes);
  }
}

/// A convolution of squares with as many places in the result as its stride
/// leaves.
static LayerProblem makeConvolution(int64_t n, int64_t c, int64_t f,
                                    int64_t side, int64_t kernel,
                                    int64_t stride, double zeros) {
  assembly::ConvolutionShape shape = {};
  shape.n = n;
  shape.c = c;
  shape.f = f;
  shape.groups = 1;
  shape.h = shape.w = side;
  shape.kh = shape.kw = kernel;
  shape.strideH = shape.strideW = stride;
  shape.dilationH = shape.dilationW = 1;
  shape.padTop = shape.padLeft = kernel / 2;
  shape.oh = shape.ow = (side - 1) / stride + 1;
  return {shape, /*isProduct=*/false, zeros};
}

/// What networks have and random layers hardly do.
static void addLargeLayers(SmallVectorImpl<LayerProblem> &problems) {
  // Results that leave the caches.
  for (int64_t rows : {700, 1100, 2000, 3000})
    for (int64_t columns : {1500, 2500})
      problems.push_back(LayerProblem::product(rows, 20, columns, 0.8));
  // Weights that leave the caches, read for few places and for each image.
  for (auto [images, side] :
       {std::pair(1, 4), std::pair(1, 7), std::pair(4, 7), std::pair(4, 14)})
    for (double zeros : {0.6, 0.8}) {
      problems.push_back(
          makeConvolution(images, 1024, 1024, side, 1, 1, zeros));
      problems.push_back(makeConvolution(images, 384, 512, side, 3, 1, zeros));
    }
  // Where inputs are copied, the code is fetched for each image.
  for (int64_t images : {4, 16})
    for (double zeros : {0.7, 0.9})
      problems.push_back(makeConvolution(images, 512, 512, 14, 3, 2, zeros));
  // Compressed rows of which inputs, results or weights leave the caches.
  for (double zeros : {0.6, 0.75})
    for (auto [rows, inner] :
         {std::pair(3072, 768), std::pair(768, 3072), std::pair(2048, 1024)})
      problems.push_back(LayerProblem::product(rows, inner, 128, zeros));
  // First layers of large images, which keep their weights.
  for (int64_t kernel : {3, 7})
    for (int64_t side : {112, 224})
      problems.push_back(makeConvolution(1, 3, 48, side, kernel, 2, 0.0));
}

/// The layers to measure: enough for a dozen figures of each formula.
static SmallVector<LayerProblem> makeProblems() {
  // The seed is not one that benchmarks draw from.
  constexpr int64_t kLayers = 150;
  constexpr uint64_t kSeed = uint64_t(1) << 63;
  LayerLimits limits;
  limits.operations = 4e8;
  limits.weights = 5e6;
  SmallVector<LayerProblem> problems;
  for (int64_t i = 0; i < kLayers; ++i)
    problems.push_back(drawLayer(kSeed + i, limits));
  addLargeLayers(problems);
  return problems;
}

/// Convolutions of training steps, as LeNet-5, ResNets and VGG have them.
static SmallVector<LayerProblem> makeTrainedProblems() {
  SmallVector<LayerProblem> problems;
  auto add = [&](int64_t n, int64_t c, int64_t f, int64_t side, int64_t kernel,
                 int64_t stride = 1) {
    problems.push_back(
        makeConvolution(n, c, f, side, kernel, stride, /*zeros=*/0.0));
  };
  add(64, 1, 20, 28, 5);
  add(64, 20, 50, 12, 5);
  add(100, 6, 16, 14, 5);
  add(64, 3, 16, 32, 3);
  add(16, 16, 16, 32, 3);
  add(32, 16, 32, 32, 3, 2);
  add(32, 32, 32, 16, 3);
  add(32, 64, 64, 8, 3);
  add(24, 32, 64, 16, 1);
  add(32, 128, 64, 7, 1);
  add(64, 16, 32, 16, 1);
  add(32, 16, 32, 32, 1, 2);
  add(64, 32, 64, 16, 1, 2);
  add(4, 32, 48, 14, 3);
  add(1, 24, 24, 28, 3);
  add(16, 128, 128, 4, 3);
  // Small ones, for what a call takes.
  add(1, 1, 4, 6, 3);
  add(1, 8, 8, 8, 5);
  add(4, 4, 4, 5, 1);
  add(16, 4, 4, 8, 1);
  add(16, 8, 8, 8, 3);
  add(8, 16, 8, 6, 3);
  return problems;
}

/// By turns, dense and with several shares of zeros, in all directions.
void Calibration::measureTrained(LayerProblem problem) {
  struct Timed {
    const CostFormula *formula;
    std::unique_ptr<TimedLayer> layer;
    std::vector<double> times;
  };
  SmallVector<Timed> layers;
  for (double zeros : {0.0, 0.6, 0.9, 0.98}) {
    problem.zeros = zeros;
    bool isSparse = zeros > 0.0;
    for (ConvolutionPass pass : kConvolutionPasses)
      layers.push_back({&getTrainedFormula(pass, isSparse),
                        timer.makeTrained(problem, pass, isSparse),
                        {}});
  }
  // The first run of a layer prepares it.
  constexpr int kTurns = 4;
  for (int turn = 0; turn <= kTurns; ++turn)
    for (Timed &timed : layers) {
      auto start = std::chrono::steady_clock::now();
      timed.layer->run(nullptr, nullptr);
      std::chrono::duration<double, std::nano> time =
          std::chrono::steady_clock::now() - start;
      if (turn > 0)
        timed.times.push_back(time.count());
    }
  for (Timed &timed : layers)
    samples[timed.formula].add(
        timed.formula->count(timed.layer->getSize(), cache),
        getTime(timed.times));
}

llvm::Error Calibration::measure(double seconds) {
  constexpr size_t kFewestTurns = 4;
  SmallVector<LayerProblem> problems = makeProblems();
  for (const LayerProblem &problem : problems) {
    llvm::Expected<LayerTrial> trial = LayerTrial::create(timer, problem);
    if (!trial)
      return trial.takeError();
    trial->run(kFewestTurns, seconds / double(problems.size()));
    add(*trial);
  }
  for (const LayerProblem &problem : makeTrainedProblems())
    measureTrained(problem);
  return llvm::Error::success();
}

std::string Calibration::write(StringRef machine) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream stream(os, /*IndentSize=*/2);
  auto writeFigures = [&](const CostFormula &formula) {
    SmallVector<double> figures = samples[&formula].fit(formula.terms.size());
    for (auto [name, figure] : llvm::zip_equal(formula.terms, figures)) {
      // Four digits are more than repeats agree on.
      SmallString<16> digits;
      llvm::raw_svector_ostream(digits) << llvm::format("%.4g", figure);
      stream.attributeBegin(name);
      stream.rawValue(digits);
      stream.attributeEnd();
    }
  };
  stream.object([&] {
    stream.attribute("version", CostModel::kVersion);
    stream.attribute("machine", machine);
    stream.attribute("runtime", timer.getRuntimeName());
    stream.attribute("key", key.toJson());
    stream.attribute("cache_bytes", int64_t(cache));
    stream.attributeObject("kernels", [&] {
      for (const CostFormula *formula : getCostFormulas())
        if (samples.contains(formula))
          stream.attributeObject(formula->name,
                                 [&] { writeFigures(*formula); });
    });
  });
  os << "\n";
  return text;
}

llvm::Expected<std::string>
prune::calibrate(const CalibrationOptions &options) {
  auto timer = LayerTimer::create(options.threads);
  if (!timer)
    return timer.takeError();
  if ((*timer)->getRuntimeName() == "naive")
    return llvm::createStringError(
        "nothing to choose between: the runtime is the naive one");
  MachineKey key = MachineKey::getHost(options.threads);
  Calibration calibration(**timer, key);
  if (llvm::Error error = calibration.measure(options.seconds))
    return std::move(error);
  return calibration.write(options.machine);
}
