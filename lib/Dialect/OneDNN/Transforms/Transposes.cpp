//===- Transposes.cpp - Transpositions of static tensors ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/OneDNN/Transforms/Transposes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::onednn;

Value onednn::createTranspose(OpBuilder &builder, Location loc, Value source,
                              ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(source.getType());
  Value empty = tensor::EmptyOp::create(
      builder, loc, applyPermutation(type.getShape(), permutation),
      type.getElementType());
  auto transpose =
      linalg::TransposeOp::create(builder, loc, source, empty, permutation);
  return transpose->getResult(0);
}

bool onednn::isStaticTranspose(linalg::TransposeOp op, int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  return type && type.getRank() == rank && type.hasStaticShape() &&
         op.hasPureTensorSemantics();
}

/// Groups of dimensions that hold one extent that is no unit each.
static SmallVector<ReassociationIndices> groupUnits(ArrayRef<int64_t> shape) {
  SmallVector<ReassociationIndices> groups;
  bool isFull = false;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    bool isUnit = extent == 1;
    if (groups.empty() || (isFull && !isUnit)) {
      groups.push_back({});
      isFull = false;
    }
    groups.back().push_back(dim);
    isFull |= !isUnit;
  }
  return groups;
}

namespace {

struct TransposeToReshape : OpRewritePattern<linalg::TransposeOp> {
  TransposeToReshape(MLIRContext *context, int64_t rank)
      : OpRewritePattern(context), rank(rank) {}

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override;

  int64_t rank;
};

} // namespace

LogicalResult
TransposeToReshape::matchAndRewrite(linalg::TransposeOp op,
                                    PatternRewriter &rewriter) const {
  if (!isStaticTranspose(op, rank))
    return rewriter.notifyMatchFailure(op, "another rank or dynamic extents");
  auto type = cast<RankedTensorType>(op.getInput().getType());
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> extents, moved;
  for (int64_t extent : type.getShape())
    if (extent != 1)
      extents.push_back(extent);
  for (int64_t dim : op.getPermutation())
    if (type.getDimSize(dim) != 1)
      moved.push_back(dim);
  if (!llvm::is_sorted(moved))
    return rewriter.notifyMatchFailure(op, "elements move");
  Value dense = op.getInput();
  if (type != resultType) {
    dense = tensor::CollapseShapeOp::create(rewriter, op.getLoc(),
                                            type.clone(extents), dense,
                                            groupUnits(type.getShape()));
    dense =
        tensor::ExpandShapeOp::create(rewriter, op.getLoc(), resultType, dense,
                                      groupUnits(resultType.getShape()));
  }
  rewriter.replaceOp(op, dense);
  return success();
}

void onednn::populateTransposeToReshapePatterns(RewritePatternSet &patterns,
                                                int64_t rank) {
  MLIRContext *context = patterns.getContext();
  patterns.add<TransposeToReshape>(context, rank);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
}
