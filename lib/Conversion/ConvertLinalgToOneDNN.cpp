//===- ConvertLinalgToOneDNN.cpp - Contractions to oneDNN -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each contraction of two f32 matrices, in any transposition and however it is
// written, becomes an accumulating onednn.matmul on its initial value. Patterns
// then make the initial value a bias (a broadcast vector) or nothing (zeros),
// pull a following bias and activation in, and mark constant right operands.
// Batches of products are loops over products first, see BatchedProducts.
// Convolutions are recognized by their maps, see ConvolutionMatch.
// Everything is local, one visit per operation; the greedy driver repeats until
// nothing changes.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "BatchedProducts.h"
#include "ConvolutionPatterns.h"
#include "Epilogue.h"
#include "Prune/Analysis/MatrixProduct.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "convert-linalg-to-onednn"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTLINALGTOONEDNNPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Why the contraction is not for oneDNN; empty when it is, described in
/// `product`.
static StringRef matchProduct(linalg::LinalgOp op, MatrixProduct &product) {
  if (auto kernel =
          op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName))
    if (kernel.getKind() != KernelKind::Dense)
      return "another kernel was chosen";
  return matchMatrixProduct(op, product);
}

namespace {

struct ConvertContraction : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isContraction(op))
      return rewriter.notifyMatchFailure(op, "no contraction");
    MatrixProduct product;
    StringRef reason = matchProduct(op, product);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    auto matmul = onednn::MatmulOp::create(
        rewriter, op.getLoc(), op->getResultTypes(), product.left->get(),
        product.right->get(),
        /*bias=*/Value(), op.getDpsInits().front(), product.isLeftTransposed,
        product.isRightTransposed, /*accumulate=*/true, /*constant_b=*/false,
        kernel::Activation::None);
    for (NamedAttribute attribute : op->getDiscardableAttrs())
      if (isa_and_nonnull<PruneDialect>(attribute.getNameDialect()))
        matmul->setAttr(attribute.getName(), attribute.getValue());
    rewriter.replaceOp(op, matmul);
    return success();
  }
};

/// The runtime packs a constant right operand once.
/// Last, when no product takes the transposition as a flag any more.
struct ConvertTranspose : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
    if (!type || !op.hasPureTensorSemantics() || type.getRank() != 2 ||
        !type.hasStaticShape() || !type.getElementType().isF32() ||
        type.getDimSize(0) == 1 || type.getDimSize(1) == 1 ||
        op.getPermutation() != ArrayRef<int64_t>{1, 0})
      return rewriter.notifyMatchFailure(op, "no transpose of a f32 matrix");
    Value init = op.getInit();
    rewriter.replaceOpWithNewOp<kernel::TransposeOp>(op, init.getType(),
                                                     op.getInput(), init);
    return success();
  }
};

struct MarkConstantOperand : OpRewritePattern<onednn::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onednn::MatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getConstantB() || !matchPattern(op.getB(), m_Constant()))
      return rewriter.notifyMatchFailure(op, "no constant right operand");
    rewriter.modifyOpInPlace(op, [&] { op.setConstantB(true); });
    return success();
  }
};

struct ConvertLinalgToOneDNN
    : prune::impl::ConvertLinalgToOneDNNPassBase<ConvertLinalgToOneDNN> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registry.insert<linalg::LinalgDialect>();
  }

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<ConvertContraction, FoldBroadcastDestination<onednn::MatmulOp>,
                 FoldBroadcastDestination<onednn::ConvolutionOp>,
                 FuseEpilogue<onednn::MatmulOp>,
                 FuseEpilogue<onednn::ConvolutionOp>,
                 FuseSum<onednn::ConvolutionOp>, MarkConstantOperand>(context);
    populateBatchedProductPatterns(patterns);
    populateConvolutionPatterns(patterns);
    onednn::MatmulOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    RewritePatternSet rest(context);
    rest.add<ConvertTranspose>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(rest))))
      return signalPassFailure();
    getOperation()->walk([&](Operation *op) { report(op); });
  }

  /// Counts what was converted and says why a contraction was not.
  void report(Operation *op) {
    if (auto matmul = dyn_cast<onednn::MatmulOp>(op)) {
      ++numProducts;
      numBiases += matmul.getBias() ? 1 : 0;
      numActivations += matmul.getActivation() != kernel::Activation::None;
      return;
    }
    if (auto convolution = dyn_cast<onednn::ConvolutionOp>(op)) {
      ++numConvolutions;
      numBiases += convolution.getBias() ? 1 : 0;
      numActivations += convolution.getActivation() != kernel::Activation::None;
      return;
    }
    numConvolutions += isa<onednn::ConvolutionBackwardDataOp,
                           onednn::ConvolutionBackwardWeightsOp>(op);
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp)
      return;
    MatrixProduct product;
    if (isContraction(linalgOp))
      return reportKept(op, "ContractionKept", matchProduct(linalgOp, product));
    StringRef obstacle = getConvolutionObstacle(linalgOp);
    if (!obstacle.empty())
      reportKept(op, "ConvolutionKept", obstacle);
  }

  void reportKept(Operation *op, StringRef name, StringRef reason) {
    LDBG() << name << ", " << reason << ": " << *op;
    remark::missed(op->getLoc(),
                   remark::RemarkOpts::name(name).category(DEBUG_TYPE))
        << ((name == "ContractionKept" ? "contraction" : "convolution") +
            Twine(" stays in linalg: ") + reason)
               .str();
  }
};

} // namespace
