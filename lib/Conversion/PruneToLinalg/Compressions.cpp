//===- Compressions.cpp - Lowering of compressed weights ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The plain form, for what no sparse kernel took and as its oracle: decompress
// writes each value into zeros, compress reads each value. Both work on all
// elements in a row; the pattern becomes a constant.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

/// All dimensions of a tensor as one.
static SmallVector<ReassociationIndices> getOneRun(RankedTensorType type) {
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank()))};
}

/// The elements of a tensor in a row.
static Value flatten(ImplicitLocOpBuilder &b, Value dense) {
  auto type = cast<RankedTensorType>(dense.getType());
  if (type.getRank() == 1)
    return dense;
  return tensor::CollapseShapeOp::create(b, dense, getOneRun(type));
}

/// `target` with `values[p]` at `indices[p]`, for all p in order.
static Value scatter(ImplicitLocOpBuilder &b, Value values, Value indices,
                     Value target) {
  int64_t count = cast<RankedTensorType>(values.getType()).getDimSize(0);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value end = arith::ConstantIndexOp::create(b, count);
  auto loop = scf::ForOp::create(
      b, zero, end, one, target,
      [&](OpBuilder &inner, Location loc, Value p, ValueRange state) {
        ImplicitLocOpBuilder e(loc, inner);
        Value number = tensor::ExtractOp::create(e, indices, p);
        Value index = arith::IndexCastOp::create(e, e.getIndexType(), number);
        Value value = tensor::ExtractOp::create(e, values, p);
        Value written =
            tensor::InsertOp::create(e, value, state.front(), index);
        scf::YieldOp::create(e, written);
      });
  return loop.getResult(0);
}

namespace {

struct LowerDecompress final : OpRewritePattern<DecompressOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DecompressOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value indices =
        arith::ConstantOp::create(b, cast<TypedAttr>(op.getPattern()));
    Value empty = tensor::EmptyOp::create(
        b, ArrayRef<int64_t>{type.getNumElements()}, type.getElementType());
    Value zero = createNumber(b, type.getElementType(), 0.0);
    auto zeros = linalg::FillOp::create(b, zero, empty);
    Value flat = scatter(b, op.getValues(), indices, zeros.getResult(0));
    if (type.getRank() != 1)
      flat = tensor::ExpandShapeOp::create(b, type, flat, getOneRun(type));
    rewriter.replaceOp(op, flat);
    return success();
  }
};

struct LowerCompress final : OpRewritePattern<CompressOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CompressOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value indices =
        arith::ConstantOp::create(b, cast<TypedAttr>(op.getPattern()));
    Value flat = flatten(b, op.getDense());
    Value values = createElementwise(
        b, indices, cast<RankedTensorType>(op.getType()),
        [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
          Value index =
              arith::IndexCastOp::create(e, e.getIndexType(), args[0]);
          Value value = tensor::ExtractOp::create(e, flat, index);
          return {value};
        });
    rewriter.replaceOp(op, values);
    return success();
  }
};

} // namespace

void mlir::prune::populateCompressLoweringPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerDecompress, LowerCompress>(patterns.getContext());
}
