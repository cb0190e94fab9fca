//===- DeadOperations.h - Erasing what nothing reads ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_DEADOPERATIONS_H
#define PRUNE_SUPPORT_DEADOPERATIONS_H

#include "mlir/IR/Block.h"
#include "mlir/IR/ValueRange.h"

namespace mlir::prune {

/// Erases the operations of a block that have no effect and that nothing
/// reads, from its end back to `last`, which stays; back to its start without
/// one. Linear in the operations visited.
void eraseDead(Block &block, Operation *last = nullptr);

/// Erases the operations that define `values` where nothing reads them and they
/// have no effect, with all that computed something for them alone.
void eraseDead(ValueRange values);

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_DEADOPERATIONS_H
