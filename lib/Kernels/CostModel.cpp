//===- CostModel.cpp - How long a kernel takes ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the figures with LLVM's JSON library.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/CostModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

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
  bool readNumber(const llvm::json::Object &object, const llvm::Twine &name,
                  StringRef key, double &number);
  bool readFamily(StringRef name, const llvm::json::Value &value,
                  CostModel &model);

  std::string message;
};

} // namespace mlir::prune

bool CostModelReader::readNumber(const llvm::json::Object &object,
                                 const llvm::Twine &name, StringRef key,
                                 double &number) {
  std::optional<double> value = object.getNumber(key);
  if (!value || !(*value >= 0.0) || !std::isfinite(*value))
    return fail("expected '" + name + "' to be a number that is not negative");
  number = *value;
  return true;
}

bool CostModelReader::readFamily(StringRef name, const llvm::json::Value &value,
                                 CostModel &model) {
  const auto *family = llvm::find_if(kCostFamilies, [&](CostFamily candidate) {
    return getCostFamilyName(candidate) == name;
  });
  const llvm::json::Object *object = value.getAsObject();
  if (family == std::end(kCostFamilies) || !object)
    return fail("unknown kernel '" + name + "'");
  SmallVector<double> &figures = model.figures[size_t(*family)];
  for (StringRef term : getCostTermNames(*family))
    if (!readNumber(*object, name + "." + term, term, figures.emplace_back()))
      return false;
  return true;
}

llvm::Error CostModelReader::read(const llvm::json::Object &object,
                                  CostModel &model) {
  const llvm::json::Object *kernels = object.getObject("kernels");
  if (object.getInteger("version") != CostModel::kVersion)
    fail("expected 'version' to be " + llvm::Twine(CostModel::kVersion));
  else if (!kernels)
    fail("expected 'kernels' to be an object");
  else if (readNumber(object, "cache_bytes", "cache_bytes", model.cache))
    for (const auto &entry : *kernels)
      if (!readFamily(entry.first, entry.second, model))
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

std::optional<double> CostModel::predict(CostFamily family,
                                         const ProductSize &size) const {
  const SmallVector<double> &known = figures[size_t(family)];
  if (known.empty())
    return std::nullopt;
  double time = 0.0;
  SmallVector<double> terms = getCostTerms(family, size, cache);
  for (auto [figure, term] : llvm::zip_equal(known, terms))
    time += figure * term;
  return time;
}

std::optional<double> CostModel::predict(KernelKind kind,
                                         const ProductSize &size) const {
  if (kind == KernelKind::Lanes &&
      (size.columns > kMaxLaneColumns || size.inner > kMaxLaneInputs))
    return std::nullopt;
  std::optional<double> time = predict(getCostFamily(kind, size), size);
  if (!time)
    return std::nullopt;
  // These two take the columns of a product side by side.
  if (kind == KernelKind::Csr || kind == KernelKind::StraightLine)
    *time += predict(CostFamily::Turn, size).value_or(0.0);
  return *time * 1e-3;
}

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
