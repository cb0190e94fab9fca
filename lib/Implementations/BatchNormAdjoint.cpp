//===- BatchNormAdjoint.cpp - Reverse-mode rules of batch norms -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// With given statistics the operation is a line per channel, and the adjoint of
// the input is that line without its offset: again a batch normalization. With
// the statistics of the batch it is prune.batch_norm_gradient, whose sums are
// also what the scale and the bias get in both forms.
//
//===----------------------------------------------------------------------===//

#include "AdjointModel.h"
#include "PruneAdjoint.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

struct BatchNormModel : AdjointModel<BatchNormModel, BatchNormOp> {
  static LogicalResult build(BatchNormOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    Value scale = op.getScale(), variance = op.getVariance();
    if (needed[0]) {
      Value zeros = b.constant(scale.getType(), 0.0);
      inputs[0] = BatchNormOp::create(b, op.getType(), adjoint, scale, zeros,
                                      zeros, variance, op.getEpsilonAttr());
    }
    if (llvm::none_of(needed.drop_front(),
                      [](bool isNeeded) { return isNeeded; }))
      return success();
    auto sums = BatchNormGradientOp::create(
        b, op.getType(), scale.getType(), scale.getType(), op.getInput(), scale,
        op.getMean(), variance, adjoint, op.getEpsilonAttr());
    if (needed[1])
      inputs[1] = sums.getScaleGradient();
    if (needed[2])
      inputs[2] = sums.getBiasGradient();
    if (needed[3])
      inputs[3] = buildMean(op, sums, b);
    if (needed[4])
      inputs[4] = buildVariance(op, sums, b);
    return success();
  }

private:
  /// `variance + epsilon`.
  static Value buildShifted(BatchNormOp op, FloatBuilder &e, Value variance) {
    Value epsilon =
        e.constant(variance.getType(), op.getEpsilon().convertToDouble());
    return e.add(variance, epsilon);
  }

  /// `-dbias * scale / sqrt(variance + epsilon)`.
  static Value buildMean(BatchNormOp op, BatchNormGradientOp sums,
                         FloatBuilder &b) {
    return createElementwise(
        b, {sums.getBiasGradient(), op.getScale(), op.getVariance()},
        cast<RankedTensorType>(op.getMean().getType()),
        [&](ImplicitLocOpBuilder &inner,
            ValueRange args) -> SmallVector<Value> {
          FloatBuilder e(inner.getLoc(), inner);
          Value shifted = buildShifted(op, e, args[2]);
          Value deviation = math::SqrtOp::create(e, shifted);
          Value product = e.mul(args[0], args[1]);
          Value quotient = e.div(product, deviation);
          return {e.neg(quotient)};
        });
  }

  /// `-dscale * scale / (2 (variance + epsilon))`.
  static Value buildVariance(BatchNormOp op, BatchNormGradientOp sums,
                             FloatBuilder &b) {
    return createElementwise(
        b, {sums.getScaleGradient(), op.getScale(), op.getVariance()},
        cast<RankedTensorType>(op.getVariance().getType()),
        [&](ImplicitLocOpBuilder &inner,
            ValueRange args) -> SmallVector<Value> {
          FloatBuilder e(inner.getLoc(), inner);
          Value shifted = buildShifted(op, e, args[2]);
          Value product = e.mul(args[0], args[1]);
          Value half = e.scale(product, -0.5);
          return {e.div(half, shifted)};
        });
  }
};

struct BatchNormTrainingModel
    : AdjointOpInterface::ExternalModel<BatchNormTrainingModel,
                                        BatchNormTrainingOp> {
  LogicalResult buildAdjoint(Operation *operation, OpBuilder &builder,
                             ArrayRef<Value> resultAdjoints,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputAdjoints) const {
    auto op = cast<BatchNormTrainingOp>(operation);
    if (resultAdjoints[1] || resultAdjoints[2])
      return op.emitOpError("has no reverse-mode rule for its mean and "
                            "variance: they are statistics, on which a loss "
                            "does not depend");
    Type perChannel = op.getScale().getType();
    auto gradient = BatchNormGradientOp::create(
        builder, op.getLoc(), op.getInput().getType(), perChannel, perChannel,
        op.getInput(), op.getScale(), op.getMean(), op.getVariance(),
        resultAdjoints[0], op.getEpsilonAttr());
    for (auto [i, result] : llvm::enumerate(gradient.getResults()))
      if (needed[i])
        inputAdjoints[i] = result;
    return success();
  }
};

} // namespace

void mlir::prune::attachBatchNormAdjointModels(MLIRContext *context) {
  BatchNormOp::attachInterface<BatchNormModel>(*context);
  BatchNormTrainingOp::attachInterface<BatchNormTrainingModel>(*context);
}
