//===- GatherChannels.h - Channels of gathers -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_GATHERCHANNELS_H
#define PRUNE_LIB_IMPLEMENTATIONS_GATHERCHANNELS_H

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Analysis/Gather.h"

namespace mlir::prune {

/// Ties every index of what is gathered to the index of the result that reads
/// it, and pins dimensions that are read at unknown places.
void tieGathers(linalg::LinalgOp op, ArrayRef<Gather> gathers,
                ChannelTies &ties);

/// The constant that a gather reads where the counter of `loop` is `counter`;
/// null when unknown.
Attribute getGatherConstant(const Gather &gather, ChannelState &state,
                            unsigned loop, int64_t counter);

/// Marks the indices that are read at every place of the result.
void markGathersLive(ArrayRef<Gather> gathers, ChannelState &state);

/// Counts places again without the channels that leave. Shapes are the old
/// ones.
void updateGathers(OpBuilder &builder, linalg::LinalgOp op,
                   MutableArrayRef<Gather> gathers, const ChannelState &state);

/// The elements of a constant that a gather rearranges.
std::optional<ConstantView> getGatherView(linalg::LinalgOp op,
                                          ChannelState &state);

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_GATHERCHANNELS_H
