//===- ChannelMoves.h - Channels in other places ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELMOVES_H
#define PRUNE_ANALYSIS_CHANNELMOVES_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::prune {

/// For each dimension of a tensor, for each of its indices the one that comes
/// there; empty for a dimension that stays as it is.
using Moves = SmallVector<SmallVector<int64_t>>;

/// The tensors of a block that have channels in other places.
using MovedTensors = llvm::DenseMap<Value, Moves>;

/// The first operation that would compute anything else but the same numbers in
/// those other places, up to the order of sums, or that is not known well
/// enough; null where there is none. Constants are taken as moved. Known are
/// structured operations, reshapes, slices, concatenations and paddings of
/// static extents, and normalizations. O(sum of the extents of their tensors).
Operation *findObstacle(Block &block, const MovedTensors &moved);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELMOVES_H
