//===- PropagateLayouts.cpp - onednn-propagate-layouts --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// First every operation that moves a window gets the order nhwc and a
// transposition at each image. Then patterns move transpositions down, and at
// last those that move no element become reshapes. Each pattern moves a
// transposition towards the end of the function or removes it, except past
// operations without images among their operands, and leaves no other one to
// move where it was, so the driver ends.
//
//===----------------------------------------------------------------------===//

#include "TransposePatterns.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/OneDNN/Transforms/Passes.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "onednn-propagate-layouts"

namespace mlir::prune {
#define GEN_PASS_DEF_PROPAGATELAYOUTSPASS
#include "Prune/Dialect/OneDNN/Transforms/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::kernel;
using namespace mlir::onednn;

/// Makes an operation on tensors nhwc, between transpositions.
static void reorder(WindowOpInterface op) {
  auto destinationStyle = cast<DestinationStyleOpInterface>(op.getOperation());
  IRRewriter rewriter(op->getContext());
  rewriter.setInsertionPoint(op);
  op.setLayout(Layout::Nhwc);
  SmallVector<bool> isImage;
  for (OpOperand &operand : op->getOpOperands()) {
    isImage.push_back(op.isImage(operand));
    if (!isImage.back())
      continue;
    Value transposed =
        createTranspose(rewriter, op.getLoc(), operand.get(), kToNhwc);
    operand.set(transposed);
  }
  rewriter.setInsertionPointAfter(op);
  for (OpOperand &init : destinationStyle.getDpsInitsMutable()) {
    if (!isImage[init.getOperandNumber()])
      continue;
    OpResult result = destinationStyle.getTiedOpResult(&init);
    result.setType(init.get().getType());
    Value restored = createTranspose(rewriter, op.getLoc(), result, kToNchw);
    rewriter.replaceAllUsesExcept(result, restored, restored.getDefiningOp());
  }
}

/// True when generated code works on images, which it has by channel: then
/// those around it stay so, as a transposition on each side costs more than is
/// gained.
static bool hasGeneratedImages(Operation *function) {
  WalkResult result = function->walk([](kernel::GeneratedOp op) {
    return cast<ShapedType>(op.getX().getType()).getRank() >= 3
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return result.wasInterrupted();
}

namespace {

struct PropagateLayouts
    : prune::impl::PropagateLayoutsPassBase<PropagateLayouts> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<WindowOpInterface> ops;
    llvm::DenseMap<Operation *, bool> generated;
    getOperation()->walk([&](WindowOpInterface op) {
      if (op->getNumResults() == 0 || op.getLayout() != Layout::Nchw)
        return;
      Operation *function = op->getParentOfType<FunctionOpInterface>();
      auto [entry, isNew] = generated.try_emplace(function, false);
      if (isNew && function)
        entry->second = hasGeneratedImages(function);
      if (!entry->second)
        ops.push_back(op);
    });
    for (WindowOpInterface op : ops) {
      LDBG() << "to nhwc: " << *op.getOperation();
      reorder(op);
    }
    numOps += ops.size();
    if (failed(apply(populateTransposeMovingPatterns)) ||
        failed(apply([](RewritePatternSet &patterns) {
          populateTransposeToReshapePatterns(patterns, /*rank=*/4);
        })))
      return signalPassFailure();
    getOperation()->walk([&](linalg::TransposeOp op) {
      numTransposes += isImageTranspose(op) ? 1 : 0;
    });
  }

  LogicalResult apply(void (*populate)(RewritePatternSet &)) {
    RewritePatternSet patterns(&getContext());
    populate(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
