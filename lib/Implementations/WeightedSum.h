//===- WeightedSum.h - Sums of products with known weights ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_WEIGHTEDSUM_H
#define PRUNE_LIB_IMPLEMENTATIONS_WEIGHTEDSUM_H

#include "Prune/Analysis/ChannelState.h"
#include "StructuredOps.h"

namespace mlir::prune {

/// True when the loop is summed (or otherwise reduced) over.
bool isReduction(linalg::LinalgOp op, unsigned loop);

/// The constant that an operand holds where the counter of `loop` is `index`;
/// null when unknown.
Attribute getOperandConstant(linalg::LinalgOp op, ChannelState &state,
                             OpOperand &operand, unsigned loop, int64_t index);

/// A sum of products one factor of which is a weight with known elements.
struct WeightedSum {
  linalg::LinalgOp op;
  OpOperand *weight;
  OpOperand *input;
  OpOperand *init;
  ConstantView view;
  AffineMap weightMap;
  AffineMap inputMap;
  AffineMap resultMap;
  /// The loop and the dimension of the result that the channels of the result
  /// run along: the only parallel loop of the weight. Without it nothing folds.
  std::optional<unsigned> outputLoop;
  unsigned outputDim = 0;

  static std::optional<WeightedSum> match(linalg::LinalgOp op,
                                          ChannelState &state);

  /// Number that the input holds at all positions which meet the weight element
  /// at `index`, if it holds one.
  std::optional<double> getInputNumber(const ChannelState &state,
                                       ArrayRef<int64_t> index) const;

  /// Index of the result channel that the weight element belongs to.
  int64_t getOutputIndex(ArrayRef<int64_t> index) const {
    return index[*getDim(weightMap, *outputLoop)];
  }

  /// True when the result element could matter.
  bool isOutputLive(const ChannelState &state, ArrayRef<int64_t> index) const {
    return !outputLoop ||
           state.isLive(op->getResult(0), outputDim, getOutputIndex(index));
  }

  /// True when every dimension of the weight of a reduction loop leads to a
  /// channel of the input that stays.
  bool isInputLive(const ChannelState &state, ArrayRef<int64_t> index) const;

  void propagate(ChannelState &state) const;
  void markLive(ChannelState &state) const;
  FailureOr<int64_t> fold(OpBuilder &builder, ChannelState &state) const;

private:
  LogicalResult addOffsets(OpBuilder &builder, ChannelState &state,
                           ArrayRef<double> offsets) const;
  RankedTensorType getShrunkType(const ChannelState &state) const;
  Value createBias(OpBuilder &builder, RankedTensorType type,
                   ArrayRef<double> offsets) const;
};
} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_WEIGHTEDSUM_H
