//===- StructuredBuilder.cpp - Short forms of structured ops --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;
using namespace mlir::prune;

Value mlir::prune::createEmptyLike(OpBuilder &builder, Location loc, Value like,
                                   Type elementType) {
  auto type = cast<RankedTensorType>(like.getType());
  if (!elementType)
    elementType = type.getElementType();
  if (type.hasStaticShape())
    return tensor::EmptyOp::create(builder, loc, type.getShape(), elementType);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, like);
  return tensor::EmptyOp::create(builder, loc, sizes, elementType);
}

/// Fills `destination` with a floating-point constant.
static Value fill(OpBuilder &builder, Location loc, Value destination,
                  double value) {
  Type elementType =
      cast<RankedTensorType>(destination.getType()).getElementType();
  Value scalar = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(elementType, value));
  auto filled = linalg::FillOp::create(builder, loc, scalar, destination);
  return filled.getResult(0);
}

Value mlir::prune::createFilledLike(OpBuilder &builder, Location loc,
                                    Value like, double value) {
  Value empty = createEmptyLike(builder, loc, like);
  return fill(builder, loc, empty, value);
}

Value mlir::prune::detail::createReduction(OpBuilder &builder, Location loc,
                                           Value input,
                                           ArrayRef<int64_t> dimensions,
                                           double start, ScalarBody combine) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, input);
  SmallVector<OpFoldResult> kept;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (!llvm::is_contained(dimensions, i))
      kept.push_back(sizes[i]);
  Value empty =
      tensor::EmptyOp::create(builder, loc, kept, type.getElementType());
  Value init = fill(builder, loc, empty, start);
  auto reduction = linalg::ReduceOp::create(
      builder, loc, input, init, dimensions,
      [&](OpBuilder &b, Location loc, ValueRange args) {
        // The order that has a short printed form.
        Value swapped[] = {args[1], args[0]};
        Value combined = combine(b, loc, swapped);
        linalg::YieldOp::create(b, loc, combined);
      });
  return reduction.getResult(0);
}

Value mlir::prune::createSum(OpBuilder &builder, Location loc, Value input,
                             ArrayRef<int64_t> dimensions) {
  return createReduction<arith::AddFOp>(builder, loc, input, dimensions, 0.0);
}

/// `exp(element - maximum of its row)` for each element of `logits`.
static Value createShiftedExponentials(OpBuilder &builder, Location loc,
                                       Value logits, Value maximum) {
  MLIRContext *context = builder.getContext();
  AffineMap elementMap = AffineMap::getMultiDimIdentityMap(2, context);
  AffineMap rowMap = elementMap.getSubMap({0});
  Value empty = createEmptyLike(builder, loc, logits);
  auto exponentials = linalg::GenericOp::create(
      builder, loc, logits.getType(), ValueRange{logits, maximum},
      ValueRange{empty}, ArrayRef<AffineMap>{elementMap, rowMap, elementMap},
      SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
      [](OpBuilder &b, Location loc, ValueRange args) {
        Value shifted = arith::SubFOp::create(b, loc, args[0], args[1]);
        Value exponential = math::ExpOp::create(b, loc, shifted);
        linalg::YieldOp::create(b, loc, exponential);
      });
  return exponentials.getResult(0);
}

SoftmaxParts mlir::prune::createSoftmaxParts(OpBuilder &builder, Location loc,
                                             Value logits) {
  double lowest = -std::numeric_limits<double>::infinity();
  SoftmaxParts parts;
  parts.maximum =
      createReduction<arith::MaximumFOp>(builder, loc, logits,
                                         /*dimensions=*/{1}, lowest);
  parts.exponentials =
      createShiftedExponentials(builder, loc, logits, parts.maximum);
  parts.sum = createSum(builder, loc, parts.exponentials, /*dimensions=*/{1});
  return parts;
}
