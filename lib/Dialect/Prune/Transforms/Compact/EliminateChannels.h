//===- EliminateChannels.h - Shapes without dead channels -------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_ELIMINATECHANNELS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_ELIMINATECHANNELS_H

#include "Prune/Analysis/ChannelState.h"

namespace mlir::prune {

/// What one elimination did.
struct RemovalCounts {
  int64_t neurons = 0;
  int64_t folded = 0;
  int64_t elements = 0;
  int64_t bytes = 0;
};

/// Removes every channel of the block that is not live: folds constants, slices
/// the constants that weights and biases are, shrinks types, and puts the
/// initial value in place of what lost all its channels. With `recordKept` the
/// parameters that shrink get the attribute `prune.kept`. `state` describes the
/// block as it was and is stale afterwards.
FailureOr<RemovalCounts> removeDeadChannels(Block &block, ChannelState &state,
                                            bool recordKept);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_ELIMINATECHANNELS_H
