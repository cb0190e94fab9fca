//===- StructuredImports.cpp - Generic operations by name -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network that went through --linalg-generalize-named-ops, through
// element-wise fusion or through another front end says the same with other
// operations. A contraction with a longer body, `out + f(x, ...) * g(w, ...)`,
// becomes the element-wise operations f and g and the plain contraction of what
// they compute. Linear in the operations of the bodies.
//
//===----------------------------------------------------------------------===//

#include "StructuredImports.h"

#include "Prune/Analysis/Copies.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::prune;

/// True when a user reads the value as `isInit` says, through reshapes.
static bool isReadByReduction(Value value, bool isInit) {
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(user))
      return isReadByReduction(user->getResult(0), isInit);
    auto op = dyn_cast<linalg::LinalgOp>(user);
    return op && op.getNumReductionLoops() > 0 && op.isDpsInit(&use) == isInit;
  });
}

namespace {
/// Fills, broadcasts of biases and transpositions of weights by name. Other
/// broadcasts stay generic, because generic operations fuse.
struct NameCopies : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op->getNumResults() != 1)
      return failure();
    Value result = op->getResult(0);
    bool isNamed = linalg::isaFillOpInterface(op) ||
                   (linalg::isaBroadcastOpInterface(op) &&
                    isReadByReduction(result, /*isInit=*/true)) ||
                   (linalg::isaTransposeOpInterface(op) &&
                    isReadByReduction(result, /*isInit=*/false));
    return isNamed ? LogicalResult(linalg::specializeGenericOp(rewriter, op))
                   : failure();
  }
};

/// One factor of a product in a body, and what it is computed from.
struct Factor {
  Value value;
  llvm::SetVector<Operation *> ops;
  llvm::SetVector<OpOperand *> operands;
  /// The operand whose elements the factor has one value for.
  OpOperand *primary = nullptr;

  bool isPlain() const { return ops.empty() && operands.size() == 1; }
};
} // namespace

/// Collects what a value of a body depends on; false when it is more than
/// inputs and scalar operations.
static bool collect(linalg::GenericOp op, Value value, Factor &factor) {
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && argument.getOwner() == op.getBody()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    factor.operands.insert(operand);
    return op.isDpsInput(operand);
  }
  Operation *definition = value.getDefiningOp();
  if (!definition || definition->getBlock() != op.getBody())
    return true;
  if (isa<linalg::IndexOp>(definition) || definition->getNumRegions() != 0)
    return false;
  for (Value operand : definition->getOperands())
    if (!collect(op, operand, factor))
      return false;
  factor.ops.insert(definition);
  return true;
}

/// The index of each dimension of `map` among the indices of `primary`.
static std::optional<AffineMap> express(AffineMap map, AffineMap primary) {
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults()) {
    const auto *found = llvm::find(primary.getResults(), expr);
    if (isa<AffineConstantExpr>(expr))
      results.push_back(expr);
    else if (found != primary.getResults().end())
      results.push_back(
          getAffineDimExpr(std::distance(primary.getResults().begin(), found),
                           map.getContext()));
    else
      return std::nullopt;
  }
  return AffineMap::get(primary.getNumResults(), 0, results, map.getContext());
}

/// Finds the operand whose indices all others have; null when none is there.
static OpOperand *findPrimary(linalg::GenericOp op, const Factor &factor) {
  for (OpOperand *candidate : factor.operands) {
    if (!isa<RankedTensorType>(candidate->get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(candidate);
    if (llvm::all_of(factor.operands, [&](OpOperand *other) {
          return express(op.getMatchingIndexingMap(other), map).has_value();
        }))
      return candidate;
  }
  return nullptr;
}

/// Computes a factor for every element of its primary operand.
static Value createElementwise(PatternRewriter &rewriter, linalg::GenericOp op,
                               const Factor &factor) {
  Location loc = op.getLoc();
  AffineMap primary = op.getMatchingIndexingMap(factor.primary);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *operand : factor.operands) {
    inputs.push_back(operand->get());
    maps.push_back(*express(op.getMatchingIndexingMap(operand), primary));
  }
  unsigned rank = primary.getNumResults();
  maps.push_back(rewriter.getMultiDimIdentityMap(rank));
  Value empty = tensor::EmptyOp::create(
      rewriter, loc,
      tensor::getMixedSizes(rewriter, loc, factor.primary->get()),
      factor.value.getType());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto body = [&](OpBuilder &builder, Location, ValueRange arguments) {
    IRMapping mapping;
    for (auto [operand, argument] :
         llvm::zip(factor.operands, arguments.drop_back()))
      mapping.map(op.getMatchingBlockArgument(operand), argument);
    for (Operation *scalar : factor.ops)
      builder.clone(*scalar, mapping);
    linalg::YieldOp::create(builder, loc,
                            mapping.lookupOrDefault(factor.value));
  };
  auto made = linalg::GenericOp::create(rewriter, loc, empty.getType(), inputs,
                                        empty, maps, iterators, body);
  return made.getResult(0);
}

namespace {
struct SplitContraction : OpRewritePattern<linalg::GenericOp> {
  SplitContraction(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op->getNumResults() != 1 ||
        op.getNumReductionLoops() == 0)
      return failure();
    Value out = op.getBody()->getArguments().back();
    Value yielded = op.getBody()->getTerminator()->getOperand(0);
    auto sum = yielded.getDefiningOp<arith::AddFOp>();
    if (!sum || (sum.getLhs() != out && sum.getRhs() != out))
      return failure();
    Value addend = sum.getLhs() == out ? sum.getRhs() : sum.getLhs();
    auto product = addend.getDefiningOp<arith::MulFOp>();
    if (!product || product->getBlock() != op.getBody())
      return failure();
    Factor factors[2];
    for (unsigned i : {0u, 1u}) {
      factors[i].value = product->getOperand(i);
      if (!collect(op, factors[i].value, factors[i]) ||
          !(factors[i].primary = findPrimary(op, factors[i])))
        return failure();
    }
    if (factors[0].isPlain() && factors[1].isPlain())
      return failure();
    split(op, sum, product, factors, rewriter);
    return success();
  }

private:
  void split(linalg::GenericOp op, arith::AddFOp sum, arith::MulFOp product,
             ArrayRef<Factor> factors, PatternRewriter &rewriter) const {
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    for (const Factor &factor : factors) {
      inputs.push_back(factor.isPlain()
                           ? factor.primary->get()
                           : createElementwise(rewriter, op, factor));
      maps.push_back(op.getMatchingIndexingMap(factor.primary));
    }
    maps.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
    auto body = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
      IRMapping mapping;
      mapping.map(product.getLhs(), arguments[0]);
      // Not as a mapping, which a square would have two of.
      auto factor = cast<arith::MulFOp>(builder.clone(*product, mapping));
      factor.setOperand(1, arguments[1]);
      IRMapping sums;
      sums.map(product.getResult(), factor.getResult());
      sums.map(op.getBody()->getArguments().back(), arguments[2]);
      Operation *total = builder.clone(*sum, sums);
      linalg::YieldOp::create(builder, loc, total->getResult(0));
    };
    auto made = linalg::GenericOp::create(
        rewriter, op.getLoc(), op->getResultTypes(), inputs, op.getOutputs(),
        maps, op.getIteratorTypesArray(), body);
    made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceOp(op, made);
    ++count;
  }

  Pass::Statistic &count;
};
} // namespace

void mlir::prune::populateStructuredImportPatterns(RewritePatternSet &patterns,
                                                   Pass::Statistic &numSplit) {
  patterns.add<NameCopies>(patterns.getContext());
  patterns.add<SplitContraction>(patterns.getContext(), numSplit);
}
