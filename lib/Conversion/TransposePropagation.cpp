//===- TransposePropagation.cpp - Moving transpositions -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element-wise operation on transposed matrices is the transpose of the same
// operation on the matrices themselves. Vectors that it broadcasts run along
// the other dimension then, and matrices of one constant take the other shape.
// An operand that is any other matrix stops the move: transposing it instead
// would win nothing. A sum over rows or columns reads the matrix in the other
// order.
//
// Transpositions of images (StructuredTransposes.cpp of onednn) move by other
// rules. There are two of those, and only the one to nchw moves, so a move may
// turn the other operands and still comes to an end; a transposition of a
// matrix is its own inverse, and the operands would be turned for ever. A sum
// over an image gets its loops in the order of the image, which is another
// order of the terms; here the order of the terms, and so the result, stays.
// And matrices are read through loop nests that transpose or broadcast, which
// the choice of kernels leaves behind, not through the named operations alone.
//
//===----------------------------------------------------------------------===//

#include "TransposePropagation.h"

#include "Epilogue.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/OneDNN/Transforms/Transposes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

Value prune::createTranspose(ImplicitLocOpBuilder &builder, Value matrix) {
  return onednn::createTranspose(builder, builder.getLoc(), matrix, {1, 0});
}

/// Exchanges the two loops of an indexing map.
static AffineMap exchangeLoops(AffineMap map) {
  MLIRContext *context = map.getContext();
  auto swap = AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0}, context);
  return map.compose(swap);
}

namespace {

/// An operand of the operation on the untransposed matrices.
struct NewOperand {
  Value value; ///< null: the operand stops the move
  AffineMap map;
};

struct MoveTransposeDown : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override;
};

struct CancelTransposes : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    Value inner = kernel::getTransposedMatrix(op.getInput());
    if (!inner || !op.hasPureTensorSemantics() ||
        kernel::getTransposedMatrix(op->getResult(0)) == Value())
      return rewriter.notifyMatchFailure(op, "no pair of transpositions");
    rewriter.replaceOp(op, inner);
    return success();
  }
};

/// A loop nest that sums reads the matrix itself, in the other order.
struct AbsorbIntoReduction : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override;
};

/// A reduction over one dimension is over the other of the matrix itself.
struct TurnReduction : OpRewritePattern<linalg::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ReduceOp op,
                                PatternRewriter &rewriter) const override {
    Value matrix = op.getInputs().size() == 1
                       ? kernel::getTransposedMatrix(op.getInputs().front())
                       : Value();
    if (!matrix || !op.hasPureTensorSemantics() ||
        op.getDimensions().size() != 1)
      return rewriter.notifyMatchFailure(op, "no reduction of a transpose");
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputsMutable().assign(matrix);
      op.setDimensions({1 - op.getDimensions().front()});
    });
    return success();
  }
};

} // namespace

/// True when the operation computes each element of its matrix from the
/// elements at the same place.
static bool isElementwise(linalg::LinalgOp op) {
  if (isa<linalg::TransposeOp, linalg::BroadcastOp, linalg::FillOp>(op) ||
      !isElementwiseOnTensors(op) || op.getNumLoops() != 2 ||
      op.hasIndexSemantics())
    return false;
  OpOperand *init = op.getDpsInitOperand(0);
  auto type = dyn_cast<RankedTensorType>(init->get().getType());
  return type && type.hasStaticShape() &&
         op.getMatchingBlockArgument(init).use_empty();
}

/// True for a fill or a constant of equal elements that can take any shape.
static bool isUniform(Value value) {
  DenseElementsAttr constant;
  return value.getDefiningOp<linalg::FillOp>() ||
         (matchPattern(value, m_Constant(&constant)) && constant.isSplat());
}

/// The scalar that all elements of a uniform matrix have.
static Value getUniformScalar(ImplicitLocOpBuilder &builder, Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return fill.getInputs().front();
  DenseElementsAttr constant;
  matchPattern(value, m_Constant(&constant));
  auto scalar = cast<TypedAttr>(constant.getSplatValue<Attribute>());
  return arith::ConstantOp::create(builder, scalar);
}

/// True when the operand can be turned without cost.
static bool canTurn(linalg::LinalgOp op, OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  if (map.getNumResults() < 2)
    return true;
  Value value = operand->get();
  return map.isIdentity() &&
         (kernel::getTransposedMatrix(value) || isUniform(value) ||
          getBroadcastVector(value, 0) || getBroadcastVector(value, 1));
}

static NewOperand turn(ImplicitLocOpBuilder &builder, linalg::LinalgOp op,
                       OpOperand *operand) {
  MLIRContext *context = op.getContext();
  AffineMap map = op.getMatchingIndexingMap(operand);
  Value value = operand->get();
  if (map.getNumResults() < 2)
    return {value, exchangeLoops(map)};
  if (Value matrix = kernel::getTransposedMatrix(value))
    return {matrix, map};
  for (int64_t dim : {0, 1})
    if (Value vector = getBroadcastVector(value, dim))
      return {vector, AffineMap::get(2, 0, getAffineDimExpr(1 - dim, context))};
  return {getUniformScalar(builder, value), AffineMap::get(2, 0, context)};
}

LogicalResult
MoveTransposeDown::matchAndRewrite(linalg::LinalgOp op,
                                   PatternRewriter &rewriter) const {
  if (!isElementwise(op))
    return rewriter.notifyMatchFailure(op, "not element-wise on a matrix");
  SmallVector<OpOperand *> inputs = op.getDpsInputOperands();
  if (llvm::none_of(inputs, [](OpOperand *operand) {
        return kernel::getTransposedMatrix(operand->get());
      }))
    return rewriter.notifyMatchFailure(op, "no operand is a transpose");
  if (!llvm::all_of(inputs,
                    [&](OpOperand *operand) { return canTurn(op, operand); }))
    return rewriter.notifyMatchFailure(op, "an operand cannot be turned");
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  for (OpOperand *operand : inputs) {
    NewOperand turned = turn(builder, op, operand);
    values.push_back(turned.value);
    maps.push_back(turned.map);
  }
  maps.push_back(AffineMap::getMultiDimIdentityMap(2, op.getContext()));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value empty = tensor::EmptyOp::create(
      builder, ArrayRef<int64_t>{type.getDimSize(1), type.getDimSize(0)},
      type.getElementType());
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(builder, empty.getType(), values,
                                           empty, maps, iterators);
  rewriter.cloneRegionBefore(op->getRegion(0), generic.getRegion(),
                             generic.getRegion().begin());
  Value result = createTranspose(builder, generic->getResult(0));
  rewriter.replaceOp(op, result);
  return success();
}

LogicalResult
AbsorbIntoReduction::matchAndRewrite(linalg::GenericOp op,
                                     PatternRewriter &rewriter) const {
  if (op.getNumReductionLoops() == 0 || op.getNumLoops() != 2 ||
      !op.hasPureTensorSemantics())
    return rewriter.notifyMatchFailure(op, "no sum over a matrix");
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Value> inputs(op.getInputs());
  bool changed = false;
  for (auto [value, map] : llvm::zip(inputs, maps)) {
    Value matrix = kernel::getTransposedMatrix(value);
    if (!matrix || map.getNumResults() != 2)
      continue;
    value = matrix;
    map = AffineMap::get(map.getNumDims(), 0,
                         {map.getResult(1), map.getResult(0)}, op.getContext());
    changed = true;
  }
  if (!changed)
    return rewriter.notifyMatchFailure(op, "no operand is a transpose");
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputsMutable().assign(inputs);
    op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  });
  return success();
}

void prune::populateTransposePropagationPatterns(RewritePatternSet &patterns) {
  patterns.add<AbsorbIntoReduction, CancelTransposes, MoveTransposeDown,
               TurnReduction>(patterns.getContext());
}
