//===- Criteria.h - What scores are computed of -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The arithmetic of every criterion, once: on doubles it scores constants, on
// `ScalarExpr` it makes the operations that score at run time.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_CRITERIA_H
#define PRUNE_DIALECT_PRUNE_UTILS_CRITERIA_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <cmath>

namespace mlir::prune {

/// The map through which a tensor that broadcasts to `shape` is read, over one
/// loop for each dimension.
AffineMap getBroadcastMap(RankedTensorType type, ArrayRef<int64_t> shape);

/// A floating-point scalar of the IR; arithmetic on it makes operations of
/// arith and math.
class ScalarExpr {
public:
  ScalarExpr(ImplicitLocOpBuilder &builder, Value value)
      : builder(&builder), value(value) {}

  Value getValue() const { return value; }
  ScalarExpr operator+(const ScalarExpr &other) const;
  ScalarExpr operator-(const ScalarExpr &other) const;
  ScalarExpr operator*(const ScalarExpr &other) const;
  ScalarExpr operator/(const ScalarExpr &other) const;
  ScalarExpr getMagnitude() const;
  /// The scalar, which is not negative, to a power.
  ScalarExpr getPower(double exponent) const;
  /// A number of the same type.
  ScalarExpr getNumber(double number) const;

private:
  ImplicitLocOpBuilder *builder;
  Value value;
};

/// The same interface on plain numbers.
class ScalarNumber {
public:
  ScalarNumber(double value) : value(value) {}

  double getValue() const { return value; }
  ScalarNumber operator+(ScalarNumber other) const {
    return value + other.value;
  }
  ScalarNumber operator-(ScalarNumber other) const {
    return value - other.value;
  }
  ScalarNumber operator*(ScalarNumber other) const {
    return value * other.value;
  }
  ScalarNumber operator/(ScalarNumber other) const {
    return value / other.value;
  }
  ScalarNumber getMagnitude() const { return std::abs(value); }
  ScalarNumber getPower(double exponent) const {
    if (exponent == 1.0)
      return value;
    if (exponent == 2.0)
      return value * value;
    return exponent == 0.5 ? std::sqrt(value) : std::pow(value, exponent);
  }
  ScalarNumber getNumber(double number) const { return number; }

private:
  double value;
};

/// What an element adds to the score of its group. `evidence` is there where
/// the criterion needs some. The exponent of a magnitude counts in groups of
/// several elements only (`isSingle`).
template <typename Scalar>
Scalar getElementScore(CriterionAttr criterion, bool isSingle,
                       const Scalar &weight,
                       const std::optional<Scalar> &evidence) {
  switch (criterion.getKind()) {
  case CriterionKind::Magnitude: {
    double p = isSingle ? 1.0 : criterion.getP().convertToDouble();
    // A square needs no sign.
    return p == 2.0 ? weight.getPower(p) : weight.getMagnitude().getPower(p);
  }
  case CriterionKind::Taylor:
    return weight * *evidence;
  case CriterionKind::Snip:
    return (weight * *evidence).getMagnitude();
  case CriterionKind::OptimalBrainDamage:
    return weight * weight * *evidence * weight.getNumber(0.5);
  case CriterionKind::OptimalBrainSurgeon:
    return weight * weight / (*evidence + *evidence);
  case CriterionKind::Wanda:
    return weight.getMagnitude() * *evidence;
  case CriterionKind::BatchNormScale:
    return evidence->getMagnitude();
  case CriterionKind::Apoz:
    return weight.getNumber(1.0) - *evidence;
  case CriterionKind::MeanActivation:
  case CriterionKind::GeometricMedian:
  case CriterionKind::Random:
    return *evidence;
  }
  llvm_unreachable("unknown criterion");
}

/// The score of a group from the sum, or the mean, of its elements.
template <typename Scalar>
Scalar getGroupScore(CriterionAttr criterion, bool isSingle,
                     const Scalar &total) {
  if (criterion.getKind() == CriterionKind::Taylor)
    return total.getMagnitude();
  if (criterion.getKind() == CriterionKind::Magnitude && !isSingle)
    return total.getPower(1.0 / criterion.getP().convertToDouble());
  return total;
}

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_CRITERIA_H
