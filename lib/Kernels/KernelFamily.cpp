//===- KernelFamily.cpp - The table of kernel families --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/KernelFamily.h"

#include "CostTerms.h"

#include "Prune/Kernels/TrainedConvolution.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::prune;

ArrayRef<const KernelFamily *> prune::getKernelFamilies() {
  static const KernelFamily *const families[] = {
      &kDenseFamily, &kCsrFamily, &kLanesFamily, &kStraightLineFamily};
  return families;
}

const KernelFamily &prune::getKernelFamily(KernelKind kind) {
  return **llvm::find_if(getKernelFamilies(), [&](const KernelFamily *family) {
    return family->kind == kind;
  });
}

std::string prune::listKernelFamilies() {
  std::string text;
  ArrayRef<const KernelFamily *> families = getKernelFamilies();
  for (const KernelFamily *family : families) {
    if (!text.empty())
      text += family == families.back() ? " or " : ", ";
    text += ("'" + family->getName() + "'").str();
  }
  return text;
}

/// What is no kernel of a constant weight, but is predicted as they are.
static void describeTrained(llvm::raw_ostream &os) {
  os << "\n## Convolutions of training steps\n\n"
     << "By these figures `convert-compressed-to-kernel` chooses between a "
        "dense convolution and\none on the weights that a fixed mask keeps.\n\n"
     << "| Figures | What they are of | Terms |\n|---|---|---|\n";
  constexpr StringLiteral whats[] = {"the result", "the gradient of the input",
                                     "the gradient of the weight"};
  for (bool isSparse : {false, true})
    for (auto [pass, what] : llvm::zip_equal(kConvolutionPasses, whats)) {
      const CostFormula &formula = getTrainedFormula(pass, isSparse);
      os << "| `" << formula.name << "` | " << what
         << (isSparse ? ", weights that are kept" : ", dense") << " | ";
      llvm::interleaveComma(formula.terms, os,
                            [&](StringRef term) { os << "`" << term << "`"; });
      os << " |\n";
    }
}

std::string prune::describeKernelFamilies() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "| Kernel | What it is | Products | Convolutions | Plan |\n"
     << "|---|---|---|---|---|\n";
  auto say = [](bool value) { return value ? "yes" : "no"; };
  for (const KernelFamily *family : getKernelFamilies()) {
    os << "| `" << family->getName() << "` | " << family->summary << " | "
       << say(family->runsProducts) << " | " << say(family->runsConvolutions)
       << " | ";
    llvm::interleave(
        family->settings, os,
        [&](const KernelSetting &setting) {
          os << "`" << setting.name << "`, " << setting.least << " to "
             << setting.most << ": " << setting.summary;
        },
        "; ");
    os << " |\n";
  }
  describeTrained(os);
  return text;
}

static constexpr StringLiteral kTurnTerms[] = {"call", "element", "odd_element",
                                               "values_near", "values_far"};

static SmallVector<double> getTurn(const ProductSize &size, double cache) {
  SmallVector<double> terms(std::size(kTurnTerms), 0.0);
  // One row or column is the same in both orders.
  if (size.convolution || size.columns <= 1)
    return terms;
  auto add = [&](int64_t count) {
    double elements = double(count) * size.columns;
    double even = double(llvm::alignDown(count, kLanes)) *
                  llvm::alignDown(size.columns, kLanes);
    double bytes = 2 * sizeof(float) * elements;
    double more[] = {1.0, elements, elements - even,
                     std::max(bytes - cache / 2, 0.0),
                     std::max(bytes - cache * 4, 0.0)};
    for (auto [term, value] : llvm::zip_equal(terms, more))
      term += value;
  };
  if (size.inputHasRows && size.inner > 1)
    add(size.inner);
  if (size.resultHasRows && size.rows > 1)
    add(size.rows);
  return terms;
}

const CostFormula &prune::getTurnFormula() {
  static constexpr CostFormula formula = {"turn", kTurnTerms, getTurn};
  return formula;
}

/// The formulas of all families, for products, then for convolutions; then the
/// others.
static SmallVector<const CostFormula *> collectFormulas() {
  using assembly::VectorSet;
  SmallVector<ProductSize> sizes;
  for (VectorSet set :
       {VectorSet::Avx512, VectorSet::Avx2, VectorSet::Portable}) {
    ProductSize size;
    size.set = set;
    sizes.push_back(size);
    size.convolution = assembly::ConvolutionShape();
    sizes.push_back(size);
  }
  SmallVector<const CostFormula *> formulas;
  for (const KernelFamily *family : getKernelFamilies())
    for (const ProductSize &size : sizes) {
      bool isRun =
          size.convolution ? family->runsConvolutions : family->runsProducts;
      const CostFormula *formula = isRun ? family->getFormula(size) : nullptr;
      if (formula && !llvm::is_contained(formulas, formula))
        formulas.push_back(formula);
    }
  formulas.push_back(&getTurnFormula());
  for (bool isSparse : {false, true})
    for (ConvolutionPass pass : kConvolutionPasses)
      formulas.push_back(&getTrainedFormula(pass, isSparse));
  return formulas;
}

ArrayRef<const CostFormula *> prune::getCostFormulas() {
  static const SmallVector<const CostFormula *> formulas = collectFormulas();
  return formulas;
}
