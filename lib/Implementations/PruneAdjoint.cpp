//===- PruneAdjoint.cpp - Reverse-mode rules of prune ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Masks and dropout apply to the adjoint as they do to the value. A gate passes
// the adjoint to the weight where it is open, and to the auxiliary parameters
// by the rule and the straight-through estimator that it names.
//
//===----------------------------------------------------------------------===//

#include "PruneAdjoint.h"
#include "AdjointModel.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"
#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"
#include "Prune/Implementations/Adjoint.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Gates
//===----------------------------------------------------------------------===//

/// `s'(m) * factor` of the surrogate of the indicator function.
static Value buildSurrogateSlope(FloatBuilder &b, SteAttr ste, Value m,
                                 Value factor) {
  Type type = m.getType();
  Value zero = b.constant(type, 0.0);
  switch (ste.getKind()) {
  case SteKind::Linear:
    return factor;
  case SteKind::HardSigmoid: {
    Value magnitude = math::AbsFOp::create(b, m);
    Value one = b.constant(type, 1.0);
    Value isInside = b.greater(one, magnitude);
    Value half = b.scale(factor, 0.5);
    return b.select(isInside, half, zero);
  }
  case SteKind::Relu: {
    Value isOpen = b.greater(m, zero);
    return b.select(isOpen, factor, zero);
  }
  case SteKind::LeakyRelu: {
    Value isOpen = b.greater(m, zero);
    Value less = b.scale(factor, ste.getSlope().convertToDouble());
    return b.select(isOpen, factor, less);
  }
  case SteKind::Softplus: {
    Value opposite = b.neg(m);
    Value exponential = math::ExpOp::create(b, opposite);
    Value one = b.constant(type, 1.0);
    Value denominator = b.add(exponential, one);
    return b.div(factor, denominator);
  }
  }
  llvm_unreachable("unknown straight-through estimator");
}

/// The factor of the surrogate's slope: the adjoint times the sign of the
/// weight (zero for zero) or times the weight.
static Value buildGateFactor(FloatBuilder &b, GateRule rule, Value adjoint,
                             Value weight) {
  if (rule == GateRule::Chain)
    return b.mul(adjoint, weight);
  Value zero = b.constant(weight.getType(), 0.0);
  Value isPositive = b.greater(weight, zero);
  Value isNegative = b.greater(zero, weight);
  Value opposite = b.neg(adjoint);
  Value atMostZero = b.select(isNegative, opposite, zero);
  return b.select(isPositive, adjoint, atMostZero);
}

namespace {

struct GateModel : AdjointModel<GateModel, GateOp> {
  static LogicalResult build(GateOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (op.getGranularity())
      return op.emitOpError("of groups has no adjoint yet");
    Value weight = op.getWeight(), aux = op.getAux();
    auto type = cast<RankedTensorType>(weight.getType());
    if (needed[0])
      inputs[0] = createElementwise(b, {adjoint, aux}, type,
                                    [](ImplicitLocOpBuilder &inner,
                                       ValueRange args) -> SmallVector<Value> {
                                      FloatBuilder e(inner.getLoc(), inner);
                                      Value zero =
                                          e.constant(args[0].getType(), 0.0);
                                      Value isOpen = e.greater(args[1], zero);
                                      return {e.select(isOpen, args[0], zero)};
                                    });
    if (!needed[1])
      return success();
    inputs[1] = createElementwise(
        b, {adjoint, weight, aux}, type,
        [&](ImplicitLocOpBuilder &inner,
            ValueRange args) -> SmallVector<Value> {
          FloatBuilder e(inner.getLoc(), inner);
          Value factor = buildGateFactor(e, op.getRule(), args[0], args[1]);
          return {buildSurrogateSlope(e, op.getSte(), args[2], factor)};
        });
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Masks, dropout, regularisation
//===----------------------------------------------------------------------===//

/// The adjoint plus `decay` times the weight where the mask is not set.
static Value addDecayOfPruned(ApplyMaskOp op, Value adjoint, double decay,
                              FloatBuilder &b) {
  return createElementwise(
      b, {adjoint, op.getWeight(), op.getMask()},
      cast<RankedTensorType>(op.getType()),
      [&](ImplicitLocOpBuilder &inner, ValueRange args) -> SmallVector<Value> {
        FloatBuilder e(inner.getLoc(), inner);
        Value zero = e.constant(args[0].getType(), 0.0);
        Value factor = e.constant(args[0].getType(), decay);
        Value pull = e.mul(factor, args[1]);
        Value extra = e.select(args[2], zero, pull);
        return {e.add(args[0], extra)};
      });
}

struct ApplyMaskModel : AdjointModel<ApplyMaskModel, ApplyMaskOp> {
  static LogicalResult build(ApplyMaskOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (!needed[0])
      return success();
    if (!op.getStraightThrough()) {
      inputs[0] = ApplyMaskOp::create(b, adjoint, op.getMask());
      return success();
    }
    double decay = op.getDecay().convertToDouble();
    inputs[0] = adjoint;
    if (decay != 0.0)
      inputs[0] = addDecayOfPruned(op, adjoint, decay, b);
    return success();
  }
};

struct DropoutModel : AdjointModel<DropoutModel, DropoutOp> {
  static LogicalResult build(DropoutOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    inputs[0] = DropoutOp::create(b, op.getType(), adjoint, op.getCounter(),
                                  op.getRateAttr(), op.getSeedAttr());
    return success();
  }
};

struct RegularizeModel : AdjointModel<RegularizeModel, RegularizeOp> {
  static LogicalResult build(RegularizeOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    Value weight = op.getWeight(), strength = op.getStrength();
    Value scalar = b.createOrFold<tensor::ExtractOp>(adjoint, ValueRange());
    if (needed[0]) {
      Value scaled = b.mul(scalar, strength);
      inputs[0] = RegularizeGradientOp::create(
          b, weight.getType(), op.getKind(), weight, scaled,
          op.getGranularityAttr(), op.getSteAttr());
    }
    if (needed[1]) {
      Value one = b.constant(strength.getType(), 1.0);
      Value penalty =
          RegularizeOp::create(b, op.getType(), op.getKind(), weight, one,
                               op.getGranularityAttr(), op.getSteAttr());
      Value slope = tensor::ExtractOp::create(b, penalty, ValueRange());
      inputs[1] = b.mul(scalar, slope);
    }
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Loss
//===----------------------------------------------------------------------===//

/// `(softmax - one_hot(label)) * adjoint / batch`, from the pieces that the
/// loss itself computes.
struct SoftmaxCrossEntropyModel
    : AdjointModel<SoftmaxCrossEntropyModel, SoftmaxCrossEntropyOp> {
  static LogicalResult build(SoftmaxCrossEntropyOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    auto type = cast<RankedTensorType>(op.getLogits().getType());
    SoftmaxParts parts = createSoftmaxParts(b, op.getLoc(), op.getLogits());
    Value scalar = b.createOrFold<tensor::ExtractOp>(adjoint, ValueRange());
    Value batch = b.constant(scalar.getType(), type.getDimSize(0));
    Value factor = b.div(scalar, batch);
    AffineMap elements = b.getMultiDimIdentityMap(2);
    AffineMap rows = elements.getSubMap({0});
    Value empty = createEmptyLike(b, op.getLoc(), op.getLogits());
    auto gradient = linalg::GenericOp::create(
        b, type, ValueRange{parts.exponentials, parts.sum, op.getLabels()},
        ValueRange{empty}, ArrayRef<AffineMap>{elements, rows, rows, elements},
        SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
        [&](OpBuilder &inner, Location loc, ValueRange args) {
          FloatBuilder e(loc, inner);
          Value value = buildElement(e, args, factor);
          linalg::YieldOp::create(e, value);
        });
    inputs[0] = gradient.getResult(0);
    return success();
  }

private:
  static Value buildElement(FloatBuilder &e, ValueRange args, Value factor) {
    Value probability = e.div(args[0], args[1]);
    Value column = linalg::IndexOp::create(e, 1);
    Value number = arith::IndexCastOp::create(e, args[2].getType(), column);
    Value isLabel =
        arith::CmpIOp::create(e, arith::CmpIPredicate::eq, number, args[2]);
    Value one = e.constant(probability.getType(), 1.0);
    Value less = e.sub(probability, one);
    Value difference = e.select(isLabel, less, probability);
    return e.mul(difference, factor);
  }
};

} // namespace

void mlir::prune::registerPruneAdjointModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, PruneDialect *) {
    context->loadDialect<arith::ArithDialect, linalg::LinalgDialect,
                         math::MathDialect, tensor::TensorDialect>();
    attachBatchNormAdjointModels(context);
    ApplyMaskOp::attachInterface<ApplyMaskModel>(*context);
    DropoutOp::attachInterface<DropoutModel>(*context);
    GateOp::attachInterface<GateModel>(*context);
    RegularizeOp::attachInterface<RegularizeModel>(*context);
    SoftmaxCrossEntropyOp::attachInterface<SoftmaxCrossEntropyModel>(*context);
  });
}
