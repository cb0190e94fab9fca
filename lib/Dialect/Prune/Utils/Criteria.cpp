//===- Criteria.cpp - What scores are computed of -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Criteria.h"

#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::prune;

AffineMap mlir::prune::getBroadcastMap(RankedTensorType type,
                                       ArrayRef<int64_t> shape) {
  MLIRContext *context = type.getContext();
  SmallVector<AffineExpr> results;
  for (auto [dim, extents] :
       llvm::enumerate(llvm::zip_equal(type.getShape(), shape))) {
    auto [extent, whole] = extents;
    results.push_back(extent == whole ? getAffineDimExpr(dim, context)
                                      : getAffineConstantExpr(0, context));
  }
  return AffineMap::get(shape.size(), 0, results, context);
}

ScalarExpr ScalarExpr::operator+(const ScalarExpr &other) const {
  Value sum = arith::AddFOp::create(*builder, value, other.value);
  return {*builder, sum};
}

ScalarExpr ScalarExpr::operator-(const ScalarExpr &other) const {
  Value difference = arith::SubFOp::create(*builder, value, other.value);
  return {*builder, difference};
}

ScalarExpr ScalarExpr::operator*(const ScalarExpr &other) const {
  Value product = arith::MulFOp::create(*builder, value, other.value);
  return {*builder, product};
}

ScalarExpr ScalarExpr::operator/(const ScalarExpr &other) const {
  Value quotient = arith::DivFOp::create(*builder, value, other.value);
  return {*builder, quotient};
}

ScalarExpr ScalarExpr::getMagnitude() const {
  Value magnitude = math::AbsFOp::create(*builder, value);
  return {*builder, magnitude};
}

ScalarExpr ScalarExpr::getPower(double exponent) const {
  if (exponent == 1.0)
    return *this;
  if (exponent == 2.0)
    return *this * *this;
  if (exponent == 0.5) {
    Value root = math::SqrtOp::create(*builder, value);
    return {*builder, root};
  }
  ScalarExpr number = getNumber(exponent);
  Value power = math::PowFOp::create(*builder, value, number.value);
  return {*builder, power};
}

ScalarExpr ScalarExpr::getNumber(double number) const {
  Value constant = createNumber(*builder, value.getType(), number);
  return {*builder, constant};
}
