//===- KernelFamily.h - What a kernel runs and what it costs ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A family of kernels is one entry of a table: what it runs, how its time is
// predicted, and where it can be used. Passes, figures of machines and messages
// go through the table.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_KERNELFAMILY_H
#define PRUNE_KERNELS_KERNELFAMILY_H

#include "Prune/Assembly/PanelPlan.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace mlir::prune {

/// A product of a constant [rows, inner] weight and an [inner, columns] input,
/// or a convolution as one.
struct ProductSize {
  int64_t rows = 0, inner = 0, columns = 0;
  /// Weights that are not zero.
  int64_t nonZeros = 0;
  /// Each four neighboring rows have their zeros in the same places.
  bool hasBlocks = false;
  /// Of a convolution.
  std::optional<assembly::ConvolutionShape> convolution;
  /// The input and the result of a product are [columns, ...].
  bool inputHasRows = true, resultHasRows = true;
  /// The input lies in the order in which generated code reads it.
  bool isInPlace = false;
  /// The lanes of generated code are images.
  bool hasImageLanes = false;
  /// What generated code runs on.
  assembly::VectorSet set = assembly::VectorSet::Avx512;

  double getZeros() const {
    double weights = double(rows) * inner;
    return weights == 0 ? 0.0 : 1.0 - nonZeros / weights;
  }
};

/// Columns that the kernel `lanes` keeps in registers, and the inputs that its
/// steps can name.
inline constexpr int64_t kMaxLaneColumns = 4, kMaxLaneInputs = 1 << 20;

/// What the time of a kernel is made of: the sum of the terms, each times a
/// figure of the machine.
struct CostFormula {
  /// Name in files of figures.
  StringLiteral name;
  ArrayRef<StringLiteral> terms;
  /// The terms for a layer, on a processor with so many bytes of the second
  /// cache.
  SmallVector<double> (*count)(const ProductSize &size, double cache);
};

/// A number of the plan of a kernel.
struct KernelSetting {
  StringLiteral name;
  int64_t least, most;
  StringLiteral summary;
  /// The value that plans leave out, if there is one.
  std::optional<int64_t> implied = std::nullopt;
};

/// A family of kernels.
struct KernelFamily {
  KernelKind kind;
  bool runsProducts, runsConvolutions;
  /// Its code is generated, for some instruction sets alone.
  bool isGenerated;
  /// It takes the columns of a product side by side: inputs and results that
  /// lie otherwise are turned.
  bool turnsProducts;
  /// The formula for a layer; null for one that it cannot run.
  const CostFormula *(*getFormula)(const ProductSize &size);
  StringLiteral summary;
  /// What the plan of a layer says, in the order of their names, and the
  /// numbers for a layer. Null without settings.
  ArrayRef<KernelSetting> settings = {};
  SmallVector<int64_t> (*plan)(const ProductSize &size) = nullptr;

  StringRef getName() const { return stringifyKernelKind(kind); }
};

/// All families, the dense one first. Of equal predictions the earlier one
/// wins.
ArrayRef<const KernelFamily *> getKernelFamilies();

const KernelFamily &getKernelFamily(KernelKind kind);

/// The names of all families, quoted, between commas and `or`.
std::string listKernelFamilies();

/// A table of all families in Markdown.
std::string describeKernelFamilies();

/// All formulas, in the order of files of figures.
ArrayRef<const CostFormula *> getCostFormulas();

/// Bringing the input and the result of a product into another order.
const CostFormula &getTurnFormula();

} // namespace mlir::prune

#endif // PRUNE_KERNELS_KERNELFAMILY_H
