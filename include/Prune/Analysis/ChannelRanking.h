//===- ChannelRanking.h - Which channels of groups go -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELRANKING_H
#define PRUNE_ANALYSIS_CHANNELRANKING_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::prune {

/// The channels of a group and what becomes of them.
struct ChannelRanking {
  /// A score for each channel, negative where it is pruned already. A NaN
  /// counts as infinite.
  SmallVector<double, 0> scores;
  /// Channels that stay at least, and of what their number is a multiple unless
  /// all stay.
  int64_t least = 1;
  int64_t multiple = 1;
  /// The answer; empty before there is one.
  SmallVector<char, 0> isPruned;
};

/// Channels of `total` that stay where at most the share `cap` goes: one at
/// least.
int64_t getLeast(int64_t total, double cap);

/// Prunes `round(share * channels)` channels of all groups together, from the
/// smallest score up; with several groups a score counts relative to the mean
/// of its group. Ties go by group and index, the lower first. Where a group has
/// reached its least the ranking goes on with the others, and what rounding
/// keeps is given back, largest score first; channels that were pruned already
/// never come back. O(channels log channels).
void selectChannels(ArrayRef<ChannelRanking *> groups, double share);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELRANKING_H
