//===- CostModel.cpp - How long a kernel takes ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the figures with LLVM's JSON library and interpolates in them. Outside
// the measured range the value at the border counts.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/CostModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::prune;

// The text of cost-model.json, as a raw string.
static constexpr llvm::StringLiteral kDefaultModel =
#include "CostModelDefault.inc"
    ;

namespace mlir::prune {

/// Fills a cost model from JSON and keeps the first error.
class CostModelReader {
public:
  llvm::Error read(const llvm::json::Object &object, CostModel &model);

private:
  bool fail(const llvm::Twine &what) {
    if (message.empty())
      message = what.str();
    return false;
  }
  bool readNumber(const llvm::json::Object &object, StringRef name,
                  double &number);
  bool readAxis(const llvm::json::Object &object, StringRef name,
                SmallVectorImpl<double> &numbers);
  bool readRates(const llvm::json::Object &object, CostModel::Kernel &kernel);
  bool readKernel(StringRef name, const llvm::json::Value &value,
                  CostModel &model);
  bool readBandwidths(const llvm::json::Object &object, CostModel &model);

  std::string message;
};

} // namespace mlir::prune

bool CostModelReader::readNumber(const llvm::json::Object &object,
                                 StringRef name, double &number) {
  std::optional<double> value = object.getNumber(name);
  if (!value || !(*value >= 0.0) || !std::isfinite(*value))
    return fail("expected '" + name + "' to be a number that is not negative");
  number = *value;
  return true;
}

bool CostModelReader::readAxis(const llvm::json::Object &object, StringRef name,
                               SmallVectorImpl<double> &numbers) {
  const llvm::json::Array *array = object.getArray(name);
  if (!array || array->empty())
    return fail("expected '" + name + "' to be a list of numbers");
  for (const llvm::json::Value &value : *array) {
    std::optional<double> number = value.getAsNumber();
    if (!number || (!numbers.empty() && !(*number > numbers.back())))
      return fail("expected '" + name + "' to be a list of ascending numbers");
    numbers.push_back(*number);
  }
  return true;
}

bool CostModelReader::readRates(const llvm::json::Object &object,
                                CostModel::Kernel &kernel) {
  const llvm::json::Array *rows = object.getArray("gflops");
  if (!rows || rows->size() != kernel.columns.size())
    return fail("expected 'gflops' to have one row per number of columns");
  for (const llvm::json::Value &row : *rows) {
    const llvm::json::Array *numbers = row.getAsArray();
    if (!numbers || numbers->size() != kernel.zeros.size())
      return fail("expected each row of 'gflops' to have one rate per share of "
                  "zeros");
    for (const llvm::json::Value &value : *numbers) {
      std::optional<double> rate = value.getAsNumber();
      if (!rate || !(*rate > 0.0))
        return fail("expected 'gflops' to hold positive rates");
      kernel.rates.push_back(*rate);
    }
  }
  return true;
}

bool CostModelReader::readKernel(StringRef name, const llvm::json::Value &value,
                                 CostModel &model) {
  std::optional<KernelKind> kind = symbolizeKernelKind(name);
  const llvm::json::Object *object = value.getAsObject();
  if (!kind || !object)
    return fail("unknown kernel '" + name + "'");
  CostModel::Kernel kernel;
  kernel.kind = *kind;
  std::optional<StringRef> counts = object->getString("counts");
  if (!counts || (*counts != "all" && *counts != "non_zeros"))
    return fail("expected 'counts' to be \"all\" or \"non_zeros\"");
  kernel.countsNonZeros = *counts == "non_zeros";
  if (!readNumber(*object, "overhead_us", kernel.overhead) ||
      !readNumber(*object, "bytes_per_weight", kernel.bytesPerWeight) ||
      !readAxis(*object, "columns", kernel.columns) ||
      !readAxis(*object, "zeros", kernel.zeros) || !readRates(*object, kernel))
    return false;
  if (!(kernel.columns.front() > 0.0))
    return fail("expected 'columns' to be positive");
  model.kernels.push_back(std::move(kernel));
  return true;
}

bool CostModelReader::readBandwidths(const llvm::json::Object &object,
                                     CostModel &model) {
  const llvm::json::Array *array = object.getArray("bandwidth");
  if (!array || array->empty())
    return fail("expected 'bandwidth' to be a list");
  for (const llvm::json::Value &value : *array) {
    const llvm::json::Object *entry = value.getAsObject();
    CostModel::Bandwidth bandwidth;
    if (!entry)
      return fail("expected 'bandwidth' to hold objects");
    if (!readNumber(*entry, "bytes", bandwidth.bytes) ||
        !readNumber(*entry, "gigabytes_per_second",
                    bandwidth.gigabytesPerSecond))
      return false;
    if (!(bandwidth.gigabytesPerSecond > 0.0))
      return fail("expected a positive bandwidth");
    model.bandwidths.push_back(bandwidth);
  }
  return true;
}

llvm::Error CostModelReader::read(const llvm::json::Object &object,
                                  CostModel &model) {
  const llvm::json::Object *kernels = object.getObject("kernels");
  if (object.getInteger("version") != CostModel::kVersion)
    fail("expected 'version' to be " + llvm::Twine(CostModel::kVersion));
  else if (!kernels)
    fail("expected 'kernels' to be an object");
  else if (readNumber(object, "layout_ns_per_element",
                      model.layoutNanoseconds) &&
           readBandwidths(object, model))
    for (const auto &entry : *kernels)
      if (!readKernel(entry.first, entry.second, model))
        break;
  if (message.empty())
    return llvm::Error::success();
  return llvm::createStringError(message);
}

llvm::Expected<CostModel> CostModel::parse(StringRef text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return value.takeError();
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return llvm::createStringError("expected a JSON object");
  CostModel model;
  if (llvm::Error error = CostModelReader().read(*object, model))
    return std::move(error);
  return model;
}

StringRef CostModel::getBuiltinText() { return kDefaultModel; }

namespace {
/// Position between two neighbors of an ascending axis.
struct Position {
  size_t low, high;
  double share;
};
} // namespace

static Position locate(ArrayRef<double> axis, double value) {
  auto upper = std::upper_bound(axis.begin(), axis.end(), value);
  if (upper == axis.begin())
    return {0, 0, 0.0};
  if (upper == axis.end())
    return {axis.size() - 1, axis.size() - 1, 0.0};
  size_t high = upper - axis.begin();
  return {high - 1, high,
          (value - axis[high - 1]) / (axis[high] - axis[high - 1])};
}

double CostModel::getRate(const Kernel &kernel, const ProductSize &size) const {
  SmallVector<double> logColumns = llvm::map_to_vector(
      kernel.columns, [](double columns) { return std::log2(columns); });
  Position row =
      locate(logColumns, std::log2(std::max<double>(size.columns, 1.0)));
  Position column = locate(kernel.zeros, size.getZeros());
  size_t width = kernel.zeros.size();
  auto at = [&](size_t r) {
    double low = kernel.rates[r * width + column.low];
    double high = kernel.rates[r * width + column.high];
    return low + (high - low) * column.share;
  };
  return at(row.low) + (at(row.high) - at(row.low)) * row.share;
}

double CostModel::getBandwidth(double bytes) const {
  for (const Bandwidth &bandwidth : bandwidths)
    if (bytes <= bandwidth.bytes)
      return bandwidth.gigabytesPerSecond;
  return bandwidths.back().gigabytesPerSecond;
}

std::optional<double> CostModel::predict(KernelKind kind,
                                         const ProductSize &size) const {
  if (kind == KernelKind::Lanes &&
      (size.columns > kMaxLaneColumns || size.inner > kMaxLaneInputs))
    return std::nullopt;
  const auto *kernel = llvm::find_if(
      kernels, [&](const Kernel &entry) { return entry.kind == kind; });
  if (kernel == kernels.end())
    return std::nullopt;
  double weights = kernel->countsNonZeros ? double(size.nonZeros)
                                          : double(size.rows) * size.inner;
  double bytes = weights * kernel->bytesPerWeight;
  // 10^9 operations or bytes a second are 10^3 a microsecond.
  double arithmetic =
      2.0 * weights * size.columns / (getRate(*kernel, size) * 1e3);
  double reading = bytes / (getBandwidth(bytes) * 1e3);
  double time = kernel->overhead + std::max(arithmetic, reading);
  // One column is the same in both orders. The figures of generated code hold
  // its copies.
  if (kernel->kind == KernelKind::Csr && size.columns > 1)
    time += layoutNanoseconds * 1e-3 * (size.rows + size.inner) * size.columns;
  return time;
}

/// Share of the dense kernel's predicted time that another may take.
static constexpr double kAdvantage = 0.9;

KernelCosts mlir::prune::predictKernels(const CostModel &costs,
                                        const ProductSize &size,
                                        ArrayRef<KernelKind> kernels) {
  KernelCosts result{size, {}, KernelKind::Dense};
  std::optional<double> bestTime;
  for (KernelKind kind : kernels) {
    std::optional<double> time = costs.predict(kind, size);
    if (!time)
      continue;
    result.times.push_back({kind, *time});
    // What is dense has to be beaten by more than predictions are off.
    double wanted = kind == KernelKind::Dense ? *time * kAdvantage : *time;
    if (!bestTime || wanted < *bestTime) {
      result.best = kind;
      bestTime = wanted;
    }
  }
  return result;
}

std::string KernelCosts::describe() const {
  std::string text =
      llvm::formatv("{0}x{1} weights, {2:F1} % zeros, {3} columns", size.rows,
                    size.inner, 100.0 * size.getZeros(), size.columns);
  for (auto [kind, time] : times)
    text += llvm::formatv(", {0} {1:F2} us", stringifyKernelKind(kind), time);
  return text;
}
