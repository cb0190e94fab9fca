//===- MaxPools.cpp - Lowering of the gradient of max pooling -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Two loop nests: the number of the first maximum in each window, as the
// smallest of all that equal it, and the sum of what each element of the input
// receives from the windows that it lies in. Linear in the elements of the
// output times those of a window.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/PruneToLinalg.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Maps from the loops (image, channel, row and column of the output, then of
/// the window).
struct PoolLoops {
  explicit PoolLoops(MaxPoolGradientOp op) {
    MLIRContext *context = op.getContext();
    SmallVector<AffineExpr> d(6);
    for (unsigned i = 0; i < 6; ++i)
      d[i] = getAffineDimExpr(i, context);
    auto at = [&](unsigned i) {
      return d[2 + i] * op.getStrides()[i] + d[4 + i] * op.getDilations()[i];
    };
    input = AffineMap::get(6, 0, {d[0], d[1], at(0), at(1)}, context);
    output = AffineMap::get(6, 0, {d[0], d[1], d[2], d[3]}, context);
    window = AffineMap::get(6, 0, {d[4], d[5]}, context);
  }
  AffineMap input, output, window;
};
} // namespace

/// Row-major position in the window as i32.
static Value createPosition(ImplicitLocOpBuilder &e, MaxPoolGradientOp op) {
  Value row = linalg::IndexOp::create(e, 4);
  Value column = linalg::IndexOp::create(e, 5);
  Value width = arith::ConstantIndexOp::create(e, op.getWindow()[1]);
  Value start = arith::MulIOp::create(e, row, width);
  Value position = arith::AddIOp::create(e, start, column);
  return arith::IndexCastOp::create(e, e.getI32Type(), position);
}

static Value createFilled(ImplicitLocOpBuilder &b, ArrayRef<int64_t> shape,
                          TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, value);
  Value empty = tensor::EmptyOp::create(b, shape, value.getType());
  return linalg::FillOp::create(b, scalar, empty).getResult(0);
}

/// Position of the first maximum in each window; the size of the window where
/// there is none.
static Value createPositions(ImplicitLocOpBuilder &b, MaxPoolGradientOp op,
                             const PoolLoops &loops, Value window) {
  using Iterator = utils::IteratorType;
  auto type = cast<RankedTensorType>(op.getOutput().getType());
  auto none = b.getI32IntegerAttr(op.getWindow()[0] * op.getWindow()[1]);
  Value start = createFilled(b, type.getShape(), none);
  Value noneValue = arith::ConstantOp::create(b, none);
  SmallVector<Iterator> iterators(4, Iterator::parallel);
  iterators.append(2, Iterator::reduction);
  return createLoops(
             b, {op.getInput(), op.getOutput(), window}, start,
             {loops.input, loops.output, loops.window, loops.output}, iterators,
             [&](ImplicitLocOpBuilder &e, ValueRange args) {
               Value position = createPosition(e, op);
               Value isMaximum = arith::CmpFOp::create(
                   e, arith::CmpFPredicate::OEQ, args[0], args[1]);
               Value candidate =
                   arith::SelectOp::create(e, isMaximum, position, noneValue);
               Value first = arith::MinSIOp::create(e, args[3], candidate);
               return SmallVector<Value>{first};
             })
      .front();
}

namespace {

struct LowerMaxPoolGradient final : OpRewritePattern<MaxPoolGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MaxPoolGradientOp op,
                                PatternRewriter &rewriter) const override {
    using Iterator = utils::IteratorType;
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Type element = type.getElementType();
    PoolLoops loops(op);
    // Holds no values: its shape tells the extents of the window.
    Value window = tensor::EmptyOp::create(b, op.getWindow(), element);
    Value positions = createPositions(b, op, loops, window);
    Value zeros =
        createFilled(b, type.getShape(), b.getFloatAttr(element, 0.0));
    Value zero = createNumber(b, element, 0.0);
    SmallVector<Iterator> iterators(2, Iterator::parallel);
    iterators.append(4, Iterator::reduction);
    SmallVector<Value> gradient = createLoops(
        b, {positions, op.getAdjoint(), window}, zeros,
        {loops.output, loops.output, loops.window, loops.input}, iterators,
        [&](ImplicitLocOpBuilder &e, ValueRange args) {
          Value position = createPosition(e, op);
          Value isFirst = arith::CmpIOp::create(e, arith::CmpIPredicate::eq,
                                                args[0], position);
          Value part = arith::SelectOp::create(e, isFirst, args[1], zero);
          Value sum = arith::AddFOp::create(e, args[3], part);
          return SmallVector<Value>{sum};
        });
    rewriter.replaceOp(op, gradient);
    return success();
  }
};

} // namespace

void mlir::prune::populateMaxPoolLoweringPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerMaxPoolGradient>(patterns.getContext());
}
