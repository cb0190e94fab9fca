//===- AdjointModel.h - Common parts of reverse-mode rules ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_ADJOINTMODEL_H
#define PRUNE_LIB_IMPLEMENTATIONS_ADJOINTMODEL_H

#include "Prune/Interfaces/AdjointOpInterface.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::prune {

/// Builds floating-point expressions on scalars and, element by element, on
/// tensors, folding what is constant.
class FloatBuilder : public ImplicitLocOpBuilder {
public:
  /// `like` tells the extents of constants whose type leaves them open.
  FloatBuilder(Location loc, const OpBuilder &builder, Value like = {})
      : ImplicitLocOpBuilder(loc, builder), like(like) {}

  /// `value` in the given floating-point type, a splat for a tensor type.
  Value constant(Type type, double value);
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value div(Value lhs, Value rhs);
  Value neg(Value operand);
  /// `value * factor`.
  Value scale(Value value, double factor);
  /// `lhs > rhs`, false for NaN.
  Value greater(Value lhs, Value rhs);
  Value select(Value condition, Value ifTrue, Value ifFalse);

private:
  Value like;
};

/// Base of the rules of operations with one result. The concrete model has
///   static LogicalResult build(OpTy op, Value adjoint, FloatBuilder &b,
///                              ArrayRef<bool> needed,
///                              MutableArrayRef<Value> inputs);
template <typename ConcreteModel, typename OpTy>
struct AdjointModel : AdjointOpInterface::ExternalModel<ConcreteModel, OpTy> {
  LogicalResult buildAdjoint(Operation *op, OpBuilder &builder,
                             ArrayRef<Value> resultAdjoints,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputAdjoints) const {
    FloatBuilder b(op->getLoc(), builder, /*like=*/op->getResult(0));
    return ConcreteModel::build(cast<OpTy>(op), resultAdjoints.front(), b,
                                needed, inputAdjoints);
  }
};

/// Base of the rules of operations with one input and one result. The concrete
/// model has
///   static Value build(OpTy op, Value adjoint, FloatBuilder &b);
/// which returns the adjoint of the input, null when it is zero.
template <typename ConcreteModel, typename OpTy>
struct UnaryAdjointModel
    : AdjointOpInterface::ExternalModel<ConcreteModel, OpTy> {
  LogicalResult buildAdjoint(Operation *op, OpBuilder &builder,
                             ArrayRef<Value> resultAdjoints,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputAdjoints) const {
    FloatBuilder b(op->getLoc(), builder, /*like=*/op->getResult(0));
    if (needed.front())
      inputAdjoints.front() =
          ConcreteModel::build(cast<OpTy>(op), resultAdjoints.front(), b);
    return success();
  }
};

/// An operation whose result is the larger or the smaller of two values.
struct Extremum {
  Value lhs, rhs;
  bool isMaximum;
};

/// Recognizes the operation that defines an extremum: arith's maximum and
/// minimum, and a selection by a comparison of the two values.
std::optional<Extremum> matchExtremum(Operation *op);

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_ADJOINTMODEL_H
