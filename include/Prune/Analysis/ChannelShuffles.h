//===- ChannelShuffles.h - Channels in another order ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELSHUFFLES_H
#define PRUNE_ANALYSIS_CHANNELSHUFFLES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::prune {

/// Channel shuffles of a block: dimensions that are split, transposed and
/// merged again. Between the reshapes no channel can leave alone, so while
/// channels are removed a shuffle is one gather from the places that it takes
/// its indices from. Those that lost nothing become again what they were.
class ChannelShuffles {
public:
  /// Writes all shuffles of a block as gathers.
  explicit ChannelShuffles(Block &block);

  /// Forgets gathers that are no longer in the block.
  void dropErased(Block &block);

  /// Writes gathers whose shapes are still the old ones as reshapes and a
  /// transposition.
  void restore();

private:
  struct Shuffle {
    linalg::GenericOp gather;
    Value source;
    RankedTensorType sourceType;
    RankedTensorType splitType;
    RankedTensorType resultType;
    SmallVector<ReassociationIndices> split;
    SmallVector<int64_t> permutation;
    SmallVector<ReassociationIndices> merged;
  };

  static std::optional<Shuffle> match(tensor::CollapseShapeOp merge);
  static SmallVector<SmallVector<int64_t>> getPlaces(const Shuffle &shuffle);

  SmallVector<Shuffle, 0> shuffles;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELSHUFFLES_H
