//===- AdjointModel.cpp - Common parts of reverse-mode rules --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AdjointModel.h"

#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"
#include "Prune/Implementations/Adjoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::prune;

Value FloatBuilder::constant(Type type, double value) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && !tensor.hasStaticShape()) {
    assert(like && like.getType() == type && "no value tells the extents");
    return createFilledLike(*this, getLoc(), like, value);
  }
  TypedAttr attribute = getFloatAttr(element, value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attribute = SplatElementsAttr::get(shaped, Attribute(attribute));
  return arith::ConstantOp::create(*this, attribute);
}

Value FloatBuilder::add(Value lhs, Value rhs) {
  return createOrFold<arith::AddFOp>(lhs, rhs);
}

Value FloatBuilder::sub(Value lhs, Value rhs) {
  return createOrFold<arith::SubFOp>(lhs, rhs);
}

Value FloatBuilder::mul(Value lhs, Value rhs) {
  // The folder looks for a neutral constant on the right.
  if (matchPattern(lhs, m_Constant()))
    std::swap(lhs, rhs);
  return createOrFold<arith::MulFOp>(lhs, rhs);
}

Value FloatBuilder::div(Value lhs, Value rhs) {
  return createOrFold<arith::DivFOp>(lhs, rhs);
}

Value FloatBuilder::neg(Value operand) {
  return createOrFold<arith::NegFOp>(operand);
}

Value FloatBuilder::scale(Value value, double factor) {
  Value constantFactor = constant(value.getType(), factor);
  return mul(value, constantFactor);
}

Value FloatBuilder::greater(Value lhs, Value rhs) {
  return createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OGT, lhs, rhs);
}

Value FloatBuilder::select(Value condition, Value ifTrue, Value ifFalse) {
  return createOrFold<arith::SelectOp>(condition, ifTrue, ifFalse);
}

/// Recognizes `lhs > rhs ? lhs : rhs` and its mirror images.
static std::optional<Extremum> matchSelectedExtremum(arith::SelectOp op) {
  auto comparison = op.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!comparison)
    return std::nullopt;
  Value lhs = comparison.getLhs(), rhs = comparison.getRhs();
  Value ifTrue = op.getTrueValue(), ifFalse = op.getFalseValue();
  bool isStraight = ifTrue == lhs && ifFalse == rhs;
  bool isSwapped = ifTrue == rhs && ifFalse == lhs;
  if (!isStraight && !isSwapped)
    return std::nullopt;
  switch (comparison.getPredicate()) {
  case arith::CmpFPredicate::OGT:
  case arith::CmpFPredicate::OGE:
  case arith::CmpFPredicate::UGT:
  case arith::CmpFPredicate::UGE:
    return Extremum{ifTrue, ifFalse, /*isMaximum=*/isStraight};
  case arith::CmpFPredicate::OLT:
  case arith::CmpFPredicate::OLE:
  case arith::CmpFPredicate::ULT:
  case arith::CmpFPredicate::ULE:
    return Extremum{ifTrue, ifFalse, /*isMaximum=*/isSwapped};
  default:
    return std::nullopt;
  }
}

std::optional<Extremum> mlir::prune::matchExtremum(Operation *op) {
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op))
    return Extremum{op->getOperand(0), op->getOperand(1), /*isMaximum=*/true};
  if (isa<arith::MinimumFOp, arith::MinNumFOp>(op))
    return Extremum{op->getOperand(0), op->getOperand(1), /*isMaximum=*/false};
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return matchSelectedExtremum(select);
  return std::nullopt;
}

void mlir::prune::registerAdjointModels(DialectRegistry &registry) {
  registerArithAdjointModels(registry);
  registerLinalgAdjointModels(registry);
  registerMathAdjointModels(registry);
  registerPruneAdjointModels(registry);
  registerTensorAdjointModels(registry);
}
