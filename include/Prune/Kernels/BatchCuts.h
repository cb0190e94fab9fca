//===- BatchCuts.h - Where a network can be cut -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Layers in front of a cut and those behind it can run with different parts of
// the batch: what passes from the ones to the others is in memory there.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_BATCHCUTS_H
#define PRUNE_KERNELS_BATCHCUTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace mlir::prune {

/// The values of a function of one block that depend on its arguments.
class BatchCuts {
public:
  BatchCuts(func::FuncOp function, int64_t batch);

  /// The operation behind `after` and not behind `before` in front of which the
  /// fewest elements pass, of equal ones the first; none that is element-wise,
  /// for that becomes a part of the layer before it. Null where something else
  /// than batches passes everywhere. A null `after` is the start.
  Operation *find(Operation *after, Operation *before) const;

  /// True when the operation depends on an argument.
  bool isDependent(Operation *op) const { return dependent.contains(op); }

  /// True for an element-wise operation on what depends on an argument.
  bool isElementwise(Operation *op) const;

  /// The values that pass, in the order of their definitions, and how many
  /// elements they have; nothing where one of them is no batch.
  SmallVector<Value> getLive(Operation *op) const;
  std::optional<int64_t> countElements(Operation *op) const;

private:
  struct Range {
    /// A value is live in front of the operations from the first to the last.
    int64_t first, last;
    Value value;
  };

  int64_t batch;
  llvm::DenseMap<Operation *, int64_t> places;
  llvm::SmallPtrSet<Operation *, 32> dependent;
  SmallVector<Range> ranges;
};

} // namespace mlir::prune

#endif // PRUNE_KERNELS_BATCHCUTS_H
