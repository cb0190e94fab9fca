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

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::onednn;

Value onednn::getTransposedMatrix(Value value) {
  if (auto transpose = value.getDefiningOp<linalg::TransposeOp>())
    return transpose.getPermutation() == ArrayRef<int64_t>{1, 0}
               ? transpose.getInput()
               : Value();
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic)
    return {};
  std::optional<SmallVector<int64_t>> permutation =
      linalg::isaTransposeOpInterface(generic);
  if (!permutation || *permutation != SmallVector<int64_t>{1, 0})
    return {};
  return generic.getDpsInputs().front();
}

/// True when every element of the tensor is known to be zero.
static bool isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
  return matchPattern(value, m_AnyZeroFloat());
}

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

struct DropZeroAccumulation : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getAccumulate() || !isZero(op.getOutput()))
      return rewriter.notifyMatchFailure(op, "does not accumulate on zeros");
    rewriter.modifyOpInPlace(op, [&] { op.setAccumulate(false); });
    return success();
  }
};

/// A destination that is not read but computed becomes an empty tensor, so that
/// what computes it can go.
template <typename Op>
struct DropUnreadDestination : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if constexpr (std::is_same_v<Op, MatmulOp>)
      if (op.getAccumulate())
        return rewriter.notifyMatchFailure(op, "reads its destination");
    auto type = dyn_cast<RankedTensorType>(op.getOutput().getType());
    if (!type || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "not a static tensor");
    Operation *source = op.getOutput().getDefiningOp();
    if (!source || !(isa<linalg::LinalgOp>(source) ||
                     source->hasTrait<OpTrait::ConstantLike>()))
      return rewriter.notifyMatchFailure(op, "the destination is not computed");
    Value empty = tensor::EmptyOp::create(
        rewriter, op.getLoc(), type.getShape(), type.getElementType());
    rewriter.modifyOpInPlace(op, [&] { op.getOutputMutable().assign(empty); });
    return success();
  }
};

} // namespace

void MatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<FoldTranspose, DropZeroAccumulation,
               DropUnreadDestination<MatmulOp>>(context);
}

void CsrMatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropUnreadDestination<CsrMatmulOp>>(context);
}
