//===- GroupedSum.h - Sums of products in groups ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_GROUPEDSUM_H
#define PRUNE_LIB_IMPLEMENTATIONS_GROUPEDSUM_H

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::prune {

/// A sum of products in groups, as a convolution in groups is imported: input,
/// weight, initial value and result are flat tensors, split into groups for the
/// operation alone. The channel of a flat tensor is `group * extent +
/// position`.
///
/// Channels are those of the flat tensors. A group that stays keeps as many
/// results as the others, wherever they are in it, and the same positions of
/// the input.
struct GroupedSum {
  /// A flat tensor and the one it is split into.
  struct Side {
    Value flat;
    Value split;
    /// Dimension of the flat tensor that is split, and of the split one that
    /// counts the groups; the positions are the next dimension.
    unsigned flatDim = 0;
    unsigned groupDim = 0;
    /// The dimension of the flat tensor for each one of the split tensor;
    /// nothing for one of extent 1 that the same reshape adds or takes away.
    SmallVector<std::optional<unsigned>> flatDims;
  };

  linalg::LinalgOp op;
  OpOperand *initOperand;
  Side input, weight, result;
  /// Without a flat tensor the initial value is a number.
  Side init;
  FloatAttr initNumber;
  /// Dimension of the flat weight that is summed over, and loops of groups,
  /// results and inputs.
  unsigned weightInputDim;
  unsigned groupLoop, outputLoop, inputLoop;
  int64_t numGroups, numOutputs, numInputs;
  /// See WeightedSum.
  double repeats;
  ConstantView view;

  /// Matches by structure alone.
  static std::optional<GroupedSum> match(linalg::LinalgOp op);

  /// True when a reshape belongs to a grouped sum, which then speaks for it.
  static bool owns(Operation *reshape);

  /// The flat tensor and dimension that a dimension of a tensor of the
  /// operation stands for; nothing for those of groups and their positions.
  std::optional<std::pair<Value, unsigned>> getFlat(Value split,
                                                    unsigned dim) const;

  void tieChannels(ChannelTies &ties) const;
  void propagate(ChannelState &state) const;
  void markLive(ChannelState &state) const;
  FailureOr<int64_t> fold(OpBuilder &builder, ChannelState &state) const;

private:
  /// Sum of the taps of a weight; nothing when all are zero.
  std::optional<double> getFactor(int64_t output, int64_t position) const;
  std::optional<double> getInitialNumber(const ChannelState &state,
                                         int64_t output) const;
  std::optional<double> getInputNumber(const ChannelState &state, int64_t group,
                                       int64_t position) const;
  bool isOutputLive(const ChannelState &state, int64_t output) const;
  bool isGroupLive(const ChannelState &state, int64_t group) const;
  void markReadLive(ChannelState &state, int64_t group) const;
  void alignGroups(ChannelState &state) const;
  void addOffsets(OpBuilder &builder, ChannelState &state,
                  ArrayRef<double> offsets) const;
  RankedTensorType getSplitType(const ChannelState &state, const Side &side,
                                int64_t positions) const;
  void shrinkSides(OpBuilder &builder, ChannelState &state) const;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_GROUPEDSUM_H
