//===- CostModel.h - How long a kernel takes --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_COSTMODEL_H
#define PRUNE_KERNELS_COSTMODEL_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace mlir::prune {

/// Columns that the kernel `lanes` keeps in registers, and the inputs that its
/// steps can name.
inline constexpr int64_t kMaxLaneColumns = 4, kMaxLaneInputs = 1 << 20;

/// A product of a constant [rows, inner] weight and an [inner, columns] input.
struct ProductSize {
  int64_t rows = 0, inner = 0, columns = 0;
  /// Weights that are not zero.
  int64_t nonZeros = 0;

  double getZeros() const {
    double weights = double(rows) * inner;
    return weights == 0 ? 0.0 : 1.0 - nonZeros / weights;
  }
};

/// Predicts the time of each kernel from figures that were measured on a
/// machine. The time is an overhead per call, plus the larger of the arithmetic
/// at a rate that depends on the number of columns and the share of zeros
/// (interpolated, over the logarithm of the columns) and of the reading of the
/// weights at the bandwidth for their size; compressed rows also pay for
/// transposing input and result.
///
/// The figures are a JSON file; `lib/Kernels/cost-model.json` is the default
/// and documents the format by example. Rates are 10^9 floating-point
/// operations per second, two for each weight that the kernel counts.
class CostModel {
public:
  /// What files of this format say; higher when figures mean something else.
  static constexpr int64_t kVersion = 1;

  /// Reads the JSON text; an error names the member that is wrong.
  static llvm::Expected<CostModel> parse(StringRef text);

  /// The text of the built-in figures.
  static StringRef getBuiltinText();

  /// Predicted microseconds; nothing when the file has no such kernel.
  std::optional<double> predict(KernelKind kernel,
                                const ProductSize &size) const;

private:
  struct Kernel {
    KernelKind kind;
    bool countsNonZeros = false;
    double overhead = 0.0, bytesPerWeight = 0.0;
    SmallVector<double> columns, zeros;
    /// One rate per column count and share of zeros, row-major.
    SmallVector<double> rates;
  };
  struct Bandwidth {
    double bytes, gigabytesPerSecond;
  };

  double getRate(const Kernel &kernel, const ProductSize &size) const;
  double getBandwidth(double bytes) const;

  SmallVector<Kernel> kernels;
  SmallVector<Bandwidth> bandwidths;
  double layoutNanoseconds = 0.0;

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
