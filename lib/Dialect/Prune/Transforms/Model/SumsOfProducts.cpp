//===- SumsOfProducts.cpp - Contractions written as two operations --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `(x * w).sum(dim)`, and what front ends make of a product of a matrix and a
// vector: an element-wise product, and a sum over a dimension of the weight.
// The two become one contraction, which adds the same products in the same
// order. A product that has other users, and a factor that the sum does not run
// over (a scale), stay.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"

using namespace mlir;
using namespace mlir::prune;

/// True when the body is one operation of type `OpTy` of the two arguments.
template <typename OpTy>
static bool computes(linalg::LinalgOp op) {
  Block *block = op.getBlock();
  auto result = block->getTerminator()->getOperand(0).getDefiningOp<OpTy>();
  if (!result || result->getBlock() != block)
    return false;
  BlockArgument first = block->getArgument(0), second = block->getArgument(1);
  return (result.getLhs() == first && result.getRhs() == second) ||
         (result.getLhs() == second && result.getRhs() == first);
}

/// The product whose elements an operation does nothing but add.
static linalg::LinalgOp getSummedProduct(linalg::LinalgOp sum) {
  if (!sum.hasPureTensorSemantics() || sum->getNumResults() != 1 ||
      sum.getNumDpsInputs() != 1 || sum.getNumReductionLoops() == 0 ||
      !computes<arith::AddFOp>(sum) ||
      !sum.getMatchingIndexingMap(sum.getDpsInputOperand(0)).isPermutation())
    return {};
  auto product =
      sum.getDpsInputOperand(0)->get().getDefiningOp<linalg::LinalgOp>();
  if (!product || !product.hasPureTensorSemantics() ||
      product->getNumResults() != 1 || product.getNumDpsInputs() != 2 ||
      product.getNumReductionLoops() != 0 || !product->hasOneUse() ||
      !computes<arith::MulFOp>(product) ||
      !product.getMatchingIndexingMap(product.getDpsInitOperand(0))
           .isPermutation())
    return {};
  return product;
}

/// Where the sum reads a factor of the product.
static AffineMap getFactorMap(linalg::LinalgOp sum, linalg::LinalgOp product,
                              OpOperand *factor) {
  AffineMap loops = inversePermutation(
      product.getMatchingIndexingMap(product.getDpsInitOperand(0)));
  return product.getMatchingIndexingMap(factor).compose(loops).compose(
      sum.getMatchingIndexingMap(sum.getDpsInputOperand(0)));
}

/// An operand without the dimensions of extent one that are read at zero; null
/// when it is read in another way than a contraction reads.
static Elements dropConstants(OpBuilder &builder, Value value, AffineMap map) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return {};
  llvm::SmallBitVector dropped(map.getNumResults());
  SmallVector<AffineExpr> kept;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (!isa<AffineConstantExpr>(expr))
      kept.push_back(expr);
    else if (type.getDimSize(dim) == 1)
      dropped.set(dim);
    else
      return {};
  }
  AffineMap keptMap =
      AffineMap::get(map.getNumDims(), 0, kept, map.getContext());
  if (!keptMap.isProjectedPermutation())
    return {};
  if (dropped.any())
    value = tensor::dropGivenUnitDims(builder, value.getLoc(), value, dropped);
  return {value, keptMap};
}

/// True when every loop is one of a contraction.
static bool isContractionOf(AffineMap first, AffineMap second,
                            AffineMap result) {
  for (unsigned loop = 0; loop < result.getNumDims(); ++loop) {
    unsigned count = first.isFunctionOfDim(loop) + second.isFunctionOfDim(loop);
    if (count == 0 || (count == 1 && !result.isFunctionOfDim(loop)))
      return false;
  }
  return true;
}

linalg::LinalgOp
mlir::prune::fuseSumOfProducts(linalg::LinalgOp sum,
                               function_ref<bool(Value)> isParameter) {
  linalg::LinalgOp product = getSummedProduct(sum);
  if (!product)
    return {};
  AffineMap result = sum.getMatchingIndexingMap(sum.getDpsInitOperand(0));
  bool hasWeight = false;
  OpBuilder builder(sum);
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (OpOperand *factor : product.getDpsInputOperands()) {
    AffineMap map = getFactorMap(sum, product, factor);
    bool isSummed =
        llvm::any_of(llvm::seq(0u, map.getNumDims()), [&](unsigned loop) {
          return map.isFunctionOfDim(loop) && !result.isFunctionOfDim(loop);
        });
    hasWeight |= isSummed && isParameter(skipReshapes(factor->get()));
    Elements elements = dropConstants(builder, factor->get(), map);
    if (!elements.value)
      return {};
    operands.push_back(elements.value);
    maps.push_back(elements.map);
  }
  if (!hasWeight || !isContractionOf(maps[0], maps[1], result))
    return {};
  maps.push_back(result);
  auto made = linalg::ContractOp::create(
      builder, sum.getLoc(), sum->getResultTypes(), operands, sum.getDpsInits(),
      builder.getAffineMapArrayAttr(maps));
  made->setDiscardableAttrs(sum->getDiscardableAttrDictionary());
  sum->getResult(0).replaceAllUsesWith(made->getResult(0));
  sum->erase();
  product->erase();
  return made;
}
