//===- Ranking.cpp - Masks by magnitude in the IR -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ranking.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::prune;

static Value createSplat(OpBuilder &builder, Location loc, Type type,
                         double value) {
  auto tensor = cast<RankedTensorType>(type);
  FloatAttr element = builder.getFloatAttr(tensor.getElementType(), value);
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(tensor, element));
}

Value prune::createMagnitudes(OpBuilder &builder, Location loc, Value weight,
                              GranularityAttr granularity) {
  auto type = cast<RankedTensorType>(weight.getType());
  FailureOr<SmallVector<int64_t>> grid =
      granularity.getGridShape(type.getShape());
  assert(succeeded(grid) && "expected a granularity that fits");
  auto criterion = CriterionAttr::get(
      builder.getContext(), CriterionKind::Magnitude, llvm::APFloat(1.0));
  return ScoreOp::create(builder, loc,
                         RankedTensorType::get(*grid, type.getElementType()),
                         weight, /*evidence=*/Value(), criterion, granularity);
}

Value prune::rankPrunedLowest(OpBuilder &builder, Location loc, Value scores,
                              Value mask, GranularityAttr granularity) {
  Type type = scores.getType();
  Value lowest = createSplat(builder, loc, type, -1.0);
  auto maskType = cast<RankedTensorType>(mask.getType());
  Value isKept = mask;
  if (maskType.getShape() != cast<RankedTensorType>(type).getShape()) {
    // The number of elements of each group that are kept.
    Type wide = maskType.clone(getElementTypeOrSelf(type));
    Value one = createSplat(builder, loc, wide, 1.0);
    Value zero = createSplat(builder, loc, wide, 0.0);
    Value ones = arith::SelectOp::create(builder, loc, mask, one, zero);
    Value counts = createMagnitudes(builder, loc, ones, granularity);
    Value none = createSplat(builder, loc, type, 0.0);
    isKept = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT,
                                   counts, none);
  }
  return arith::SelectOp::create(builder, loc, isKept, scores, lowest);
}

SmallVector<Value> prune::createSelection(OpBuilder &builder, Location loc,
                                          ValueRange scores,
                                          ArrayRef<Type> maskTypes,
                                          Value sparsity,
                                          GranularityAttr granularity) {
  auto selection = SelectionAttr::get(builder.getContext(),
                                      sparsity ? SelectionKind::Sparsity
                                               : SelectionKind::KeepAll,
                                      llvm::APFloat(0.0));
  auto select = SelectMaskOp::create(builder, loc, maskTypes, scores, sparsity,
                                     selection, granularity);
  return llvm::to_vector_of<Value>(select.getMasks());
}

Value prune::scaleScalar(OpBuilder &builder, Location loc, Value value,
                         double number) {
  if (number == 1.0)
    return value;
  FloatAttr attribute = builder.getFloatAttr(value.getType(), number);
  Value factor = arith::ConstantOp::create(builder, loc, attribute);
  return arith::MulFOp::create(builder, loc, value, factor);
}
