//===- PruneChannels.cpp - Channels of prune operations -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Batch normalization maps a constant channel to another constant, and every
// channel with scale zero to its bias. What is folded into its input goes into
// the mean, what is folded into its result into the bias.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Implementations/Channels.h"

#include "ConstantOffsets.h"

#include "mlir/IR/DialectRegistry.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

namespace {
struct BatchNormModel
    : ChannelOpInterface::ExternalModel<BatchNormModel, BatchNormOp> {
  static constexpr unsigned kChannelDim = 1;

  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto norm = cast<BatchNormOp>(op);
    Value input = norm.getInput(), result = norm.getResult();
    auto type = cast<RankedTensorType>(input.getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      ties.tie(input, dim, result, dim);
    for (Value parameter :
         {norm.getScale(), norm.getBias(), norm.getMean(), norm.getVariance()})
      ties.tie(input, kChannelDim, parameter, 0);
  }

  void propagateConstants(Operation *op, ChannelState &state) const {
    auto norm = cast<BatchNormOp>(op);
    auto type = cast<RankedTensorType>(norm.getInput().getType());
    for (int64_t i = 0; i < type.getDimSize(kChannelDim); ++i) {
      std::optional<double> value = evaluate(norm, state, i);
      if (value && std::isfinite(*value))
        state.setConstant(norm.getResult(), kChannelDim, i,
                          FloatAttr::get(type.getElementType(), *value));
    }
  }

  LogicalResult addToResult(Operation *op, unsigned dim,
                            ArrayRef<double> offsets) const {
    if (dim != kChannelDim)
      return failure();
    return addToConstantSource(cast<BatchNormOp>(op).getBias(), 0, offsets);
  }

  LogicalResult addToOperand(Operation *op, OpOperand &operand, unsigned dim,
                             ArrayRef<double> offsets) const {
    auto norm = cast<BatchNormOp>(op);
    if (dim != kChannelDim || operand.get() != norm.getInput())
      return failure();
    SmallVector<double> negated;
    for (double offset : offsets)
      negated.push_back(-offset);
    return addToConstantSource(norm.getMean(), 0, negated);
  }

private:
  /// The value all over channel `i` of the result, if it has one.
  static std::optional<double> evaluate(BatchNormOp norm, ChannelState &state,
                                        int64_t i) {
    std::optional<double> scale = state.getNumber(norm.getScale(), 0, i);
    std::optional<double> bias = state.getNumber(norm.getBias(), 0, i);
    if (!scale || !bias)
      return std::nullopt;
    if (*scale == 0.0 && state.assumesFinite())
      return *bias;
    std::optional<double> input =
        state.getNumber(norm.getInput(), kChannelDim, i);
    std::optional<double> mean = state.getNumber(norm.getMean(), 0, i);
    std::optional<double> variance = state.getNumber(norm.getVariance(), 0, i);
    if (!input || !mean || !variance)
      return std::nullopt;
    double deviation =
        std::sqrt(*variance + norm.getEpsilon().convertToDouble());
    return (*input - *mean) / deviation * *scale + *bias;
  }
};
} // namespace

void mlir::prune::registerPruneChannelModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, PruneDialect *) {
    BatchNormOp::attachInterface<BatchNormModel>(*context);
  });
}
