//===- Gather.h - Reads of tensors at computed places -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_GATHER_H
#define PRUNE_ANALYSIS_GATHER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <optional>

namespace mlir::prune {

/// How an index into a tensor depends on the loops of a structured operation.
struct GatherIndex {
  /// The only loop that it depends on; nothing when it is one number.
  std::optional<unsigned> loop;
  /// The index for every value of the counter; one entry without a loop.
  SmallVector<int64_t> values;

  /// True when the index is the counter itself.
  bool isIdentity() const;

  /// `(offset, step)` when the index is `offset + step * counter`.
  std::optional<std::pair<int64_t, int64_t>> getProgression() const;
};

/// A `tensor.extract` in the body of a structured operation that reads a tensor
/// of numbers from outside, as flips, upsampling, padding by reflection and
/// selections by index are written.
struct Gather {
  tensor::ExtractOp extract;
  /// For every dimension of what is read, how its index comes about; nothing
  /// when that is not known.
  SmallVector<std::optional<GatherIndex>> indices;

  Value getSource() const { return tensor::ExtractOp(extract).getTensor(); }
};

/// The gathers of an operation without reductions, in order. Indices that leave
/// what is read are unknown. O(extents of the loops * size of the body).
SmallVector<Gather> getGathers(linalg::LinalgOp op);

/// True when a loop counter of `op` is used for nothing but indices of
/// `gathers` that are known.
bool isIndexOfGathers(linalg::IndexOp counter, ArrayRef<Gather> gathers);

/// True when the body only passes on what its one gather reads.
bool isPureGather(linalg::LinalgOp op, ArrayRef<Gather> gathers);

/// The dimension of what is read that runs, forward or backward, along each
/// dimension of the result of a gather that only rearranges a tensor.
struct Rearrangement {
  tensor::ExtractOp extract;
  SmallVector<int64_t> dims;
  SmallVector<bool> isReversed;
};

/// A gather that moves and reverses whole dimensions and does nothing else, as
/// the weights of transposed convolutions are; nothing for others.
std::optional<Rearrangement> matchRearrangement(linalg::LinalgOp op);

/// Makes dimension `dim` of the gather read at `index`, written as short as it
/// can be: a loop counter, an expression of it, or a table.
void setGatherIndex(OpBuilder &builder, Gather &gather, unsigned dim,
                    GatherIndex index);

/// True when dimension `dim` is read at an index written in such a way.
bool isShortIndex(const Gather &gather, unsigned dim);

/// A gather in an operation of its own: a tensor of the type `type` whose
/// element at `i, j, ...` is that of `source` at `indices[0][i], indices[1][j],
/// ...`.
linalg::GenericOp createGather(OpBuilder &builder, Location loc, Value source,
                               RankedTensorType type,
                               ArrayRef<SmallVector<int64_t>> indices);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_GATHER_H
