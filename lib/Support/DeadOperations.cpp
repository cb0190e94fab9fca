//===- DeadOperations.cpp - Erasing what nothing reads --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/DeadOperations.h"

#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::prune;

void mlir::prune::eraseDead(Block &block, Operation *last) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (&op == last)
      return;
    if (isOpTriviallyDead(&op))
      op.erase();
  }
}

void mlir::prune::eraseDead(ValueRange values) {
  // Each operation is in the list once: some are operands twice.
  llvm::SetVector<Operation *> candidates;
  auto add = [&](Value value) {
    if (Operation *op = value.getDefiningOp())
      candidates.insert(op);
  };
  llvm::for_each(values, add);
  while (!candidates.empty()) {
    Operation *op = candidates.pop_back_val();
    if (!isOpTriviallyDead(op))
      continue;
    SmallVector<Value> operands = llvm::to_vector(op->getOperands());
    op->erase();
    llvm::for_each(operands, add);
  }
}
