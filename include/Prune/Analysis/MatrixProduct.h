//===- MatrixProduct.h - Contractions of two matrices -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What dense and sparse kernels, compressed training and the cost model take a
// contraction for. The loops are those of linalg::inferContractionDims.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_MATRIXPRODUCT_H
#define PRUNE_ANALYSIS_MATRIXPRODUCT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace mlir::prune {

/// A product of two f32 matrices: the result is [rows, columns].
struct MatrixProduct {
  /// [rows, inner] and [inner, columns], or the other way round.
  OpOperand *left = nullptr, *right = nullptr;
  bool isLeftTransposed = false, isRightTransposed = false;
};

/// Why an operation, which may be null, is no product of two f32 matrices;
/// empty when it is one, described in `product`. Extents may be dynamic.
StringRef matchMatrixProduct(linalg::LinalgOp op, MatrixProduct &product);

/// Describes a product of two f32 matrices of static shapes; nothing when `op`,
/// which may be null, is none.
std::optional<MatrixProduct> matchStaticMatrixProduct(linalg::LinalgOp op);

/// A product of a weight with another matrix. The sparse matrix is
/// [rows, inner].
struct WeightProduct {
  Value input;
  /// The rows of the sparse matrix are the columns of the weight.
  bool isTransposed = false;
  /// The input is [inner, columns], the result [rows, columns] as it is.
  bool isInputFeatureMajor = false, isResultFeatureMajor = false;
};

/// Describes the product of static matrices that reads a weight as `factor`;
/// nothing when `op` is no product of it with another matrix.
std::optional<WeightProduct> matchWeightProduct(linalg::LinalgOp op,
                                                OpOperand &factor);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_MATRIXPRODUCT_H
