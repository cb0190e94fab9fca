//===- MathAdjoint.cpp - Reverse-mode rules of math -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Each rule multiplies the adjoint by the derivative, written with the result
// where that is possible. Rounding has derivative zero; the derivative of |x|
// at zero is zero.
//
//===----------------------------------------------------------------------===//

#include "AdjointModel.h"

#include "Prune/Implementations/Adjoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Exponentials, logarithms and roots
//===----------------------------------------------------------------------===//

static Value buildExp(math::ExpOp op, Value adjoint, FloatBuilder &b) {
  return b.mul(adjoint, op.getResult());
}

static Value buildExp2(math::Exp2Op op, Value adjoint, FloatBuilder &b) {
  Value product = b.mul(adjoint, op.getResult());
  return b.scale(product, llvm::numbers::ln2);
}

static Value buildExpM1(math::ExpM1Op op, Value adjoint, FloatBuilder &b) {
  Value one = b.constant(op.getType(), 1.0);
  Value slope = b.add(op.getResult(), one);
  return b.mul(adjoint, slope);
}

static Value buildLog(math::LogOp op, Value adjoint, FloatBuilder &b) {
  return b.div(adjoint, op.getOperand());
}

static Value buildLog1p(math::Log1pOp op, Value adjoint, FloatBuilder &b) {
  Value one = b.constant(op.getType(), 1.0);
  Value sum = b.add(op.getOperand(), one);
  return b.div(adjoint, sum);
}

static Value buildLog2(math::Log2Op op, Value adjoint, FloatBuilder &b) {
  Value denominator = b.scale(op.getOperand(), llvm::numbers::ln2);
  return b.div(adjoint, denominator);
}

static Value buildLog10(math::Log10Op op, Value adjoint, FloatBuilder &b) {
  Value denominator = b.scale(op.getOperand(), llvm::numbers::ln10);
  return b.div(adjoint, denominator);
}

static Value buildSqrt(math::SqrtOp op, Value adjoint, FloatBuilder &b) {
  Value denominator = b.scale(op.getResult(), 2.0);
  return b.div(adjoint, denominator);
}

static Value buildRsqrt(math::RsqrtOp op, Value adjoint, FloatBuilder &b) {
  Value square = b.mul(op.getResult(), op.getResult());
  Value cube = b.mul(square, op.getResult());
  Value slope = b.scale(cube, -0.5);
  return b.mul(adjoint, slope);
}

static Value buildCbrt(math::CbrtOp op, Value adjoint, FloatBuilder &b) {
  Value square = b.mul(op.getResult(), op.getResult());
  Value denominator = b.scale(square, 3.0);
  return b.div(adjoint, denominator);
}

//===----------------------------------------------------------------------===//
// Trigonometric and hyperbolic functions
//===----------------------------------------------------------------------===//

static Value buildSin(math::SinOp op, Value adjoint, FloatBuilder &b) {
  Value slope = math::CosOp::create(b, op.getOperand());
  return b.mul(adjoint, slope);
}

static Value buildCos(math::CosOp op, Value adjoint, FloatBuilder &b) {
  Value sine = math::SinOp::create(b, op.getOperand());
  Value slope = b.neg(sine);
  return b.mul(adjoint, slope);
}

static Value buildAtan(math::AtanOp op, Value adjoint, FloatBuilder &b) {
  Value square = b.mul(op.getOperand(), op.getOperand());
  Value one = b.constant(op.getType(), 1.0);
  Value denominator = b.add(square, one);
  return b.div(adjoint, denominator);
}

static Value buildSinh(math::SinhOp op, Value adjoint, FloatBuilder &b) {
  Value slope = math::CoshOp::create(b, op.getOperand());
  return b.mul(adjoint, slope);
}

static Value buildCosh(math::CoshOp op, Value adjoint, FloatBuilder &b) {
  Value slope = math::SinhOp::create(b, op.getOperand());
  return b.mul(adjoint, slope);
}

static Value buildTanh(math::TanhOp op, Value adjoint, FloatBuilder &b) {
  Value square = b.mul(op.getResult(), op.getResult());
  Value one = b.constant(op.getType(), 1.0);
  Value slope = b.sub(one, square);
  return b.mul(adjoint, slope);
}

//===----------------------------------------------------------------------===//
// Error function, absolute value, rounding
//===----------------------------------------------------------------------===//

/// `adjoint * factor * exp(-x^2)`
static Value buildGaussian(Value x, Value adjoint, double factor,
                           FloatBuilder &b) {
  Value square = b.mul(x, x);
  Value exponent = b.neg(square);
  Value bell = math::ExpOp::create(b, exponent);
  Value slope = b.scale(bell, factor);
  return b.mul(adjoint, slope);
}

static Value buildErf(math::ErfOp op, Value adjoint, FloatBuilder &b) {
  return buildGaussian(op.getOperand(), adjoint,
                       2.0 * llvm::numbers::inv_sqrtpi, b);
}

static Value buildErfc(math::ErfcOp op, Value adjoint, FloatBuilder &b) {
  return buildGaussian(op.getOperand(), adjoint,
                       -2.0 * llvm::numbers::inv_sqrtpi, b);
}

static Value buildAbsF(math::AbsFOp op, Value adjoint, FloatBuilder &b) {
  Value zero = b.constant(op.getType(), 0.0);
  Value isPositive = b.greater(op.getOperand(), zero);
  Value isNegative = b.greater(zero, op.getOperand());
  Value opposite = b.neg(adjoint);
  Value atMostZero = b.select(isNegative, opposite, zero);
  return b.select(isPositive, adjoint, atMostZero);
}

template <typename OpTy>
static Value buildRounding(OpTy, Value, FloatBuilder &) {
  return {};
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

namespace {

template <typename OpTy, Value (*rule)(OpTy, Value, FloatBuilder &)>
struct MathModel : UnaryAdjointModel<MathModel<OpTy, rule>, OpTy> {
  static Value build(OpTy op, Value adjoint, FloatBuilder &b) {
    return rule(op, adjoint, b);
  }
};

struct FmaModel : AdjointModel<FmaModel, math::FmaOp> {
  static LogicalResult build(math::FmaOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (needed[0])
      inputs[0] = b.mul(adjoint, op.getB());
    if (needed[1])
      inputs[1] = b.mul(adjoint, op.getA());
    inputs[2] = adjoint;
    return success();
  }
};

struct PowFModel : AdjointModel<PowFModel, math::PowFOp> {
  static LogicalResult build(math::PowFOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (needed[0])
      inputs[0] = buildBase(op, adjoint, b);
    if (needed[1])
      inputs[1] = buildExponent(op, adjoint, b);
    return success();
  }

private:
  static Value isEqual(Value lhs, Value rhs, FloatBuilder &b) {
    return b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OEQ, lhs, rhs);
  }

  /// `n * x^(n - 1)`, and zero for the exponent zero, whatever the base.
  static Value buildBase(math::PowFOp op, Value adjoint, FloatBuilder &b) {
    Value exponent = op.getRhs();
    if (matchPattern(exponent, m_AnyZeroFloat()))
      return {};
    Value power = buildLessByOne(op, b);
    Value slope = b.mul(power, exponent);
    Value product = b.mul(adjoint, slope);
    if (matchPattern(exponent, m_Constant()))
      return product;
    Value zero = b.constant(op.getType(), 0.0);
    Value isConstant = isEqual(exponent, zero, b);
    return b.select(isConstant, zero, product);
  }

  /// `x^n * log(x)`; zero to any power but a negative one is constant beside
  /// it.
  static Value buildExponent(math::PowFOp op, Value adjoint, FloatBuilder &b) {
    Value base = op.getLhs();
    Value logarithm = math::LogOp::create(b, base);
    Value slope = b.mul(op.getResult(), logarithm);
    Value product = b.mul(adjoint, slope);
    Value zero = b.constant(op.getType(), 0.0);
    Value isZero = isEqual(base, zero, b);
    Value isNegative = b.greater(zero, op.getRhs());
    Value rest = b.select(isNegative, product, zero);
    return b.select(isZero, rest, product);
  }

  /// The base to the power of the exponent minus one; the base itself for a
  /// square.
  static Value buildLessByOne(math::PowFOp op, FloatBuilder &b) {
    Value base = op.getLhs(), exponent = op.getRhs();
    Value one = b.constant(op.getType(), 1.0);
    Value less = b.sub(exponent, one);
    if (matchPattern(less, m_OneFloat()))
      return base;
    return b.createOrFold<math::PowFOp>(base, less);
  }
};

/// `n * x^(n - 1)`, and zero for the exponent zero, whatever the base.
struct FPowIModel : AdjointModel<FPowIModel, math::FPowIOp> {
  static LogicalResult build(math::FPowIOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    APInt number;
    if (!needed[0])
      return success();
    if (getElementTypeOrSelf(op.getRhs()).isIndex())
      return op.emitError("no reverse-mode rule for an exponent of index type");
    if (matchPattern(op.getRhs(), m_ConstantInt(&number)))
      inputs[0] = buildConstant(op, number, adjoint, b);
    else
      inputs[0] = buildVariable(op, adjoint, b);
    return success();
  }

private:
  static Value createInteger(Type type, int64_t value, FloatBuilder &b) {
    TypedAttr attribute = b.getIntegerAttr(getElementTypeOrSelf(type), value);
    if (auto shaped = dyn_cast<ShapedType>(type))
      attribute = SplatElementsAttr::get(shaped, Attribute(attribute));
    return arith::ConstantOp::create(b, attribute);
  }

  static Value buildConstant(math::FPowIOp op, const APInt &number,
                             Value adjoint, FloatBuilder &b) {
    Value base = op.getLhs();
    if (number.isZero())
      return {};
    if (number.isOne() && number.getBitWidth() > 1)
      return adjoint;
    // In 64 bits, where the exponent before that is still a number.
    int64_t exponent = number.getSExtValue();
    Value power = base;
    if (exponent != 2) {
      auto tensor = dyn_cast<ShapedType>(base.getType());
      Type type = b.getI64Type();
      if (tensor)
        type = tensor.clone(type);
      Value less = createInteger(type, exponent - 1, b);
      power = math::FPowIOp::create(b, base.getType(), base, less);
    }
    Value slope = b.scale(power, static_cast<double>(exponent));
    return b.mul(adjoint, slope);
  }

  static Value buildVariable(math::FPowIOp op, Value adjoint, FloatBuilder &b) {
    Value base = op.getLhs(), exponent = op.getRhs();
    Value one = createInteger(exponent.getType(), 1, b);
    Value none = createInteger(exponent.getType(), 0, b);
    Value less = arith::SubIOp::create(b, exponent, one);
    Value power = math::FPowIOp::create(b, base.getType(), base, less);
    Value factor = arith::SIToFPOp::create(b, base.getType(), exponent);
    Value slope = b.mul(power, factor);
    Value product = b.mul(adjoint, slope);
    Value isZero =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, exponent, none);
    Value zero = b.constant(op.getType(), 0.0);
    return b.select(isZero, zero, product);
  }
};

} // namespace

template <typename OpTy, Value (*rule)(OpTy, Value, FloatBuilder &)>
static void attach(MLIRContext *context) {
  OpTy::template attachInterface<MathModel<OpTy, rule>>(*context);
}

template <typename OpTy>
static void attachRounding(MLIRContext *context) {
  attach<OpTy, buildRounding<OpTy>>(context);
}

void mlir::prune::registerMathAdjointModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    context->loadDialect<arith::ArithDialect>();
    attach<math::AbsFOp, buildAbsF>(context);
    attach<math::AtanOp, buildAtan>(context);
    attach<math::CbrtOp, buildCbrt>(context);
    attach<math::CosOp, buildCos>(context);
    attach<math::CoshOp, buildCosh>(context);
    attach<math::ErfOp, buildErf>(context);
    attach<math::ErfcOp, buildErfc>(context);
    attach<math::ExpOp, buildExp>(context);
    attach<math::Exp2Op, buildExp2>(context);
    attach<math::ExpM1Op, buildExpM1>(context);
    attach<math::LogOp, buildLog>(context);
    attach<math::Log10Op, buildLog10>(context);
    attach<math::Log1pOp, buildLog1p>(context);
    attach<math::Log2Op, buildLog2>(context);
    attach<math::RsqrtOp, buildRsqrt>(context);
    attach<math::SinOp, buildSin>(context);
    attach<math::SinhOp, buildSinh>(context);
    attach<math::SqrtOp, buildSqrt>(context);
    attach<math::TanhOp, buildTanh>(context);
    attachRounding<math::CeilOp>(context);
    attachRounding<math::FloorOp>(context);
    attachRounding<math::RoundOp>(context);
    attachRounding<math::RoundEvenOp>(context);
    attachRounding<math::TruncOp>(context);
    math::FmaOp::attachInterface<FmaModel>(*context);
    math::FPowIOp::attachInterface<FPowIModel>(*context);
    math::PowFOp::attachInterface<PowFModel>(*context);
  });
}
