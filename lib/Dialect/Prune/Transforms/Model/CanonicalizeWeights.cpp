//===- CanonicalizeWeights.cpp - Store weights as [out, in] ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over the contractions. Copies in front of an operand move into its
// indexing map as long as the operation stays valid. A named operation whose
// maps cannot be what they became is made again as a linalg.matmul, if need be
// of reshaped operands, or as a linalg.contract. A constant that is stored as
// [in, out] is transposed once, element by element, and the operand's map with
// it. Linear in the operations and in the bytes of the weights.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-canonicalize-weights"

namespace mlir::prune {
#define GEN_PASS_DEF_CANONICALIZEWEIGHTSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True for what can be a weight before parameters have their marks: a constant
/// or an argument of the function.
static bool mayBeParameter(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<func::FuncOp>(argument.getOwner()->getParentOp());
  return value.getDefiningOp<arith::ConstantOp>() != nullptr;
}

static bool isConstant(Value value) {
  return skipReshapes(value).getDefiningOp<arith::ConstantOp>() != nullptr;
}

/// A value without a dimension of extent one.
static Value dropUnitDimension(OpBuilder &builder, Value value, unsigned dim) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + dim);
  auto newType = RankedTensorType::get(shape, type.getElementType());
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  // A constant with other users stays one constant.
  if (constant && constant->hasOneUse())
    if (TypedAttr reshaped = reshapeConstant(constant.getValue(), newType)) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(constant);
      auto newConstant =
          arith::ConstantOp::create(builder, constant.getLoc(), reshaped);
      newConstant->setDiscardableAttrs(
          constant->getDiscardableAttrDictionary());
      return newConstant;
    }
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (i == dim && !groups.empty())
      groups.back().push_back(i);
    else if (i == dim + 1 && dim == 0)
      groups.push_back({0, 1});
    else if (i != dim)
      groups.push_back({i});
  }
  return tensor::CollapseShapeOp::create(builder, value.getLoc(), newType,
                                         value, groups);
}

namespace {
struct CanonicalizeWeightsPass
    : prune::impl::CanonicalizeWeightsPassBase<CanonicalizeWeightsPass> {
  using CanonicalizeWeightsPassBase::CanonicalizeWeightsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops)
      numSumsFused += bool(fuseSumOfProducts(op, mayBeParameter));
    ops.clear();
    getOperation().walk([&](linalg::LinalgOp op) {
      if (linalg::isaContractionOpInterface(op) && op.hasPureTensorSemantics())
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops)
      canonicalize(op);
  }

private:
  void canonicalize(linalg::LinalgOp op) {
    Contraction contraction(op);
    for (unsigned input : {0u, 1u})
      numLoopsSplit += contraction.splitMergedLoops(input, mayBeParameter);
    for (unsigned input : {0u, 1u})
      foldCopies(contraction, input);
    // The second input is the weight when both could be.
    bool isFirst = isConstant(contraction.inputs[0].value) &&
                   !isConstant(contraction.inputs[1].value);
    dropUnitBatch(contraction, isFirst ? 0 : 1);
    numProductsFlattened += contraction.commit();
    // A linalg.contract takes copies that what it was before did not.
    for (unsigned input : {0u, 1u})
      foldCopies(contraction, input);
    numProductsFlattened += contraction.commit();
    // Whether a constant has one user only shows once the copies are gone.
    for (unsigned input : {0u, 1u})
      if (!keepOrder)
        numWeightsTransposed += contraction.canonicalizeWeight(input);
    contraction.commit();
  }

  /// Moves copies in front of an input into its map. What can be no parameter
  /// is left alone where the operation would have to become another one.
  void foldCopies(Contraction &contraction, unsigned input) {
    Elements &elements = contraction.inputs[input];
    bool isWeight = mayBeParameter(resolveCopies(elements).value);
    while (std::optional<Elements> source = stepThroughCopy(elements)) {
      if (!hasCopyInFront(elements) || !contraction.allows(input, source->map))
        return;
      bool isTransposition =
          source->map.getNumResults() == elements.map.getNumResults();
      if (!isWeight &&
          !(isTransposition && contraction.takesMap(input, source->map)))
        return;
      elements = *source;
      LDBG() << "operand " << input
             << " reads through a copy: " << elements.map;
      ++(isTransposition ? numTransposesFolded : numBroadcastsFolded);
    }
  }

  /// True when there is a copy in front of the elements that is more than a
  /// reshape: reshapes alone are no cost.
  static bool hasCopyInFront(Elements elements) {
    while (!elements.value.getDefiningOp<linalg::LinalgOp>()) {
      std::optional<Elements> source = stepThroughCopy(elements);
      if (!source)
        return false;
      elements = *source;
    }
    return getCopiedInput(elements.value.getDefiningOp<linalg::LinalgOp>());
  }

  /// A weight [1, in, out] of a product with a batch of one is [in, out].
  void dropUnitBatch(Contraction &contraction, unsigned input) {
    Elements &elements = contraction.inputs[input];
    auto type = dyn_cast<RankedTensorType>(elements.value.getType());
    if (!type || type.getRank() != 3 || !type.hasStaticShape() ||
        !contraction.isUniform() ||
        !mayBeParameter(skipReshapes(elements.value)))
      return;
    for (unsigned dim = 0; dim < 3; ++dim) {
      AffineMap map = elements.map.dropResult(dim);
      unsigned loop = elements.map.getDimPosition(dim);
      if (type.getDimSize(dim) != 1 || !contraction.isBatchLoop(loop) ||
          !contraction.allows(input, map))
        continue;
      OpBuilder builder(contraction.op);
      elements = {dropUnitDimension(builder, elements.value, dim), map};
      return;
    }
  }
};
} // namespace
