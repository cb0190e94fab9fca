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

/// What is known about every channel of every tensor in a block: whether it
/// holds one constant all over (forward), and whether anything that matters
/// reads it (backward). A channel that is not live may leave: what reads it
/// reads zeros times it, or can fold its constant.
///
/// Values are assumed finite: a channel that only meets zero weights is dead
/// even if it could hold an infinity or a NaN.
class ChannelState {
public:
  /// Analyses a block; nothing is changed. O(elements of constant weights +
  /// channels * size of element-wise bodies), times the sweeps backward (two
  /// when no axis is tied across layers). With `foldBorders` a constant counts
  /// as one that can be folded although what reads it pads it with zeros.
  explicit ChannelState(Block &block, bool foldBorders = false);

  bool foldsBorders() const { return foldBorders; }

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

  /// Number of classes of channels that may leave.
  int64_t countDead() const;

  /// Indices of a dimension that stay, in order.
  SmallVector<int64_t> getKept(Value value, unsigned dim) const;

private:
  void tie(Block &block);
  void readConstants(Block &block);

  ChannelAxes axes;
  SmallVector<Attribute, 0> constants;
  llvm::BitVector live;
  bool changed = false;
  bool foldBorders;
  llvm::DenseMap<Value, Attribute> uniforms;
  llvm::DenseMap<Value, std::optional<ConstantView>> views;
};

/// Gives every use of a value that only depends on constants (a constant, an
/// empty tensor, a broadcast of a constant) a copy of its own, so that it does
/// not tie what has nothing to do with each other.
void unshareConstants(Block &block);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELSTATE_H
