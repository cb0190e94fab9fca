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
  SmallVector<AffineExpr> groups;
  for (auto [dimension, step] : llvm::enumerate(granularity.getSteps(rank)))
    if (step != GranularityAttr::kWhole)
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

Value mlir::prune::padToGroups(ImplicitLocOpBuilder &b, Value tensor,
                               ArrayRef<int64_t> steps) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> low(type.getRank(), b.getIndexAttr(0)), high;
  for (auto [extent, step] : llvm::zip_equal(type.getShape(), steps)) {
    int64_t whole = std::max<int64_t>(step, 1);
    shape.push_back(llvm::divideCeil(extent, whole) * whole);
    high.push_back(b.getIndexAttr(shape.back() - extent));
  }
  if (ArrayRef(shape) == type.getShape())
    return tensor;
  Value zero = createNumber(b, type.getElementType(), 0.0);
  auto pad =
      tensor::PadOp::create(b, type.clone(shape), tensor, low, high, zero);
  return pad.getResult();
}

/// A tensor with every dimension of several groups of several elements as two:
/// [rows/r, r, columns/c, c, ...].
static Value splitIntoGroups(ImplicitLocOpBuilder &b, Value tensor,
                             ArrayRef<int64_t> steps) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<ReassociationIndices> dims;
  for (auto [extent, step] : llvm::zip_equal(type.getShape(), steps)) {
    int64_t position = shape.size();
    dims.push_back({position});
    if (step <= 1) {
      shape.push_back(extent);
      continue;
    }
    dims.back().push_back(position + 1);
    shape.append({extent / step, step});
  }
  auto split = tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), tensor, dims);
  return split.getResult();
}

SmallVector<Value> mlir::prune::createGroupSums(ImplicitLocOpBuilder &b,
                                                ValueRange inputs,
                                                GranularityAttr granularity,
                                                int64_t count,
                                                ScalarsBody body) {
  int64_t rank = cast<RankedTensorType>(inputs.front().getType()).getRank();
  SmallVector<int64_t> steps = granularity.getSteps(rank);
  if (llvm::all_of(steps, [](int64_t step) { return step <= 1; })) {
    AffineMap map = getGroupMap(granularity, rank, b.getContext());
    return createZeroReduction(b, inputs, map, count, body);
  }
  SmallVector<Value> split;
  for (Value input : inputs) {
    Value padded = padToGroups(b, input, steps);
    Value parts = splitIntoGroups(b, padded, steps);
    split.push_back(parts);
  }
  SmallVector<unsigned> outer;
  unsigned position = 0;
  for (int64_t step : steps) {
    if (step != GranularityAttr::kWhole)
      outer.push_back(position);
    position += step > 1 ? 2 : 1;
  }
  AffineMap map = b.getMultiDimIdentityMap(position).getSubMap(outer);
  return createZeroReduction(b, split, map, count, body);
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
