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
#include "CostTerms.h"

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
  ArrayRef<const CostFormula *> formulas = getCostFormulas();
  const auto *formula =
      llvm::find_if(formulas, [&](const CostFormula *candidate) {
        return candidate->name == name;
      });
  const llvm::json::Object *object = value.getAsObject();
  if (formula == formulas.end() || !object)
    return fail("unknown kernel '" + name + "'");
  SmallVector<double> &figures = model.figures[name];
  for (StringRef term : (*formula)->terms)
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

std::optional<double> CostModel::predict(const CostFormula &formula,
                                         const ProductSize &size) const {
  auto known = figures.find(formula.name);
  if (known == figures.end())
    return std::nullopt;
  double time = 0.0;
  SmallVector<double> terms = formula.count(size, cache);
  for (auto [figure, term] : llvm::zip_equal(known->getValue(), terms))
    time += figure * term;
  return time;
}

std::optional<double> CostModel::predict(KernelKind kind,
                                         const ProductSize &size) const {
  const KernelFamily &family = getKernelFamily(kind);
  const CostFormula *formula = family.getFormula(size);
  std::optional<double> time = formula ? predict(*formula, size) : std::nullopt;
  if (!time)
    return std::nullopt;
  if (family.turnsProducts)
    *time += predict(getTurnFormula(), size).value_or(0.0);
  return *time * 1e-3;
}

double CostModel::predictTurn(int64_t rows, int64_t columns) const {
  ProductSize size;
  size.inner = rows, size.columns = columns;
  return predict(getTurnFormula(), size).value_or(0.0) * 1e-3;
}

double CostModel::getAdvantage(const ProductSize &size) const {
  constexpr double kNear = 0.9, kFar = 0.7;
  constexpr int64_t kFewColumns = 64;
  bool isFar = size.columns <= kFewColumns && getWeightBytes(size) > cache;
  return isFar ? kFar : kNear;
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
    double wanted =
        kind == KernelKind::Dense ? *time * costs.getAdvantage(size) : *time;
    if (!bestTime || wanted < *bestTime) {
      result.best = kind;
      bestTime = wanted;
    }
  }
  return result;
}

std::string KernelCosts::describe() const {
  std::string text = llvm::formatv(
      "{0}x{1} weights, {2:F1} % zeros{3}, {4} columns", size.rows, size.inner,
      100.0 * size.getZeros(),
      size.hasBlocks && size.getZeros() > 0 ? " in blocks of 4 rows" : "",
      size.columns);
  for (auto [kind, time] : times)
    text += llvm::formatv(", {0} {1:F2} us", stringifyKernelKind(kind), time);
  return text;
}
