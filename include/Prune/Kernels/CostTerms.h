//===- CostTerms.h - What the time of a kernel is made of -------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_COSTTERMS_H
#define PRUNE_KERNELS_COSTTERMS_H

#include "Prune/Assembly/PanelPlan.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir::prune {

/// A product of a constant [rows, inner] weight and an [inner, columns] input,
/// or a convolution as one.
struct ProductSize {
  int64_t rows = 0, inner = 0, columns = 0;
  /// Weights that are not zero.
  int64_t nonZeros = 0;
  /// Of a convolution.
  std::optional<assembly::ConvolutionShape> convolution;
  /// The input and the result of a product are [columns, ...].
  bool inputHasRows = true, resultHasRows = true;
  /// The input lies in the order in which generated code reads it.
  bool isInPlace = false;

  double getZeros() const {
    double weights = double(rows) * inner;
    return weights == 0 ? 0.0 : 1.0 - nonZeros / weights;
  }
};

/// What has a formula of its own.
enum class CostFamily {
  Dense,        ///< products on oneDNN
  Convolution,  ///< convolutions on oneDNN
  Csr,          ///< products in compressed rows
  Lanes,        ///< products with few columns
  StraightLine, ///< generated code
  Turn,         ///< bringing inputs and results of products into another order
};

/// All of them.
inline constexpr CostFamily kCostFamilies[] = {
    CostFamily::Dense, CostFamily::Convolution,  CostFamily::Csr,
    CostFamily::Lanes, CostFamily::StraightLine, CostFamily::Turn};

/// The family of a kernel of a layer.
CostFamily getCostFamily(KernelKind kind, const ProductSize &size);

/// Name in files.
StringRef getCostFamilyName(CostFamily family);

/// Names of the terms of a formula. The time is their sum, each times a figure
/// of the machine.
ArrayRef<StringLiteral> getCostTermNames(CostFamily family);

/// The terms for a layer, on a processor with `cache` bytes of the second
/// cache.
SmallVector<double> getCostTerms(CostFamily family, const ProductSize &size,
                                 double cache);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_COSTTERMS_H
