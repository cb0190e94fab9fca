//===- Groups.cpp - Loops over the groups of a granularity ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Groups.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

AffineMap mlir::prune::getGroupMap(GranularityAttr granularity, int64_t rank,
                                   MLIRContext *context) {
  AffineMap identity = AffineMap::getMultiDimIdentityMap(rank, context);
  if (!granularity)
    return identity;
  unsigned axis = static_cast<unsigned>(granularity.getAxis());
  switch (granularity.getKind()) {
  case GranularityKind::Unstructured:
  case GranularityKind::NOfM:
    return identity;
  case GranularityKind::Vector:
    return identity.dropResult(axis);
  case GranularityKind::FilterPlane:
    return identity.getSubMap({0, 1});
  case GranularityKind::Channel:
    return identity.getSubMap({axis});
  case GranularityKind::Block:
    break;
  }
  SmallVector<AffineExpr> groups;
  for (auto [dimension, step] : llvm::enumerate(granularity.getShape()))
    groups.push_back(getAffineDimExpr(dimension, context).floorDiv(step));
  return AffineMap::get(rank, 0, groups, context);
}

Value mlir::prune::createGroupwise(ImplicitLocOpBuilder &b, ValueRange elements,
                                   ValueRange groups,
                                   GranularityAttr granularity,
                                   RankedTensorType type, ScalarsBody body) {
  SmallVector<Value> inputs(elements);
  llvm::append_range(inputs, groups);
  int64_t rank = type.getRank();
  SmallVector<AffineMap> maps(elements.size(), b.getMultiDimIdentityMap(rank));
  maps.append(groups.size(), getGroupMap(granularity, rank, b.getContext()));
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return createMapped(b, inputs, maps, empty, body).front();
}

Value mlir::prune::padToBlocks(ImplicitLocOpBuilder &b, Value weight,
                               GranularityAttr granularity) {
  auto type = cast<RankedTensorType>(weight.getType());
  if (granularity.getKind() != GranularityKind::Block)
    return weight;
  SmallVector<int64_t> shape;
  for (auto [extent, step] :
       llvm::zip_equal(type.getShape(), granularity.getShape()))
    shape.push_back(llvm::divideCeil(extent, step) * step);
  if (ArrayRef(shape) == type.getShape())
    return weight;
  SmallVector<OpFoldResult> low(type.getRank(), b.getIndexAttr(0)), high;
  for (auto [padded, extent] : llvm::zip_equal(shape, type.getShape()))
    high.push_back(b.getIndexAttr(padded - extent));
  Value zero = createNumber(b, type.getElementType(), 0.0);
  auto pad =
      tensor::PadOp::create(b, type.clone(shape), weight, low, high, zero);
  return pad.getResult();
}

/// A weight cut into blocks: [rows/r, r, columns/c, c, ...].
static FailureOr<Value> splitIntoBlocks(ImplicitLocOpBuilder &b, Value weight,
                                        ArrayRef<int64_t> block) {
  auto type = cast<RankedTensorType>(weight.getType());
  SmallVector<int64_t> shape;
  SmallVector<ReassociationIndices> groups;
  for (auto [extent, step] : llvm::zip_equal(type.getShape(), block)) {
    if (extent % step != 0)
      return failure();
    int64_t position = shape.size();
    groups.push_back({position, position + 1});
    shape.append({extent / step, step});
  }
  auto split = tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), weight, groups);
  return split.getResult();
}

FailureOr<SmallVector<Value>>
mlir::prune::createGroupSums(ImplicitLocOpBuilder &b, ValueRange inputs,
                             GranularityAttr granularity, int64_t count,
                             ScalarsBody body) {
  int64_t rank = cast<RankedTensorType>(inputs.front().getType()).getRank();
  if (granularity.getKind() != GranularityKind::Block) {
    AffineMap map = getGroupMap(granularity, rank, b.getContext());
    return createZeroReduction(b, inputs, map, count, body);
  }
  SmallVector<Value> blocks;
  for (Value input : inputs) {
    FailureOr<Value> split = splitIntoBlocks(b, input, granularity.getShape());
    if (failed(split))
      return failure();
    blocks.push_back(*split);
  }
  SmallVector<unsigned> outer;
  for (int64_t i = 0; i < rank; ++i)
    outer.push_back(2 * i);
  AffineMap map = b.getMultiDimIdentityMap(2 * rank).getSubMap(outer);
  return createZeroReduction(b, blocks, map, count, body);
}

Value mlir::prune::createSurrogateSlope(ImplicitLocOpBuilder &e, SteAttr ste,
                                        Value m, Value factor) {
  Type type = m.getType();
  switch (ste.getKind()) {
  case SteKind::Linear:
    return factor;
  case SteKind::HardSigmoid: {
    Value zero = createNumber(e, type, 0.0);
    Value magnitude = math::AbsFOp::create(e, m);
    Value one = createNumber(e, type, 1.0);
    Value isInside = isGreater(e, one, magnitude);
    Value share = createNumber(e, type, 0.5);
    Value half = arith::MulFOp::create(e, factor, share);
    return arith::SelectOp::create(e, isInside, half, zero);
  }
  case SteKind::Relu: {
    Value zero = createNumber(e, type, 0.0);
    Value isOpen = isGreater(e, m, zero);
    return arith::SelectOp::create(e, isOpen, factor, zero);
  }
  case SteKind::LeakyRelu: {
    Value zero = createNumber(e, type, 0.0);
    Value isOpen = isGreater(e, m, zero);
    Value slope = createNumber(e, type, ste.getSlope().convertToDouble());
    Value less = arith::MulFOp::create(e, factor, slope);
    return arith::SelectOp::create(e, isOpen, factor, less);
  }
  case SteKind::Softplus: {
    Value opposite = arith::NegFOp::create(e, m);
    Value exponential = math::ExpOp::create(e, opposite);
    Value one = createNumber(e, type, 1.0);
    Value denominator = arith::AddFOp::create(e, exponential, one);
    return arith::DivFOp::create(e, factor, denominator);
  }
  }
  llvm_unreachable("unknown straight-through estimator");
}

Value mlir::prune::createSignTerm(ImplicitLocOpBuilder &e, Value factor,
                                  Value x) {
  Value zero = createNumber(e, x.getType(), 0.0);
  Value isPositive = isGreater(e, x, zero);
  Value isNegative = isGreater(e, zero, x);
  Value opposite = arith::NegFOp::create(e, factor);
  Value atMostZero = arith::SelectOp::create(e, isNegative, opposite, zero);
  return arith::SelectOp::create(e, isPositive, factor, atMostZero);
}
