//===- ChannelState.h - Constant and live channels --------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELSTATE_H
#define PRUNE_ANALYSIS_CHANNELSTATE_H

#include "Prune/Analysis/ChannelAxes.h"
#include "llvm/ADT/BitVector.h"

namespace mlir::prune {

/// What an analysis of channels takes for granted and may do.
struct ChannelOptions {
  /// A constant counts as one that can be folded although what reads it pads it
  /// with zeros.
  bool foldBorders = false;
  /// No value is infinite or NaN, so that zero times an unknown value is zero.
  /// Without it a channel that only meets zero weights stays.
  bool finite = true;
  /// A constant other than zero may leave although the weight that reads it is
  /// shared, and every user then needs a bias of its own.
  bool foldIntoShared = true;
};

/// What is known about every channel of every tensor in a block: whether it
/// holds one constant all over (forward), and whether anything that matters
/// reads it (backward). A channel that is not live may leave: what reads it
/// reads zeros times it, or can fold its constant.
class ChannelState {
public:
  /// Analyzes a block; nothing is changed. O(elements of constant weights +
  /// channels * size of element-wise bodies), times the sweeps backward (two
  /// when no axis is tied across layers).
  explicit ChannelState(Block &block, ChannelOptions options = {});

  bool foldsBorders() const { return options.foldBorders; }
  bool assumesFinite() const { return options.finite; }
  bool foldsIntoShared() const { return options.foldIntoShared; }

  const ChannelAxes &getAxes() const { return axes; }

  /// Constant of a channel, null when unknown.
  Attribute getConstant(Value value, unsigned dim, int64_t index) const;
  void setConstant(Value value, unsigned dim, int64_t index,
                   Attribute constant);

  /// The same as a number; nothing when unknown or not finite.
  std::optional<double> getNumber(Value value, unsigned dim,
                                  int64_t index) const;

  /// The one constant that all elements of a tensor, or a scalar, are.
  Attribute getUniform(Value value);

  /// Elements of a tensor that is a constant or rearranges one.
  std::optional<ConstantView> getView(Value value);

  bool isLive(Value value, unsigned dim, int64_t index) const;
  void markLive(Value value, unsigned dim, int64_t index);

  /// The operation that first said that a channel is live; null when it is not,
  /// or stays for a reason of its own.
  Operation *getReader(Value value, unsigned dim, int64_t index) const;

  /// Number of classes of channels that may leave.
  int64_t countDead() const;

  /// Indices of a dimension of static extent that stay, in order.
  SmallVector<int64_t> getKept(Value value, unsigned dim) const;

  /// The type of a ranked tensor without the channels that leave. Dynamic
  /// extents stay.
  RankedTensorType getKeptType(Value value) const;

  /// True when nothing of a tensor stays.
  bool isDead(Value value) const;

private:
  void tie(Block &block);
  void readConstants(Block &block);
  Attribute getCommonConstant(Value value, unsigned dim) const;

  ChannelAxes axes;
  SmallVector<Attribute, 0> constants;
  llvm::BitVector live;
  /// For each class the operation that made it live.
  SmallVector<Operation *, 0> readers;
  /// The operation that is asked what it reads.
  Operation *visited = nullptr;
  bool changed = false;
  ChannelOptions options;
  llvm::DenseMap<Value, Attribute> uniforms;
  llvm::DenseMap<Value, std::optional<ConstantView>> views;
};

/// Gives every use of a value that only depends on constants (an empty tensor,
/// a fill, a broadcast of a vector) a copy of its own, so that it does not tie
/// what has nothing to do with each other. A constant with different elements
/// and a parameter of rank two or more are shared on purpose and stay one: with
/// `weights` they are copied, too.
void unshareConstants(Block &block, bool weights = false);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELSTATE_H
