//===- ChannelHolders.h - What keeps a channel that could leave -*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_CHANNELHOLDERS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_CHANNELHOLDERS_H

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "llvm/ADT/MapVector.h"

namespace mlir::prune {

/// The dimension of a value whose channels are the neurons of a layer.
struct OutputAxis {
  Value value;
  unsigned dim;
};

/// Where the neurons of a layer are; nothing when its weight has not one
/// dimension of them.
std::optional<OutputAxis> getOutputAxis(const ChannelAxes &axes,
                                        PrunableOpInterface op);

/// Says why channels that hold a constant stay: another layer adds to them what
/// is no constant (a residual sum), or what reads them cannot fold it.
class ChannelHolders {
public:
  ChannelHolders(Block &block, const ChannelState &state);

  /// The names of the weights, or of the operations without one, that keep
  /// constant neurons of a layer, and how many each: `'b.weight' (2)`. Empty
  /// when there is none.
  std::string describe(Operation *layer) const;

private:
  const ChannelState &state;
  llvm::MapVector<Operation *, OutputAxis> layers;
  /// The layers that give a class of channels values that are no constant.
  llvm::DenseMap<unsigned, SmallVector<Operation *, 2>> writers;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_CHANNELHOLDERS_H
