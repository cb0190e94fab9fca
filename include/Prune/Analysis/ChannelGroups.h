//===- ChannelGroups.h - Channels that leave together -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELGROUPS_H
#define PRUNE_ANALYSIS_CHANNELGROUPS_H

#include "Prune/Analysis/ChannelAxes.h"

#include <string>

namespace mlir::prune {

/// Channels that are indices of the same dimensions of the same parameters: the
/// rows of the weight that makes them, its bias, and the columns of the weights
/// that read them. A residual add puts the weights before both of its operands
/// into one group.
struct ChannelGroup {
  /// A dimension of a parameter.
  struct Member {
    Value parameter;
    unsigned dim;
    /// For each channel its indices, more than one where other dimensions were
    /// flattened into this one.
    SmallVector<SmallVector<int64_t, 1>, 0> indices;
  };

  /// Classes of `ChannelAxes`, in the order of their numbers.
  SmallVector<unsigned, 0> channels;
  /// In program order.
  SmallVector<Member, 0> members;
  /// Why no channel can leave; empty where each can.
  std::string reason;

  int64_t size() const { return static_cast<int64_t>(channels.size()); }
};

/// The groups of all channels that parameters of a block have, in the order of
/// their first channels. O(sum of the extents of parameters).
SmallVector<ChannelGroup, 0> findChannelGroups(Block &block,
                                               const ChannelAxes &axes);

/// Operations that tie tensors that are no parameters and have channels of the
/// group: residual adds, concatenations, products of two activations. O(sum of
/// the extents of all tensors).
SmallVector<Operation *> findTyingOperations(Block &block,
                                             const ChannelAxes &axes,
                                             const ChannelGroup &group);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELGROUPS_H
