//===- MatrixProduct.h - Products of a weight with a matrix -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_MATRIXPRODUCT_H
#define PRUNE_KERNELS_MATRIXPRODUCT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace mlir::prune {

/// True for a product of two static f32 matrices in any transposition.
bool isMatrixProduct(linalg::LinalgOp op);

/// A product of a weight with another matrix. The sparse matrix is
/// [rows, inner].
struct MatrixProduct {
  Value input;
  /// The rows of the sparse matrix are the columns of the weight.
  bool isTransposed = false;
  /// The input is [inner, columns], the result [rows, columns] as it is.
  bool isInputFeatureMajor = false, isResultFeatureMajor = false;
};

/// Describes the product that reads a weight as `factor`; nothing when `op` is
/// no product of it with another matrix.
std::optional<MatrixProduct> matchMatrixProduct(linalg::LinalgOp op,
                                                OpOperand &factor);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_MATRIXPRODUCT_H
