//===- MatrixProduct.cpp - Products of a weight with a matrix -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/MatrixProduct.h"

#include "Prune/Analysis/StructuredOps.h"

using namespace mlir;
using namespace mlir::prune;

static bool isStaticMatrix(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 2 && type.hasStaticShape() &&
         type.getElementType().isF32();
}

bool prune::isMatrixProduct(linalg::LinalgOp op) {
  return isContraction(op) && op.getNumLoops() == 3 &&
         llvm::all_of(op->getOperands(), isStaticMatrix) &&
         llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
           return map.isProjectedPermutation() && map.getNumResults() == 2;
         });
}

std::optional<MatrixProduct> prune::matchMatrixProduct(linalg::LinalgOp op,
                                                       OpOperand &factor) {
  if (!isMatrixProduct(op) || op.isDpsInit(&factor))
    return std::nullopt;
  AffineMap weight = op.getMatchingIndexingMap(&factor);
  OpOperand *other = op.getDpsInputOperand(
      1 - static_cast<int64_t>(factor.getOperandNumber()));
  AffineMap input = op.getMatchingIndexingMap(other);
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  // The loop of the result that is also the weight's runs over the rows.
  bool isTransposed = !result.isFunctionOfDim(weight.getDimPosition(0));
  unsigned row = weight.getDimPosition(isTransposed ? 1 : 0);
  unsigned inner = weight.getDimPosition(isTransposed ? 0 : 1);
  if (!result.isFunctionOfDim(row) || result.isFunctionOfDim(inner) ||
      input.isFunctionOfDim(row) || !input.isFunctionOfDim(inner))
    return std::nullopt;
  return MatrixProduct{other->get(), isTransposed,
                       input.getDimPosition(0) == inner,
                       result.getDimPosition(0) == row};
}
