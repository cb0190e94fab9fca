//===- ChannelOpInterface.h - How channels move -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_CHANNELOPINTERFACE_H
#define PRUNE_INTERFACES_CHANNELOPINTERFACE_H

#include "Prune/Support/Constants.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

#include <optional>

namespace mlir::prune {
class ChannelState;

/// Receiver of what an operation knows about the indices of its dimensions.
class ChannelTies {
public:
  virtual ~ChannelTies() = default;

  /// Index i of one dimension belongs to index i of the other; equal extents.
  virtual void tie(Value a, unsigned dimA, Value b, unsigned dimB) = 0;

  /// Index i of dimension `partDim` belongs to all indices of dimension
  /// `flatDim` of the form `(o * extent + i) * inner + j` with j < inner.
  virtual void tieBlocks(Value flat, unsigned flatDim, Value part,
                         unsigned partDim, int64_t inner) = 0;

  /// Dimension `flatDim` merges the dimensions `dims` of another tensor, which
  /// follow one another. The channels of one of them go on, in blocks, and the
  /// others keep theirs: by default the first that is not of extent one goes
  /// on.
  virtual void tieMerged(Value flat, unsigned flatDim, Value parts,
                         ArrayRef<unsigned> dims);

  /// Index `beginA + i` belongs to index `beginB + i`, for `count` of them.
  virtual void tieRange(Value a, unsigned dimA, int64_t beginA, Value b,
                        unsigned dimB, int64_t beginB, int64_t count) = 0;

  /// No index of the dimension can leave.
  virtual void pin(Value value, unsigned dim, StringRef reason) = 0;
};

} // namespace mlir::prune

#include "Prune/Interfaces/ChannelOpInterface.h.inc"

#endif // PRUNE_INTERFACES_CHANNELOPINTERFACE_H
