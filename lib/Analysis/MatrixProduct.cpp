//===- MatrixProduct.cpp - Contractions of two matrices -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/MatrixProduct.h"

#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"

using namespace mlir;
using namespace mlir::prune;

StringRef prune::matchMatrixProduct(linalg::LinalgOp op,
                                    MatrixProduct &product) {
  if (!op || !op.hasPureTensorSemantics())
    return "it is not on tensors";
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type || !type.getElementType().isF32())
      return "an operand is no tensor of f32";
    if (type.getRank() != 2)
      return "an operand is no matrix";
  }
  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (!isContraction(op) || failed(dims) || op.getNumLoops() != 3 ||
      dims->m.size() != 1 || dims->n.size() != 1 || dims->k.size() != 1)
    return "it is no product of two matrices";
  OpOperand *first = op.getDpsInputOperand(0),
            *second = op.getDpsInputOperand(1);
  auto getLoop = [&](OpOperand *operand, unsigned dim) {
    return op.getMatchingIndexingMap(operand).getDimPosition(dim);
  };
  // The loop of the first operand may be that of the columns.
  unsigned inner = dims->k.front();
  bool isFirstLeft = getLoop(op.getDpsInitOperand(0), 0) == dims->m.front();
  product.left = isFirstLeft ? first : second;
  product.right = isFirstLeft ? second : first;
  product.isLeftTransposed = getLoop(product.left, 0) == inner;
  product.isRightTransposed = getLoop(product.right, 1) == inner;
  return {};
}

std::optional<MatrixProduct>
prune::matchStaticMatrixProduct(linalg::LinalgOp op) {
  MatrixProduct product;
  if (!matchMatrixProduct(op, product).empty() ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) {
        return cast<RankedTensorType>(type).hasStaticShape();
      }))
    return std::nullopt;
  return product;
}

std::optional<WeightProduct> prune::matchWeightProduct(linalg::LinalgOp op,
                                                       OpOperand &factor) {
  std::optional<MatrixProduct> product = matchStaticMatrixProduct(op);
  if (!product || op.isDpsInit(&factor))
    return std::nullopt;
  if (&factor == product->left)
    return WeightProduct{product->right->get(), product->isLeftTransposed,
                         !product->isRightTransposed,
                         /*isResultFeatureMajor=*/true};
  return WeightProduct{product->left->get(), !product->isRightTransposed,
                       product->isLeftTransposed,
                       /*isResultFeatureMajor=*/false};
}
