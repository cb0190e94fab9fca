//===- Calibration.cpp - Measuring the figures of the cost model ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All layers are made first. Then each figure is the best time of several
// rounds that lie far apart, so that other work on the machine, which comes and
// goes, spoils no figure.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Calibration.h"

#include "Prune/Execution/TimedLayer.h"
#include "Prune/Kernels/MachineModel.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::prune;

namespace {

/// A layer, and its best time so far in microseconds.
struct Figure {
  std::unique_ptr<TimedLayer> layer;
  double time = INFINITY;

  void improve(double seconds) {
    time = std::min(time, timeRuns(*layer, seconds));
  }
};

/// The figures of one kernel.
struct KernelGrid {
  KernelKind kind;
  bool countsNonZeros;
  double bytesPerWeight;
  ArrayRef<int64_t> columns;
  ArrayRef<double> zeros;
  Figure overhead = {};
  /// One for each number of columns and share of zeros, row-major.
  std::vector<Figure> figures = {};
};

class Calibration {
public:
  explicit Calibration(LayerTimer &timer) : timer(timer) {}

  llvm::Error prepare();
  void measure(double seconds);
  std::string write(const CalibrationOptions &options);

private:
  llvm::Error prepare(KernelGrid &grid);
  void writeGrid(llvm::json::OStream &stream, const KernelGrid &grid);

  LayerTimer &timer;
  std::vector<KernelGrid> grids;
  /// Dense layers of one column: the reading of weights.
  std::vector<Figure> reads;
  Figure transposition;
};

} // namespace

static constexpr int64_t kRows = 512, kInner = 512, kTransposed = 256;
static constexpr int64_t kColumns[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
static constexpr int64_t kPanelColumns[] = {1, 4, 16, 32, 64, 128, 256, 784};
static constexpr int64_t kLaneColumns[] = {1, 2, 4};
static constexpr double kNoZeros[] = {0.0};
static constexpr double kPanelZeros[] = {0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98};
static constexpr double kZeros[] = {0.5, 0.7, 0.8, 0.9, 0.95, 0.98};
static constexpr int64_t kReadSides[] = {512, 1024, 2048, 4096};
/// Rounds of each figure.
static constexpr int kRounds = 4;

/// Makes the layers of a kernel; none where it is not there.
llvm::Error Calibration::prepare(KernelGrid &grid) {
  auto make = [&](const LayerProblem &problem, Figure &figure) -> llvm::Error {
    auto layer = timer.make(problem, grid.kind);
    if (!layer)
      return layer.takeError();
    figure.layer = std::move(*layer);
    return llvm::Error::success();
  };
  if (llvm::Error error =
          make(LayerProblem::product(1, 1, 1, 0.0), grid.overhead))
    return error;
  if (!grid.overhead.layer)
    return llvm::Error::success();
  for (int64_t columns : grid.columns)
    for (double zeros : grid.zeros)
      if (llvm::Error error =
              make(LayerProblem::product(kRows, kInner, columns, zeros),
                   grid.figures.emplace_back()))
        return error;
  return llvm::Error::success();
}

llvm::Error Calibration::prepare() {
  // A value and its index; the code of a weight and the weight; a value and
  // its share of steps at 90 % zeros.
  constexpr double kCsrBytes = 8, kCodeBytes = 14, kLaneBytes = 5.4;
  KernelGrid all[] = {
      {KernelKind::Dense, false, sizeof(float), kColumns, kNoZeros},
      {KernelKind::Csr, true, kCsrBytes, kColumns, kZeros},
      {KernelKind::Lanes, true, kLaneBytes, kLaneColumns, kZeros},
      {KernelKind::StraightLine, true, kCodeBytes, kPanelColumns, kPanelZeros}};
  for (KernelGrid &grid : all) {
    if (llvm::Error error = prepare(grid))
      return error;
    if (grid.overhead.layer)
      grids.push_back(std::move(grid));
  }
  for (int64_t side : kReadSides) {
    auto layer = timer.make(LayerProblem::product(side, side, 1, 0.0),
                            KernelKind::Dense);
    if (!layer)
      return layer.takeError();
    reads.push_back({std::move(*layer)});
  }
  transposition.layer = timer.makeTransposition(kTransposed, kTransposed);
  return llvm::Error::success();
}

void Calibration::measure(double seconds) {
  SmallVector<Figure *> figures = {&transposition};
  for (Figure &figure : reads)
    figures.push_back(&figure);
  for (KernelGrid &grid : grids) {
    figures.push_back(&grid.overhead);
    for (Figure &figure : grid.figures)
      figures.push_back(&figure);
  }
  double share = seconds / (kRounds * static_cast<double>(figures.size()));
  for (int round = 0; round < kRounds; ++round)
    for (Figure *figure : figures)
      figure->improve(share);
}

/// Four digits are more than repeats agree on. They count from the first that
/// is not zero, so that the rate of a slow kernel stays positive, as models
/// have it.
static void writeFigure(llvm::json::OStream &stream, double value) {
  SmallString<16> text;
  llvm::raw_svector_ostream(text) << llvm::format("%.4g", value);
  stream.rawValue(text);
}

static void writeFigure(llvm::json::OStream &stream, StringRef name,
                        double value) {
  stream.attributeBegin(name);
  writeFigure(stream, value);
  stream.attributeEnd();
}

/// Rate in 10^9 operations a second of a layer that took `time` microseconds.
static double getRate(const KernelGrid &grid, const Figure &figure) {
  const ProductSize &size = figure.layer->getSize();
  double work = std::max(figure.time - grid.overhead.time, figure.time * 0.05);
  double weights = grid.countsNonZeros ? double(size.nonZeros)
                                       : double(size.rows) * size.inner;
  return 2.0 * weights * size.columns / (work * 1e3);
}

void Calibration::writeGrid(llvm::json::OStream &stream,
                            const KernelGrid &grid) {
  stream.attribute("counts", grid.countsNonZeros ? "non_zeros" : "all");
  writeFigure(stream, "bytes_per_weight", grid.bytesPerWeight);
  writeFigure(stream, "overhead_us", grid.overhead.time);
  stream.attributeArray("columns", [&] {
    for (int64_t columns : grid.columns)
      stream.value(columns);
  });
  stream.attributeArray("zeros", [&] {
    for (double share : grid.zeros)
      writeFigure(stream, share);
  });
  stream.attributeArray("gflops", [&] {
    ArrayRef<Figure> figures = grid.figures;
    for (size_t i = 0; i < grid.columns.size(); ++i)
      stream.array([&] {
        for (const Figure &figure :
             figures.slice(i * grid.zeros.size(), grid.zeros.size()))
          writeFigure(stream, getRate(grid, figure));
      });
  });
}

std::string Calibration::write(const CalibrationOptions &options) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream stream(os, /*IndentSize=*/2);
  stream.object([&] {
    stream.attribute("version", CostModel::kVersion);
    stream.attribute("machine", options.machine);
    stream.attribute("runtime", timer.getRuntimeName());
    stream.attribute("key", MachineKey::getHost(options.threads).toJson());
    stream.attributeArray("bandwidth", [&] {
      for (const Figure &figure : reads)
        stream.object([&] {
          const ProductSize &size = figure.layer->getSize();
          int64_t bytes = size.rows * size.inner * sizeof(float);
          stream.attribute("bytes", bytes);
          writeFigure(stream, "gigabytes_per_second",
                      bytes / (figure.time * 1e3));
        });
    });
    writeFigure(stream, "layout_ns_per_element",
                transposition.time * 1e3 / (kTransposed * kTransposed));
    stream.attributeObject("kernels", [&] {
      for (const KernelGrid &grid : grids)
        stream.attributeObject(stringifyKernelKind(grid.kind),
                               [&] { writeGrid(stream, grid); });
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
  if (!(*timer)->getRuntimeName().starts_with("onednn"))
    return llvm::createStringError(
        "nothing to choose between: the runtime was built without oneDNN");
  Calibration calibration(**timer);
  if (llvm::Error error = calibration.prepare())
    return std::move(error);
  calibration.measure(options.seconds);
  return calibration.write(options);
}
