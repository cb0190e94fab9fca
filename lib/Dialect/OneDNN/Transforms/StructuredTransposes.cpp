//===- StructuredTransposes.cpp - Transpositions and loop nests -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loop nest that reads a transposed image reads the image itself through a
// permuted map. Its loops are then put into the order of the image, so that
// they walk through memory; images that it computes come out in that order,
// too, with a transposition behind. Images that are a vector or a scalar
// repeated are read as that.
//
//===----------------------------------------------------------------------===//

#include "TransposePatterns.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::onednn;

namespace {

/// What an operand of a loop nest reads, and where.
struct Source {
  Value value;
  AffineMap map;
};

} // namespace

/// Looks through transpositions and broadcasts.
static Source resolve(Value value, AffineMap map) {
  while (true) {
    SmallVector<AffineExpr> results;
    if (auto transpose = value.getDefiningOp<linalg::TransposeOp>()) {
      results.resize(map.getNumResults());
      for (auto [i, dim] : llvm::enumerate(transpose.getPermutation()))
        results[dim] = map.getResult(i);
      value = transpose.getInput();
    } else if (auto broadcast = value.getDefiningOp<linalg::BroadcastOp>()) {
      for (auto [i, result] : llvm::enumerate(map.getResults()))
        if (!llvm::is_contained(broadcast.getDimensions(), i))
          results.push_back(result);
      value = broadcast.getInput();
    } else {
      return {value, map};
    }
    map = AffineMap::get(map.getNumDims(), 0, results, map.getContext());
  }
}

/// True for an operand that walks through a whole image.
static bool isImage(linalg::LinalgOp op, OpOperand &operand) {
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  return type && type.getRank() == 4 && op.getNumLoops() == 4 &&
         op.getMatchingIndexingMap(&operand).isPermutation();
}

/// A loop nest that can be written in another order of its loops: on static
/// tensors, every operand read and written element by element.
static bool isPermutable(linalg::LinalgOp op) {
  return !isa<linalg::TransposeOp, linalg::BroadcastOp, linalg::FillOp>(op) &&
         op.hasPureTensorSemantics() && op.getNumLoops() == 4 &&
         op.hasOnlyProjectedPermutations() &&
         llvm::all_of(op->getOperandTypes(), [](Type type) {
           auto tensor = dyn_cast<RankedTensorType>(type);
           return !tensor || tensor.hasStaticShape();
         });
}

/// True when all destinations are whole images whose old values do not count.
static bool isImageMap(linalg::LinalgOp op) {
  return isPermutable(op) && op.getNumParallelLoops() == 4 &&
         llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
           return op.getMatchingIndexingMap(&init).isIdentity() &&
                  op.getMatchingBlockArgument(&init).use_empty();
         });
}

/// True when no destination is an image.
static bool isImageReduction(linalg::LinalgOp op) {
  return isPermutable(op) && op.getNumReductionLoops() != 0 &&
         llvm::none_of(op.getDpsInitsMutable(),
                       [&](OpOperand &init) { return isImage(op, init); });
}

/// The map of a source when loop `j` is the old loop `order[j]`.
static AffineMap reorderMap(AffineMap map, ArrayRef<unsigned> order) {
  SmallVector<AffineExpr> names(order.size());
  for (auto [i, loop] : llvm::enumerate(order))
    names[loop] = getAffineDimExpr(i, map.getContext());
  return map.replaceDimsAndSymbols(names, {}, order.size(), 0);
}

/// The transposition of an image that is read through `map`.
static SmallVector<int64_t> getPermutation(AffineMap map) {
  return llvm::map_to_vector(inversePermutation(map).getResults(),
                             [](AffineExpr expr) -> int64_t {
                               return cast<AffineDimExpr>(expr).getPosition();
                             });
}

/// Writes the operation with loop `j` being the old loop `order[j]`. Images
/// among the destinations get the new order. `op` must be permutable.
static linalg::GenericOp reorderLoops(linalg::LinalgOp op,
                                      ArrayRef<unsigned> order,
                                      PatternRewriter &rewriter) {
  MLIRContext *context = op.getContext();
  SmallVector<utils::IteratorType> oldIterators = op.getIteratorTypesArray();
  SmallVector<utils::IteratorType> iterators;
  for (unsigned loop : order)
    iterators.push_back(oldIterators[loop]);
  SmallVector<int64_t> permutation(order.begin(), order.end());
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Source source = resolve(input->get(), op.getMatchingIndexingMap(input));
    AffineMap map = reorderMap(source.map, order);
    if (map.isPermutation() && !map.isIdentity()) {
      // An image in another order: its producer may come to write this one.
      source.value = createTranspose(rewriter, op.getLoc(), source.value,
                                     getPermutation(map));
      map = AffineMap::getMultiDimIdentityMap(order.size(), context);
    }
    inputs.push_back(source.value);
    maps.push_back(map);
  }
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = reorderMap(op.getMatchingIndexingMap(&init), order);
    Value value = init.get();
    if (isImage(op, init)) {
      auto type = cast<RankedTensorType>(value.getType());
      value = tensor::EmptyOp::create(
          rewriter, op.getLoc(), applyPermutation(type.getShape(), permutation),
          type.getElementType());
      map = AffineMap::getMultiDimIdentityMap(order.size(), context);
    }
    inits.push_back(value);
    maps.push_back(map);
  }
  auto generic = linalg::GenericOp::create(rewriter, op.getLoc(),
                                           TypeRange(ValueRange(inits)), inputs,
                                           inits, maps, iterators);
  rewriter.cloneRegionBefore(op->getRegion(0), generic.getRegion(),
                             generic.getRegion().begin());
  generic.walk([&](linalg::IndexOp index) {
    const auto *found = llvm::find(order, index.getDim());
    rewriter.modifyOpInPlace(index,
                             [&] { index.setDim(found - order.begin()); });
  });
  return generic;
}

/// Replaces images by those of the reordered operation, transposed back.
static void replaceResults(linalg::LinalgOp op, linalg::GenericOp reordered,
                           ArrayRef<unsigned> order,
                           PatternRewriter &rewriter) {
  SmallVector<int64_t> back =
      invertPermutationVector(SmallVector<int64_t>(order));
  SmallVector<Value> results;
  for (auto [before, after] :
       llvm::zip_equal(op->getResults(), reordered->getResults())) {
    Value result = after;
    if (cast<RankedTensorType>(before.getType()).getRank() == 4)
      result = createTranspose(rewriter, op.getLoc(), after, back);
    results.push_back(result);
  }
  rewriter.replaceOp(op, results);
}

/// The loops in the order in which the source of `operand` lies in memory.
static SmallVector<unsigned> getOrder(linalg::LinalgOp op, OpOperand *operand) {
  Source source = resolve(operand->get(), op.getMatchingIndexingMap(operand));
  SmallVector<unsigned> order;
  for (AffineExpr expr : source.map.getResults())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  return order;
}

/// True when the operation would still read an image through a transposition
/// from nhwc to nchw after its loops came into `order`.
static bool readsNchw(linalg::LinalgOp op, ArrayRef<unsigned> order) {
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    Source source = resolve(input->get(), op.getMatchingIndexingMap(input));
    AffineMap map = reorderMap(source.map, order);
    return map.isPermutation() && llvm::equal(getPermutation(map), kToNchw);
  });
}

/// The order of the first transposed image, or else of another one, that leaves
/// nothing to move, and nothing where there is none: an operation that reads
/// images in all three orders of nchw, nhwc and their product would turn for
/// ever.
static SmallVector<unsigned> chooseOrder(linalg::LinalgOp op) {
  SmallVector<OpOperand *> first, rest;
  for (OpOperand *input : op.getDpsInputOperands())
    if (isImage(op, *input))
      (getTransposeToNchw(input->get()) ? first : rest).push_back(input);
  if (first.empty())
    return {};
  llvm::append_range(first, rest);
  for (OpOperand *input : first)
    if (SmallVector<unsigned> order = getOrder(op, input);
        order.size() == 4 && !readsNchw(op, order))
      return order;
  return {};
}

/// Operations such as linalg.map have bodies of another form.
static FailureOr<linalg::GenericOp> generalize(linalg::LinalgOp op,
                                               PatternRewriter &rewriter) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op.getOperation()))
    return generic;
  return linalg::generalizeNamedOp(rewriter, op);
}

namespace {

/// Moves the transposition of an operand behind the operation, or into it.
struct MoveDown : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isImageMap(op) && !isImageReduction(op))
      return rewriter.notifyMatchFailure(op, "its loops cannot be permuted");
    SmallVector<unsigned> order = chooseOrder(op);
    if (order.empty())
      return rewriter.notifyMatchFailure(op, "no transposition to move");
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::GenericOp> generic = generalize(op, rewriter);
    if (failed(generic))
      return rewriter.notifyMatchFailure(op, "it has no generic form");
    rewriter.setInsertionPoint(*generic);
    linalg::GenericOp reordered = reorderLoops(*generic, order, rewriter);
    replaceResults(*generic, reordered, order, rewriter);
    return success();
  }
};

/// Moves a transposition in front of the operation that computes its only
/// operand from no image.
struct MoveUp : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<linalg::GenericOp>();
    if (!op.hasPureTensorSemantics() ||
        op.getPermutation() != ArrayRef(kToNhwc) || !producer ||
        !producer->hasOneUse() || producer->getNumResults() != 1 ||
        !isImageMap(producer))
      return rewriter.notifyMatchFailure(op, "no element-wise producer");
    for (OpOperand *input : producer.getDpsInputOperands())
      if (resolve(input->get(), producer.getMatchingIndexingMap(input))
              .map.isPermutation())
        return rewriter.notifyMatchFailure(op, "the producer reads an image");
    SmallVector<unsigned> order(op.getPermutation());
    rewriter.setInsertionPoint(producer);
    linalg::GenericOp reordered = reorderLoops(producer, order, rewriter);
    rewriter.replaceOp(op, reordered->getResults());
    return success();
  }
};

/// A repeated vector or a fill has no order of its own.
struct TurnUniform : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override;
};

} // namespace

LogicalResult TurnUniform::matchAndRewrite(linalg::TransposeOp op,
                                           PatternRewriter &rewriter) const {
  if (!op.hasPureTensorSemantics())
    return rewriter.notifyMatchFailure(op, "no operation on tensors");
  Operation *producer = op.getInput().getDefiningOp();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.hasStaticShape() ||
      !isa_and_nonnull<tensor::EmptyOp, linalg::FillOp, linalg::BroadcastOp>(
          producer))
    return rewriter.notifyMatchFailure(op, "the operand has an order");
  // Dimensions of the operand that the input has must keep their order.
  SmallVector<int64_t> added, kept;
  auto broadcast = dyn_cast<linalg::BroadcastOp>(producer);
  for (auto [i, dim] : llvm::enumerate(op.getPermutation()))
    if (broadcast && llvm::is_contained(broadcast.getDimensions(), dim))
      added.push_back(i);
    else
      kept.push_back(dim);
  if (broadcast && !llvm::is_sorted(kept))
    return rewriter.notifyMatchFailure(op, "the repeated dimensions turn");
  // Nothing may be created before the last refusal: the driver would take it
  // for a change and come back for ever.
  Value empty = tensor::EmptyOp::create(rewriter, op.getLoc(), type.getShape(),
                                        type.getElementType());
  if (broadcast) {
    auto turned = linalg::BroadcastOp::create(
        rewriter, op.getLoc(), broadcast.getInput(), empty, added);
    rewriter.replaceOp(op, turned->getResults());
  } else if (auto fill = dyn_cast<linalg::FillOp>(producer)) {
    auto turned =
        linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs(), empty);
    rewriter.replaceOp(op, turned);
  } else {
    rewriter.replaceOp(op, empty);
  }
  return success();
}

void onednn::populateStructuredPatterns(RewritePatternSet &patterns) {
  patterns.add<MoveDown, MoveUp, TurnUniform>(patterns.getContext());
}
