//===- SeparateDestinations.cpp - prune-separate-destinations -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Equal operations without operands that matter, such as two fills with zero,
// are one after common subexpression elimination. As destinations they then
// conflict, and bufferization copies. Undoing that is a walk over the module.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-separate-destinations"

namespace mlir::prune {
#define GEN_PASS_DEF_SEPARATEDESTINATIONSPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;

namespace {

struct SeparateDestinations
    : prune::impl::SeparateDestinationsPassBase<SeparateDestinations> {
  void runOnOperation() override {
    SmallVector<Operation *> fills, empties;
    getOperation()->walk([&](arith::ConstantOp op) { replaceEmpty(op); });
    getOperation()->walk([&](Operation *op) {
      if (auto fill = dyn_cast<linalg::FillOp>(op);
          fill && fill.hasPureTensorSemantics())
        fills.push_back(op);
      else if (isa<tensor::EmptyOp>(op))
        empties.push_back(op);
    });
    // Fills first: their copies need an empty tensor each.
    for (Operation *fill : fills)
      separate(fill);
    for (Operation *empty : empties)
      separate(empty);
  }

  /// A constant without elements is as good as an empty tensor, which needs no
  /// memory of its own.
  static void replaceEmpty(arith::ConstantOp op) {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type || type.getNumElements() != 0)
      return;
    OpBuilder builder(op);
    auto empty = tensor::EmptyOp::create(builder, op.getLoc(), type.getShape(),
                                         type.getElementType());
    op.replaceAllUsesWith(empty.getResult());
    op.erase();
  }

  /// Gives every use as a destination a copy of `op` right before it.
  void separate(Operation *op) {
    SmallVector<OpOperand *> destinations;
    for (OpOperand &use : op->getUses()) {
      auto user = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
      if (user && user.isDpsInit(&use))
        destinations.push_back(&use);
    }
    // Uses are in the order in which they were added; copies do not depend on
    // it, as each goes in front of its user.
    for (OpOperand *use : destinations) {
      if (op->hasOneUse()) {
        if (op->getBlock() == use->getOwner()->getBlock())
          op->moveBefore(use->getOwner());
        continue;
      }
      LDBG() << "a copy of " << *op << " for " << *use->getOwner();
      OpBuilder builder(use->getOwner());
      use->set(builder.clone(*op)->getResult(0));
      ++numCopies;
    }
  }
};

} // namespace
