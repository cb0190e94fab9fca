//===- ConvertPruneToKernel.cpp - Sparse contractions to oneDNN -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A contraction marked csr becomes kernel.spmm on constants in compressed
// rows. That operation works on [features, batch], so its input and result are
// transposed; then transpositions move down through element-wise operations,
// until they meet the next layer's and cancel, a matmul, which takes them as a
// flag, or the end. What an element-wise operation adds and applies right
// behind a spmm becomes its bias and activation. A contraction marked lanes
// becomes kernel.lane_permute, which works on [batch, features]. Products of
// compressed weights, which are converted before, take part. With one column a
// transposition is a reshape. Linear in the weights, and in the length of the
// network per layer.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "Epilogue.h"
#include "SparseConvolutions.h"
#include "SparseProducts.h"
#include "TransposePropagation.h"

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/OneDNN/Transforms/Transposes.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Kernels/SparseProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "convert-prune-to-kernel"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTPRUNETOKERNELPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Replaces the contraction, which starts from the bias, if there is one.
static void convertToSpmm(linalg::LinalgOp op, const SparseProduct &product,
                          Value bias) {
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  CompressedWeight rows = compress(product);
  std::string name = getDisplayName(product.parameter);
  Value values = createConstant<float>(builder, builder.getF32Type(),
                                       name + ".values", rows.values);
  Value indices = createConstant<int32_t>(builder, builder.getI32Type(),
                                          name + ".indices", rows.columns);
  Value pointers = createConstant<int32_t>(builder, builder.getI32Type(),
                                           name + ".pointers", rows.pointers);
  Value x = product.inputIsFeatureMajor
                ? product.input
                : createTranspose(builder, product.input);
  Value empty = tensor::EmptyOp::create(
      builder, ArrayRef<int64_t>{product.size.rows, product.size.columns},
      builder.getF32Type());
  auto matmul = kernel::SpmmOp::create(builder, empty.getType(), values,
                                       indices, pointers, x, bias, empty,
                                       kernel::Activation::None);
  matmul->setAttr(PruneDialect::kKernelAttrName,
                  op->getAttr(PruneDialect::kKernelAttrName));
  Value result = matmul->getResult(0);
  if (!product.resultIsFeatureMajor)
    result = createTranspose(builder, result);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

namespace {

struct ConvertPruneToKernel
    : prune::impl::ConvertPruneToKernelPassBase<ConvertPruneToKernel> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registry.insert<linalg::LinalgDialect>();
  }

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> marked;
    getOperation()->walk([&](linalg::LinalgOp op) {
      auto kernel =
          op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName);
      if (kernel && kernel.getKind() != KernelKind::Dense && isContraction(op))
        marked.push_back(op);
    });
    if (marked.empty() && !hasCompressedProducts())
      return markAllAnalysesPreserved();
    for (linalg::LinalgOp op : marked)
      convertOrRunDense(op);
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns
        .add<FuseEpilogue<kernel::LanePermuteOp>, FuseEpilogue<kernel::SpmmOp>>(
            context);
    populateSparseConvolutionPatterns(patterns);
    populateTransposePropagationPatterns(patterns);
    kernel::LanePermuteOp::getCanonicalizationPatterns(patterns, context);
    kernel::SpmmOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    RewritePatternSet reshapes(context);
    onednn::populateTransposeToReshapePatterns(reshapes, /*rank=*/2);
    if (failed(applyPatternsGreedily(getOperation(), std::move(reshapes))))
      return signalPassFailure();
    getOperation()->walk([&](linalg::TransposeOp) { ++numTranspositions; });
  }

  /// True when convert-compressed-to-kernel has left transpositions to move, or
  /// what an epilogue goes into.
  bool hasCompressedProducts() {
    WalkResult result = getOperation()->walk([](Operation *op) {
      return isa<kernel::SpmmOp, kernel::SddmmOp, kernel::SparseConvolutionOp,
                 kernel::SparseConvolutionBackwardDataOp,
                 kernel::SparseConvolutionBackwardWeightsOp>(op)
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    return result.wasInterrupted();
  }

  /// Replaces the contraction, or fails with the reason.
  LogicalResult convert(linalg::LinalgOp op, std::string &reason) {
    std::optional<SparseProduct> product = matchSparseProduct(op, reason);
    if (!product)
      return failure();
    FailureOr<Value> bias = getBias(*product, op.getDpsInits().front());
    if (failed(bias)) {
      reason = "its initial value is neither zero nor a bias";
      return failure();
    }
    auto kernel = op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName);
    if (kernel.getKind() == KernelKind::Lanes)
      return convertToLanePermute(op, *product, *bias, reason);
    convertToSpmm(op, *product, *bias);
    return success();
  }

  void convertOrRunDense(linalg::LinalgOp op) {
    std::string reason;
    if (succeeded(convert(op, reason))) {
      ++numProducts;
      return;
    }
    LDBG() << "runs dense, " << reason << ": " << op;
    remark::missed(
        op->getLoc(),
        remark::RemarkOpts::name("KernelRefused").category(DEBUG_TYPE))
        << "contraction runs dense: " + reason;
    op->setAttr(PruneDialect::kKernelAttrName,
                KernelAttr::get(op.getContext(), KernelKind::Dense));
  }
};

} // namespace
