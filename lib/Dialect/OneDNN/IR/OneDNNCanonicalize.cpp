//===- OneDNNCanonicalize.cpp - Canonical forms ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A matmul absorbs transpositions of its operands, does not read a destination
// of zeros, and does not hold on to a destination that it does not read.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/DestinationPatterns.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

using namespace mlir;
using namespace mlir::kernel;
using namespace mlir::onednn;

namespace {

struct FoldTranspose : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op,
                                PatternRewriter &rewriter) const override {
    Value a = getTransposedMatrix(op.getA()),
          b = getTransposedMatrix(op.getB());
    if (!a && !b)
      return rewriter.notifyMatchFailure(op, "no operand is a transpose");
    rewriter.modifyOpInPlace(op, [&] {
      if (a) {
        op.getAMutable().assign(a);
        op.setTransposeA(!op.getTransposeA());
      }
      if (b) {
        op.getBMutable().assign(b);
        op.setTransposeB(!op.getTransposeB());
      }
    });
    return success();
  }
};

} // namespace

void MatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<FoldTranspose, DropZeroAccumulation<MatmulOp>,
               DropUnreadDestinations<MatmulOp>>(context);
}
