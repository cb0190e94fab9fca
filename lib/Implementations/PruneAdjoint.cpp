//===- PruneAdjoint.cpp - Reverse-mode rules of prune ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Masks and dropout apply to the adjoint as they do to the value; what a
// pattern compresses, its adjoint decompresses, and the other way round. A gate
// passes the adjoint to the weight where it is open, and to the auxiliary
// parameters by the rule and the straight-through estimator that it names.
//
//===----------------------------------------------------------------------===//

#include "PruneAdjoint.h"
#include "AdjointModel.h"

#include "Prune/Dialect/Prune/Utils/Groups.h"
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

/// The factor of the surrogate's slope: the adjoint times the sign of the
/// weight (zero for zero) or times the weight.
static Value buildGateFactor(ImplicitLocOpBuilder &e, GateRule rule,
                             Value adjoint, Value weight) {
  if (rule == GateRule::Chain)
    return arith::MulFOp::create(e, adjoint, weight);
  return createSignTerm(e, adjoint, weight);
}

/// The adjoint where the gate is open.
static Value buildGatedAdjoint(GateOp op, Value adjoint, FloatBuilder &b) {
  return createGroupwise(
      b, adjoint, op.getAux(), op.getGranularityAttr(),
      cast<RankedTensorType>(op.getType()),
      [](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value zero = createNumber(e, args[0].getType(), 0.0);
        Value isOpen = isGreater(e, args[1], zero);
        Value passed = arith::SelectOp::create(e, isOpen, args[0], zero);
        return {passed};
      });
}

/// The adjoint of auxiliary parameters of single elements: one loop.
static Value buildElementAuxAdjoint(GateOp op, Value adjoint, FloatBuilder &b) {
  return createElementwise(
      b, {adjoint, op.getWeight(), op.getAux()},
      cast<RankedTensorType>(op.getType()),
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value factor = buildGateFactor(e, op.getRule(), args[0], args[1]);
        return {createSurrogateSlope(e, op.getSte(), args[2], factor)};
      });
}

/// The adjoint of auxiliary parameters of groups: the factors are added up over
/// each group, the slope is that of the group's parameter.
static Value buildGroupAuxAdjoint(GateOp op, Value adjoint, FloatBuilder &b) {
  SmallVector<Value> sums = createGroupSums(
      b, {adjoint, op.getWeight()}, op.getGranularityAttr(), /*count=*/1,
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value factor = buildGateFactor(e, op.getRule(), args[0], args[1]);
        Value sum = arith::AddFOp::create(e, args[2], factor);
        return {sum};
      });
  return createElementwise(
      b, {sums.front(), op.getAux()},
      cast<RankedTensorType>(op.getAux().getType()),
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        return {createSurrogateSlope(e, op.getSte(), args[1], args[0])};
      });
}

namespace {

struct GateModel : AdjointModel<GateModel, GateOp> {
  static LogicalResult build(GateOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (needed[0])
      inputs[0] = buildGatedAdjoint(op, adjoint, b);
    if (!needed[1])
      return success();
    bool isGrouped = op.getAux().getType() != op.getType();
    inputs[1] = isGrouped ? buildGroupAuxAdjoint(op, adjoint, b)
                          : buildElementAuxAdjoint(op, adjoint, b);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Masks, dropout, regularization
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

struct DecompressModel : AdjointModel<DecompressModel, DecompressOp> {
  static LogicalResult build(DecompressOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    inputs[0] = CompressOp::create(b, op.getValues().getType(), adjoint,
                                   op.getPattern());
    return success();
  }
};

struct CompressModel : AdjointModel<CompressModel, CompressOp> {
  static LogicalResult build(CompressOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    inputs[0] = DecompressOp::create(b, op.getDense().getType(), adjoint,
                                     op.getPattern());
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

/// `(softmax - label) * adjoint / batch`, from the pieces that the loss itself
/// computes; a class number stands for its one-hot row. Labels are data: shares
/// of the classes get no adjoint.
struct SoftmaxCrossEntropyModel
    : AdjointModel<SoftmaxCrossEntropyModel, SoftmaxCrossEntropyOp> {
  static LogicalResult build(SoftmaxCrossEntropyOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    auto type = cast<RankedTensorType>(op.getLogits().getType());
    if (needed[1])
      return op.emitOpError("has no adjoint for its labels");
    SoftmaxParts parts = createSoftmaxParts(b, op.getLoc(), op.getLogits());
    Value scalar = b.createOrFold<tensor::ExtractOp>(adjoint, ValueRange());
    Value batch = b.constant(scalar.getType(), type.getDimSize(0));
    Value factor = b.div(scalar, batch);
    AffineMap elements = b.getMultiDimIdentityMap(2);
    AffineMap rows = elements.getSubMap({0});
    bool isShare = op.getLabels().getType() == type;
    Value empty = createEmptyLike(b, op.getLoc(), op.getLogits());
    auto gradient = linalg::GenericOp::create(
        b, type, ValueRange{parts.exponentials, parts.sum, op.getLabels()},
        ValueRange{empty},
        ArrayRef<AffineMap>{elements, rows, isShare ? elements : rows,
                            elements},
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
    if (isa<FloatType>(args[2].getType()))
      return e.mul(e.sub(probability, args[2]), factor);
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
    CompressOp::attachInterface<CompressModel>(*context);
    RegularizeOp::attachInterface<RegularizeModel>(*context);
    SoftmaxCrossEntropyOp::attachInterface<SoftmaxCrossEntropyModel>(*context);
    DecompressOp::attachInterface<DecompressModel>(*context);
  });
}
