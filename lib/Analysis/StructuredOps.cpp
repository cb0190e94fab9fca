//===- StructuredOps.cpp - Loops of structured operations -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::prune;

std::optional<SumOfProducts>
mlir::prune::matchSumOfProducts(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      !op.hasPureTensorSemantics())
    return std::nullopt;
  Block *body = op.getBlock();
  Value left = body->getArgument(0), right = body->getArgument(1),
        out = body->getArgument(2);
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return std::nullopt;
  Value product = sum.getLhs() == out ? sum.getRhs() : sum.getLhs();
  if (sum.getLhs() != out && sum.getRhs() != out)
    return std::nullopt;
  auto factors = product.getDefiningOp<arith::MulFOp>();
  if (!factors)
    return std::nullopt;
  bool inOrder = factors.getLhs() == left && factors.getRhs() == right;
  bool swapped = factors.getLhs() == right && factors.getRhs() == left;
  if (!inOrder && !swapped)
    return std::nullopt;
  return SumOfProducts{op.getDpsInputOperand(0), op.getDpsInputOperand(1),
                       op.getDpsInitOperand(0)};
}

bool mlir::prune::isContraction(linalg::LinalgOp op) {
  return op && linalg::isaContractionOpInterface(op) && matchSumOfProducts(op);
}

bool mlir::prune::isConvolution(linalg::LinalgOp op) {
  return op && linalg::isaConvolutionOpInterface(op) && matchSumOfProducts(op);
}

bool mlir::prune::isElementwiseOnTensors(linalg::LinalgOp op) {
  return op && op.hasPureTensorSemantics() && op->getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
}

std::optional<unsigned> mlir::prune::getLoop(AffineMap map, unsigned dim) {
  auto expr = dyn_cast<AffineDimExpr>(map.getResult(dim));
  if (!expr)
    return std::nullopt;
  return expr.getPosition();
}

std::optional<unsigned> mlir::prune::getDim(AffineMap map, unsigned loop) {
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
    if (getLoop(map, dim) == loop)
      return dim;
  return std::nullopt;
}

bool mlir::prune::usesLoop(AffineMap map, unsigned loop) {
  return llvm::any_of(map.getResults(), [&](AffineExpr expr) {
    return expr.isFunctionOfDim(loop);
  });
}
