//===- KernelPlan.cpp - How a kernel runs a layer -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/KernelPlan.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::prune;

KernelAttr prune::planKernel(MLIRContext *context, KernelKind kind,
                             const ProductSize &size) {
  const KernelFamily &family = getKernelFamily(kind);
  if (!family.plan)
    return KernelAttr::get(context, kind);
  Builder builder(context);
  SmallVector<NamedAttribute> plan;
  for (auto [setting, value] :
       llvm::zip_equal(family.settings, family.plan(size)))
    if (setting.implied != value)
      plan.push_back(
          builder.getNamedAttr(setting.name, builder.getI64IntegerAttr(value)));
  return KernelAttr::get(context, kind, builder.getDictionaryAttr(plan));
}

/// The names that a plan may have, quoted.
static std::string listSettings(const KernelFamily &family) {
  std::string text;
  for (const KernelSetting &setting : family.settings)
    text += (text.empty() ? "'" : ", '") + setting.name.str() + "'";
  return text.empty() ? "no settings" : text;
}

std::string prune::checkPlan(KernelAttr kernel) {
  if (!kernel.getPlan())
    return {};
  const KernelFamily &family = getKernelFamily(kernel.getKind());
  for (NamedAttribute entry : kernel.getPlan()) {
    StringRef name = entry.getName();
    const auto *setting =
        llvm::find_if(family.settings, [&](const KernelSetting &setting) {
          return setting.name == name;
        });
    if (setting == family.settings.end())
      return ("the plan of '" + family.getName() + "' has " +
              listSettings(family) + ", not '" + name + "'")
          .str();
    auto value = dyn_cast<IntegerAttr>(entry.getValue());
    if (!value || value.getValue().getSignificantBits() > 64 ||
        value.getValue().getSExtValue() < setting->least ||
        value.getValue().getSExtValue() > setting->most)
      return ("expected '" + name + "' in the plan to be a number from " +
              Twine(setting->least) + " to " + Twine(setting->most))
          .str();
  }
  return {};
}

std::optional<int64_t> prune::getSetting(KernelAttr kernel, StringRef name) {
  if (!kernel || !kernel.getPlan())
    return std::nullopt;
  if (auto value = kernel.getPlan().getAs<IntegerAttr>(name))
    return value.getValue().getSExtValue();
  return std::nullopt;
}
