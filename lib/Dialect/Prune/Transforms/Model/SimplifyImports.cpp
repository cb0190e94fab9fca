//===- SimplifyImports.cpp - Remove what frameworks leave around ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Assertions go in one walk, globals in one scan over the symbol uses, and the
// rest is greedy rewriting of small patterns. Linear in the number of
// operations, except for the greedy driver's own revisits.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "StructuredImports.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-simplify-imports"

namespace mlir::prune {
#define GEN_PASS_DEF_SIMPLIFYIMPORTSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Evaluates a truncation of a scalar constant to nearest. The upstream fold
/// insists on an exact result, which epsilons of normalizations never are.
struct TruncateConstant : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<FloatType>(op.getType());
    APFloat value(0.0);
    if (!type || op.getRoundingmode() ||
        !matchPattern(op.getIn(), m_ConstantFloat(&value)))
      return failure();
    bool losesInfo = false;
    value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    FloatAttr attribute = rewriter.getFloatAttr(type, value);
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, attribute);
    return success();
  }
};

/// Which of maximum and minimum a predicate and a select make up.
enum class Extremum { None, Maximum, Minimum };

/// Classifies `select(cmp(a, b), a, b)` (or with the arms swapped). Maximum and
/// minimum yield NaN when either side is NaN, so with a constant `b` the
/// unordered predicate must guard the arm `a`, the ordered one the arm `b`.
Extremum classify(arith::CmpFPredicate predicate, bool armsSwapped) {
  using P = arith::CmpFPredicate;
  if (armsSwapped) {
    if (predicate == P::OLT || predicate == P::OLE)
      return Extremum::Maximum;
    if (predicate == P::OGT || predicate == P::OGE)
      return Extremum::Minimum;
    return Extremum::None;
  }
  if (predicate == P::UGT || predicate == P::UGE)
    return Extremum::Maximum;
  if (predicate == P::ULT || predicate == P::ULE)
    return Extremum::Minimum;
  return Extremum::None;
}

/// Turns compare and select with a constant that is not NaN into a maximum or
/// minimum: relu and its clipped relatives.
struct SelectToExtremum : OpRewritePattern<arith::SelectOp> {
  SelectToExtremum(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(arith::SelectOp op,
                                PatternRewriter &rewriter) const override {
    auto compare = op.getCondition().getDefiningOp<arith::CmpFOp>();
    if (!compare)
      return failure();
    Value lhs = compare.getLhs(), rhs = compare.getRhs();
    APFloat constant(0.0);
    if (!matchPattern(rhs, m_ConstantFloat(&constant)) || constant.isNaN())
      return failure();
    bool same = op.getTrueValue() == lhs && op.getFalseValue() == rhs;
    bool swapped = op.getTrueValue() == rhs && op.getFalseValue() == lhs;
    if (!same && !swapped)
      return failure();
    Extremum kind = classify(compare.getPredicate(), /*armsSwapped=*/!same);
    if (kind == Extremum::None)
      return failure();
    if (kind == Extremum::Maximum)
      rewriter.replaceOpWithNewOp<arith::MaximumFOp>(op, lhs, rhs);
    else
      rewriter.replaceOpWithNewOp<arith::MinimumFOp>(op, lhs, rhs);
    ++count;
    return success();
  }

private:
  Pass::Statistic &count;
};

/// Lets a sum over all of some dimensions drop them, and puts them back, with
/// extent one, behind it: `(a, b, 0, 0)` is no map that other passes
/// understand.
struct DropUnitSums : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !op.hasPureTensorSemantics())
      return failure();
    auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    AffineMap map = op.getIndexingMapMatchingResult(op->getOpResult(0));
    SmallVector<ReassociationIndices> groups = getGroups(map);
    if (!fill || !type || !type.hasStaticShape() || groups.empty() ||
        groups.size() == map.getNumResults())
      return failure();
    SmallVector<int64_t> shape;
    SmallVector<unsigned> kept;
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (!isa<AffineConstantExpr>(expr)) {
        shape.push_back(type.getDimSize(i));
        kept.push_back(i);
      }
    Location loc = op.getLoc();
    Value empty =
        tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
    auto start = linalg::FillOp::create(rewriter, loc, fill.getInputs(), empty);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps.back() = map.getSubMap(kept);
    auto sum = linalg::GenericOp::create(rewriter, loc, start.getResultTypes(),
                                         op.getInputs(), start.getResults(),
                                         maps, op.getIteratorTypesArray());
    rewriter.inlineRegionBefore(op.getRegion(), sum.getRegion(),
                                sum.getRegion().end());
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
        op, type, sum.getResult(0), groups);
    return success();
  }

private:
  /// Results that come from one loop, each with the constants behind it; empty
  /// when the first is a constant.
  static SmallVector<ReassociationIndices> getGroups(AffineMap map) {
    SmallVector<ReassociationIndices> groups;
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      if (!isa<AffineConstantExpr>(expr))
        groups.push_back({});
      if (groups.empty())
        return {};
      groups.back().push_back(i);
    }
    return groups;
  }
};

/// Padding by less than nothing becomes a slice of the source.
struct CutNegativePadding : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::PadOp op,
                                PatternRewriter &rewriter) const override {
    auto type = op.getSourceType();
    if (!type.hasStaticShape() || !op.getLow().empty() || !op.getHigh().empty())
      return failure();
    SmallVector<int64_t> low(op.getStaticLow()), high(op.getStaticHigh());
    SmallVector<OpFoldResult> offsets, sizes;
    bool cuts = false;
    for (auto [before, after, extent] :
         llvm::zip_equal(low, high, type.getShape())) {
      int64_t start = std::max<int64_t>(-before, 0);
      int64_t size = extent - start - std::max<int64_t>(-after, 0);
      // What is cut off may be padding of the other side.
      if (size < 0)
        return failure();
      offsets.push_back(rewriter.getIndexAttr(start));
      sizes.push_back(rewriter.getIndexAttr(size));
      cuts |= before < 0 || after < 0;
      before = std::max<int64_t>(before, 0);
      after = std::max<int64_t>(after, 0);
    }
    if (!cuts)
      return failure();
    SmallVector<OpFoldResult> strides(low.size(), rewriter.getIndexAttr(1));
    auto slice = tensor::ExtractSliceOp::create(
        rewriter, op.getLoc(), op.getSource(), offsets, sizes, strides);
    rewriter.modifyOpInPlace(op, [&] {
      op.getSourceMutable().assign(slice);
      op.setStaticLow(low);
      op.setStaticHigh(high);
    });
    return success();
  }
};

/// Takes back padding behind the last window of a pooling: frameworks pad by
/// the most that rounding up the number of windows could need.
template <typename OpTy>
struct TrimPadding : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInputs()[0].template getDefiningOp<tensor::PadOp>();
    if (!pad || !pad->hasOneUse() || !pad.getResultType().hasStaticShape() ||
        !pad.getLow().empty() || !pad.getHigh().empty())
      return failure();
    auto window = cast<RankedTensorType>(op.getInputs()[1].getType());
    auto output = cast<RankedTensorType>(op->getResult(0).getType());
    if (!window.hasStaticShape() || !output.hasStaticShape())
      return failure();
    auto strides =
        llvm::to_vector(op.getStrides().template getValues<int64_t>());
    auto dilations =
        llvm::to_vector(op.getDilations().template getValues<int64_t>());
    SmallVector<int64_t> high(pad.getStaticHigh());
    SmallVector<int64_t> shape(pad.getResultType().getShape());
    for (unsigned i = 0; i < 2; ++i) {
      int64_t reach = (output.getDimSize(i + 2) - 1) * strides[i] +
                      (window.getDimSize(i) - 1) * dilations[i] + 1;
      int64_t rest = std::min(shape[i + 2] - reach, high[i + 2]);
      // Too little for a window is common: an even extent, an odd window.
      if (shape[i + 2] - reach < strides[i])
        continue;
      high[i + 2] -= rest;
      shape[i + 2] -= rest;
    }
    if (ArrayRef<int64_t>(high) == pad.getStaticHigh())
      return failure();
    auto type = RankedTensorType::get(shape, output.getElementType());
    rewriter.modifyOpInPlace(pad, [&] {
      pad.setStaticHigh(high);
      pad.getResult().setType(type);
    });
    return success();
  }
};

/// Lets a concatenation read what was cast to a type that says less.
struct FoldConcatCasts : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ConcatOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      auto cast = input.getDefiningOp<tensor::CastOp>();
      inputs.push_back(cast && tensor::canFoldIntoConsumerOp(cast)
                           ? cast.getSource()
                           : input);
    }
    if (llvm::equal(inputs, op.getInputs()))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op->setOperands(inputs); });
    return success();
  }
};

struct SimplifyImportsPass
    : prune::impl::SimplifyImportsPassBase<SimplifyImportsPass> {
  using SimplifyImportsPassBase::SimplifyImportsPassBase;

  void runOnOperation() override {
    removeAssertions();
    inlineGlobals();
    RewritePatternSet patterns(&getContext());
    patterns.add<CutNegativePadding, DropUnitSums, FoldConcatCasts,
                 TrimPadding<linalg::PoolingNchwMaxOp>,
                 TrimPadding<linalg::PoolingNchwSumOp>, TruncateConstant>(
        &getContext());
    patterns.add<SelectToExtremum>(&getContext(), numSelectsReplaced);
    populateStructuredImportPatterns(patterns, numContractionsSplit);
    tensor::populateMergeConsecutiveInsertExtractSlicePatterns(patterns);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

private:
  void removeAssertions() {
    getOperation().walk([&](cf::AssertOp op) {
      LDBG() << "removed " << op;
      remark::passed(
          op.getLoc(),
          remark::RemarkOpts::name("AssertionRemoved").category(DEBUG_TYPE))
          << ("removed a run-time assertion: " + op.getMsg()).str();
      op.erase();
      ++numAssertionsRemoved;
    });
  }

  /// Replaces the loads of one global; all its uses must be loads.
  LogicalResult inlineGlobal(ml_program::GlobalOp global,
                             SymbolTable::UseRange uses) {
    auto value = dyn_cast_or_null<ElementsAttr>(global.getValueAttr());
    bool onlyLoads = llvm::all_of(uses, [&](SymbolTable::SymbolUse use) {
      Operation *user = use.getUser();
      return isa<ml_program::GlobalLoadOp, ml_program::GlobalLoadConstOp>(
                 user) &&
             value && user->getResult(0).getType() == value.getShapedType();
    });
    if (!onlyLoads)
      return failure();
    Location loc = NameLoc::get(global.getSymNameAttr(), global.getLoc());
    for (SymbolTable::SymbolUse use : uses) {
      Operation *load = use.getUser();
      OpBuilder builder(load);
      auto constant = arith::ConstantOp::create(builder, loc, value);
      load->replaceAllUsesWith(constant->getResults());
      load->erase();
      ++numGlobalsInlined;
    }
    return success();
  }

  void inlineGlobals() {
    ModuleOp module = getOperation();
    for (auto global :
         llvm::make_early_inc_range(module.getOps<ml_program::GlobalOp>())) {
      std::optional<SymbolTable::UseRange> uses = global.getSymbolUses(module);
      if (!uses || failed(inlineGlobal(global, *uses))) {
        remark::missed(
            global.getLoc(),
            remark::RemarkOpts::name("GlobalKept").category(DEBUG_TYPE))
            << ("global '" + global.getSymName() +
                "' is left alone: it has users other than loads of its "
                "initial value")
                   .str();
        continue;
      }
      if (global.isPrivate())
        global.erase();
    }
  }
};
} // namespace
