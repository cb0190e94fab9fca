//===- SparseProduct.h - Products that can be sparse ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_SPARSEPRODUCT_H
#define PRUNE_KERNELS_SPARSEPRODUCT_H

#include "Prune/Kernels/CostModel.h"
#include "Prune/Support/Constants.h"

#include "mlir/Interfaces/DestinationStyleOpInterface.h"

#include <string>

namespace mlir::prune {

/// A contraction of a constant f32 matrix with another matrix.
struct SparseProduct {
  /// The constant, for its name.
  Value parameter;
  /// The other factor, and whether it is [inner, columns] as it is, or
  /// [columns, inner].
  Value input;
  bool inputIsFeatureMajor = false;
  /// The result is [rows, columns], or [columns, rows].
  bool resultIsFeatureMajor = false;
  /// The weights as [rows, inner].
  ConstantView weights;
  ProductSize size;
};

/// Weights that are not zero, without a copy of them. O(weights).
int64_t countNonZeros(const ConstantView &weights);

/// True when each four rows, the first dimension, have their zeros in the same
/// places; some rows at the end may have others. O(weights).
bool hasBlocks(const ConstantView &weights);

/// Describes the contraction, or says in `reason` why it cannot use a sparse
/// kernel. Counts the weights that are not zero: O(weights).
std::optional<SparseProduct> matchSparseProduct(Operation *op,
                                                std::string &reason);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_SPARSEPRODUCT_H
