//===- Activity.h - What a gradient flows through ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_ACTIVITY_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_ACTIVITY_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::prune {

/// Floating-point scalars and tensors have adjoints, others have none.
bool isDifferentiable(Type type);

/// Operands of `op` and the values that its regions use from outside.
SmallVector<Value> getReadValues(Operation *op);

/// The values of a block that depend on one of the roots and influence the
/// target. Linear in the size of the block.
class Activity {
public:
  Activity(Block &block, ArrayRef<Value> roots, Value target);

  bool isActive(Value value) const {
    return sources.contains(value) && influential.contains(value);
  }

  /// One way in which a root reaches `op`: the root, then the
  /// operations in between in order. Null root when none does.
  std::pair<Value, SmallVector<Operation *>> getPathTo(Operation *op) const;

private:
  void collectReached(Block &block, ArrayRef<Value> roots);
  void collectInfluential(Block &block, Value target);

  /// Reached values, each with a value that its operation reads and that is
  /// reached too; null for the roots.
  llvm::DenseMap<Value, Value> sources;
  llvm::DenseSet<Value> influential;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_ACTIVITY_H
