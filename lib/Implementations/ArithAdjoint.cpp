//===- ArithAdjoint.cpp - Reverse-mode rules of arith ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The rules hold for scalars and, element by element, for tensors. They read
// results rather than operands where they can: the maximum of x and a constant
// passes the adjoint where the result exceeds the constant, and a sigmoid
// written as a division needs nothing but its result.
//
//===----------------------------------------------------------------------===//

#include "AdjointModel.h"

#include "Prune/Implementations/Adjoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

struct AddFModel : AdjointModel<AddFModel, arith::AddFOp> {
  static LogicalResult build(arith::AddFOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    inputs[0] = adjoint;
    inputs[1] = adjoint;
    return success();
  }
};

struct SubFModel : AdjointModel<SubFModel, arith::SubFOp> {
  static LogicalResult build(arith::SubFOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    inputs[0] = adjoint;
    if (needed[1])
      inputs[1] = b.neg(adjoint);
    return success();
  }
};

struct MulFModel : AdjointModel<MulFModel, arith::MulFOp> {
  static LogicalResult build(arith::MulFOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    Value lhs = op.getLhs(), rhs = op.getRhs();
    if (lhs == rhs) {
      if (needed[0]) {
        Value twice = b.add(lhs, lhs);
        inputs[0] = b.mul(adjoint, twice);
      }
      return success();
    }
    if (needed[0])
      inputs[0] = b.mul(adjoint, rhs);
    if (needed[1])
      inputs[1] = b.mul(adjoint, lhs);
    return success();
  }
};

/// The x of a logistic function 1 / (1 + exp(-x)), null for another quotient.
static Value matchSigmoid(arith::DivFOp op) {
  if (!matchPattern(op.getLhs(), m_OneFloat()))
    return {};
  auto sum = op.getRhs().getDefiningOp<arith::AddFOp>();
  if (!sum)
    return {};
  Value lhs = sum.getLhs(), rhs = sum.getRhs();
  if (matchPattern(lhs, m_OneFloat()))
    std::swap(lhs, rhs);
  auto exponential = lhs.getDefiningOp<math::ExpOp>();
  if (!exponential || !matchPattern(rhs, m_OneFloat()))
    return {};
  auto negation = exponential.getOperand().getDefiningOp<arith::NegFOp>();
  return negation ? negation.getOperand() : Value();
}

struct DivFModel : AdjointModel<DivFModel, arith::DivFOp> {
  SmallVector<Value> getAdjointInputs(Operation *op) const {
    if (Value input = matchSigmoid(cast<arith::DivFOp>(op)))
      return {input};
    return llvm::to_vector(op->getOperands());
  }

  static LogicalResult build(arith::DivFOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (inputs.size() == 1) {
      if (!needed[0])
        return success();
      Value one = b.constant(op.getType(), 1.0);
      Value rest = b.sub(one, op.getResult());
      Value slope = b.mul(op.getResult(), rest);
      inputs[0] = b.mul(adjoint, slope);
      return success();
    }
    Value quotient = b.div(adjoint, op.getRhs());
    if (needed[0])
      inputs[0] = quotient;
    if (needed[1]) {
      Value product = b.mul(quotient, op.getResult());
      inputs[1] = b.neg(product);
    }
    return success();
  }
};

struct NegFModel : UnaryAdjointModel<NegFModel, arith::NegFOp> {
  static Value build(arith::NegFOp op, Value adjoint, FloatBuilder &b) {
    return b.neg(adjoint);
  }
};

struct ExtFModel : UnaryAdjointModel<ExtFModel, arith::ExtFOp> {
  static Value build(arith::ExtFOp op, Value adjoint, FloatBuilder &b) {
    return arith::TruncFOp::create(b, op.getIn().getType(), adjoint);
  }
};

struct TruncFModel : UnaryAdjointModel<TruncFModel, arith::TruncFOp> {
  static Value build(arith::TruncFOp op, Value adjoint, FloatBuilder &b) {
    return arith::ExtFOp::create(b, op.getIn().getType(), adjoint);
  }
};

/// Sends the adjoint of an extremum to the value that is the result. Equal
/// values: the first one when it alone is needed gets nothing, else the second
/// one gets everything; both are subgradients.
static void buildExtremumAdjoint(const Extremum &extremum, Value result,
                                 Value adjoint, FloatBuilder &b,
                                 bool isLhsNeeded, bool isRhsNeeded,
                                 Value &lhsAdjoint, Value &rhsAdjoint) {
  if (!isLhsNeeded) {
    Extremum swapped{extremum.rhs, extremum.lhs, extremum.isMaximum};
    if (isRhsNeeded)
      buildExtremumAdjoint(swapped, result, adjoint, b, true, false, rhsAdjoint,
                           lhsAdjoint);
    return;
  }
  Value isLhs = extremum.isMaximum ? b.greater(result, extremum.rhs)
                                   : b.greater(extremum.rhs, result);
  Value zero = b.constant(result.getType(), 0.0);
  lhsAdjoint = b.select(isLhs, adjoint, zero);
  if (isRhsNeeded)
    rhsAdjoint = b.select(isLhs, zero, adjoint);
}

template <typename OpTy>
struct ExtremumModel : AdjointModel<ExtremumModel<OpTy>, OpTy> {
  static LogicalResult build(OpTy op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    buildExtremumAdjoint(*matchExtremum(op), op.getResult(), adjoint, b,
                         needed[0], needed[1], inputs[0], inputs[1]);
    return success();
  }
};

struct SelectModel : AdjointModel<SelectModel, arith::SelectOp> {
  static LogicalResult build(arith::SelectOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (auto extremum = matchExtremum(op)) {
      buildExtremumAdjoint(*extremum, op.getResult(), adjoint, b, needed[1],
                           needed[2], inputs[1], inputs[2]);
      return success();
    }
    Value zero = b.constant(op.getType(), 0.0);
    if (needed[1])
      inputs[1] = b.select(op.getCondition(), adjoint, zero);
    if (needed[2])
      inputs[2] = b.select(op.getCondition(), zero, adjoint);
    return success();
  }
};

} // namespace

void mlir::prune::registerArithAdjointModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    arith::AddFOp::attachInterface<AddFModel>(*context);
    arith::SubFOp::attachInterface<SubFModel>(*context);
    arith::MulFOp::attachInterface<MulFModel>(*context);
    arith::DivFOp::attachInterface<DivFModel>(*context);
    arith::NegFOp::attachInterface<NegFModel>(*context);
    arith::ExtFOp::attachInterface<ExtFModel>(*context);
    arith::TruncFOp::attachInterface<TruncFModel>(*context);
    arith::MaximumFOp::attachInterface<ExtremumModel<arith::MaximumFOp>>(
        *context);
    arith::MaxNumFOp::attachInterface<ExtremumModel<arith::MaxNumFOp>>(
        *context);
    arith::MinimumFOp::attachInterface<ExtremumModel<arith::MinimumFOp>>(
        *context);
    arith::MinNumFOp::attachInterface<ExtremumModel<arith::MinNumFOp>>(
        *context);
    arith::SelectOp::attachInterface<SelectModel>(*context);
  });
}
