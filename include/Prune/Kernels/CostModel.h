//===- CostModel.h - How long a kernel takes --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_COSTMODEL_H
#define PRUNE_KERNELS_COSTMODEL_H

#include "Prune/Kernels/KernelFamily.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace mlir::prune {

/// Predicts the time of each kernel from figures that were measured on a
/// machine: the sum of the terms of its formula, see KernelFamily.h, each times
/// the nanoseconds that it takes.
///
/// The figures are a JSON file; `lib/Kernels/cost-model.json` is the default
/// and documents the format by example.
class CostModel {
public:
  /// What files of this format say; higher when figures mean something else.
  static constexpr int64_t kVersion = 4;

  /// Reads the JSON text; an error names the member that is wrong.
  static llvm::Expected<CostModel> parse(StringRef text);

  /// The text of the built-in figures.
  static StringRef getBuiltinText();

  /// Predicted microseconds; nothing when the file has no such kernel.
  std::optional<double> predict(KernelKind kernel,
                                const ProductSize &size) const;

  /// Predicted microseconds for transposing a matrix.
  double predictTurn(int64_t rows, int64_t columns) const;

  /// Nanoseconds of all terms of a formula; nothing without figures.
  std::optional<double> predict(const CostFormula &formula,
                                const ProductSize &size) const;

  /// Share of the dense kernel's predicted time that another may take: it has
  /// to be beaten by more than predictions are off. They are off by more where
  /// a product reads its weights from far and uses them few times, since other
  /// work has its part of the memory.
  double getAdvantage(const ProductSize &size) const;

  /// Bytes of the second cache of the machine that was measured.
  int64_t getCacheBytes() const { return static_cast<int64_t>(cache); }

private:
  /// Bytes of the second cache.
  double cache = 0.0;
  /// By name of the formula, in the order of its terms.
  llvm::StringMap<SmallVector<double>> figures;

  friend class CostModelReader;
};

/// What each kernel would take for one product, and the fastest of them.
struct KernelCosts {
  ProductSize size;
  /// Kernels that the figures know, with predicted microseconds.
  SmallVector<std::pair<KernelKind, double>> times;
  KernelKind best = KernelKind::Dense;

  /// Size, zeros and times in one line, for remarks.
  std::string describe() const;
};

/// Asks `costs` about each of `kernels`; of equal times the first kernel is
/// best.
KernelCosts predictKernels(const CostModel &costs, const ProductSize &size,
                           ArrayRef<KernelKind> kernels);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_COSTMODEL_H
