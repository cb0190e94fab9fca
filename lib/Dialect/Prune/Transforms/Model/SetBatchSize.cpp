//===- SetBatchSize.cpp - Another batch size ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The batch is followed through the function (see BatchFlow.h), and everything
// is checked before anything changes. What only looks like the batch, like an
// empty tensor that serves two purposes, is made once per purpose. Linear in
// the number of operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "BatchFlow.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/ChannelOpInterface.h"
#include "Prune/Support/DeadOperations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-set-batch-size"

namespace mlir::prune {
#define GEN_PASS_DEF_SETBATCHSIZEPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True when the argument is a tensor that comes in batches.
static bool isBatched(FunctionOpInterface function, unsigned argument) {
  auto type =
      dyn_cast<RankedTensorType>(function.getArgument(argument).getType());
  return type && type.getRank() > 0 &&
         function.getArgAttr(argument, PruneDialect::kInputAttrName);
}

/// A tensor type with another batch.
static RankedTensorType resize(Type type, const BatchDim &batch, int64_t size) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[batch.dim] = batch.outer * size * batch.inner;
  return tensor.clone(shape);
}

/// Brings the attributes that repeat shapes in line with the types.
static void updateAttributes(Operation *op, const BatchFlow &flow) {
  auto update = [](ArrayRef<int64_t> sizes, Value whole,
                   const std::optional<BatchDim> &batch) {
    SmallVector<int64_t> updated(sizes);
    auto type = cast<RankedTensorType>(whole.getType());
    if (batch)
      updated[batch->dim] = type.getDimSize(batch->dim);
    return updated;
  };
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    slice.setStaticSizes(update(slice.getStaticSizes(), slice.getSource(),
                                flow.get(slice.getSource())));
  else if (auto slice = dyn_cast<tensor::InsertSliceOp>(op))
    slice.setStaticSizes(update(slice.getStaticSizes(), slice.getDest(),
                                flow.get(slice.getResult())));
  else if (auto channels = dyn_cast<ChannelOpInterface>(op))
    channels.updateAttributes();
}

namespace {
/// Makes values that have no batch again with one.
class Adapter {
public:
  Adapter(const BatchFlow &flow, int64_t oldSize, int64_t newSize)
      : flow(flow), oldSize(oldSize), newSize(newSize) {}

  /// A value like `value`, which `flow` says can be made, with the new batch at
  /// `wanted`. The same one for the same wish.
  Value adapt(Value value, const BatchDim &wanted);

  /// The values that were made again; some may still be read as they were.
  SmallVector<Value> getOriginals() const {
    return llvm::map_to_vector(
        made, [](auto &entry) { return std::get<0>(entry.first); });
  }

private:
  /// What the operands of a structured operation have to be.
  void adaptOperands(linalg::LinalgOp clone, linalg::LinalgOp op,
                     AffineExpr loop, const BatchDim &wanted);

  const BatchFlow &flow;
  int64_t oldSize, newSize;
  llvm::MapVector<std::tuple<Value, unsigned, int64_t, int64_t>, Value> made;
};
} // namespace

void Adapter::adaptOperands(linalg::LinalgOp clone, linalg::LinalgOp op,
                            AffineExpr loop, const BatchDim &wanted) {
  for (OpOperand &operand : op->getOpOperands())
    for (auto [dim, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (expr == loop)
        clone->setOperand(operand.getOperandNumber(),
                          adapt(operand.get(), wanted.at(dim)));
  for (auto [result, init] :
       llvm::zip(clone->getResults(), clone.getDpsInits()))
    result.setType(init.getType());
}

Value Adapter::adapt(Value value, const BatchDim &wanted) {
  if (flow.get(value))
    return value;
  auto key = std::tuple(value, wanted.dim, wanted.outer, wanted.inner);
  if (Value found = made.lookup(key))
    return found;
  Operation *op = value.getDefiningOp();
  OpBuilder builder(op);
  Operation *clone = builder.clone(*op);
  Value result = clone->getResult(cast<OpResult>(value).getResultNumber());
  RankedTensorType type = resize(value.getType(), wanted, newSize);
  if (auto constant = dyn_cast<arith::ConstantOp>(clone)) {
    constant.setValueAttr(
        cast<SplatElementsAttr>(constant.getValue()).resizeSplat(type));
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    BatchDim flat = mergeBatch(expand.getResultType().getShape(),
                               expand.getReassociationIndices(), wanted);
    clone->setOperand(0, adapt(expand.getSrc(), flat));
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    BatchDim part =
        splitBatch(collapse.getSrcType().getShape(),
                   collapse.getReassociationIndices(), wanted, oldSize)
            .front();
    clone->setOperand(0, adapt(collapse.getSrc(), part));
  } else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    unsigned dim = *getWholeDim(slice, wanted.dim);
    SmallVector<int64_t> sizes(slice.getStaticSizes());
    sizes[dim] = type.getDimSize(wanted.dim);
    clone->setOperand(0, adapt(slice.getSource(), wanted.at(dim)));
    cast<tensor::ExtractSliceOp>(clone).setStaticSizes(sizes);
  } else if (auto structured = dyn_cast<linalg::LinalgOp>(op)) {
    OpOperand *init =
        structured.getDpsInitOperand(cast<OpResult>(value).getResultNumber());
    adaptOperands(cast<linalg::LinalgOp>(clone), structured,
                  structured.getMatchingIndexingMap(init).getResult(wanted.dim),
                  wanted);
  }
  result.setType(type);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(clone))
    expand.setStaticOutputShape(type.getShape());
  made[key] = result;
  return result;
}

/// Lets a reshape merge the dimensions that it does from now on.
static void setGroups(Operation *op, ArrayRef<ReassociationIndices> groups) {
  if (groups.empty())
    return;
  OpBuilder builder(op);
  op->setAttr("reassociation",
              getReassociationIndicesAttribute(builder, groups));
}

/// Makes a reshape again as two, with two of its flat dimensions, the first of
/// them `at`, merged in between: what the batch is a factor of crosses from one
/// to the other.
static void bridgeGroups(Operation *op, std::optional<unsigned> at) {
  if (!at)
    return;
  OpBuilder builder(op);
  auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
  SmallVector<ReassociationIndices> merged =
      expand ? expand.getReassociationIndices()
             : cast<tensor::CollapseShapeOp>(op).getReassociationIndices();
  int64_t rank = merged.size();
  llvm::append_range(merged[*at], merged[*at + 1]);
  merged.erase(merged.begin() + *at + 1);
  SmallVector<ReassociationIndices> pair;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim == int64_t(*at) + 1)
      pair.back().push_back(dim);
    else
      pair.push_back({dim});
  }
  auto flat = tensor::CollapseShapeOp::create(
      builder, op->getLoc(), op->getOperand(0), expand ? pair : merged);
  auto result = tensor::ExpandShapeOp::create(builder, op->getLoc(),
                                              op->getResult(0).getType(), flat,
                                              expand ? merged : pair);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

/// Lets a body read tensors at the counter of a loop.
static void readAtCounters(ArrayRef<std::pair<OpOperand *, unsigned>> indices) {
  for (auto [index, loop] : indices) {
    if (index->get().getDefiningOp<linalg::IndexOp>())
      continue;
    OpBuilder builder(index->getOwner());
    auto counter =
        linalg::IndexOp::create(builder, index->getOwner()->getLoc(), loop);
    index->set(counter);
  }
}

/// A map that reads index 0 of a dimension of its operand.
static AffineMap readFirst(AffineMap map, unsigned dim) {
  SmallVector<AffineExpr> results(map.getResults());
  results[dim] = getAffineConstantExpr(0, map.getContext());
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

/// Lets an operation read index 0 of dimensions of operands.
static void readAtZero(ArrayRef<std::pair<OpOperand *, unsigned>> dims) {
  if (dims.empty())
    return;
  IRRewriter rewriter(dims.front().first->getOwner()->getContext());
  auto op = cast<linalg::LinalgOp>(dims.front().first->getOwner());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (auto [operand, dim] : dims) {
    AffineMap &map = maps[operand->getOperandNumber()];
    map = readFirst(map, dim);
  }
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    rewriter.setInsertionPoint(op);
    generic = *linalg::generalizeNamedOp(rewriter, op);
  }
  generic.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
}

/// Repeats an operand of extent one along a dimension.
static void repeat(OpOperand &operand, unsigned dim, int64_t size) {
  Operation *op = operand.getOwner();
  ImplicitLocOpBuilder builder(op->getLoc(), op);
  RankedTensorType type =
      resize(operand.get().getType(), BatchDim{dim, 1, 1}, size);
  AffineMap first =
      readFirst(builder.getMultiDimIdentityMap(type.getRank()), dim);
  auto empty =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  SmallVector<Value> repeated =
      createMapped(builder, operand.get(), first, empty.getResult(),
                   [](ImplicitLocOpBuilder &, ValueRange scalars) {
                     return SmallVector<Value>{scalars.front()};
                   });
  operand.set(repeated.front());
}

/// Makes the signature say what the body does.
static void updateSignature(FunctionOpInterface function, Block &block) {
  SmallVector<Type> results(function.getResultTypes());
  if (block.getTerminator()->getNumOperands() == results.size())
    results.assign(block.getTerminator()->getOperandTypes().begin(),
                   block.getTerminator()->getOperandTypes().end());
  SmallVector<Type> arguments(block.getArgumentTypes());
  function.setType(function.cloneTypeWith(arguments, results));
}

namespace {
struct SetBatchSizePass final
    : prune::impl::SetBatchSizePassBase<SetBatchSizePass> {
  using SetBatchSizePassBase::SetBatchSizePassBase;

  void runOnOperation() override {
    // Far more rows than there is memory for, and few enough to count bytes.
    constexpr int64_t kMost = 1 << 24;
    if (batch < 1 || batch > kMost) {
      mlir::emitError(getOperation().getLoc())
          << "expected a batch size from 1 to " << kMost << ", got "
          << batch.getValue();
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      if (isChosen(function) && failed(change(function)))
        return signalPassFailure();
  }

  bool isChosen(FunctionOpInterface function) {
    if (function.isExternal())
      return false;
    if (!functions.empty())
      return llvm::is_contained(functions, function.getName().str());
    return llvm::any_of(llvm::seq(0u, function.getNumArguments()),
                        [&](unsigned i) { return isBatched(function, i); });
  }

  LogicalResult verify(FunctionOpInterface function) {
    if (!function.getFunctionBody().hasOneBlock())
      return function.emitError()
             << "expected a function of one block to change the batch size of";
    if (failed(verifyNotCalled(function)))
      return failure();
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (function.getResultAttr(i, PruneDialect::kEvidenceAttrName))
        return function.emitError() << "expected a function whose results are "
                                       "no sums over the batch, to change its "
                                       "size";
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (isBatched(function, i))
        return success();
    return function.emitError()
           << "expected a tensor argument with prune.input to change the batch "
              "size of";
  }

  /// The present size of the batch.
  FailureOr<int64_t> getBatch(FunctionOpInterface function) {
    std::optional<int64_t> size;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      if (!isBatched(function, i))
        continue;
      auto type = cast<RankedTensorType>(function.getArgument(i).getType());
      int64_t extent = type.getDimSize(0);
      if (extent < 1)
        return function.emitError()
               << "expected inputs of a static batch of at least 1, got "
               << type;
      if (size && *size != extent)
        return function.emitError() << "expected inputs of one batch size, got "
                                    << *size << " and " << extent;
      size = extent;
    }
    return *size;
  }

  LogicalResult change(FunctionOpInterface function) {
    if (failed(verify(function)))
      return failure();
    FailureOr<int64_t> oldSize = getBatch(function);
    if (failed(oldSize))
      return failure();
    Block &block = function.getFunctionBody().front();
    BatchFlow flow(block, *oldSize);
    for (BlockArgument argument : block.getArguments())
      if (isBatched(function, argument.getArgNumber()))
        flow.addInput(argument);
    if (failed(flow.run()))
      return failure();
    Operation *terminator = block.getTerminator();
    if (terminator->getNumOperands() != 0 && *oldSize != batch &&
        llvm::none_of(terminator->getOperands(),
                      [&](Value result) { return flow.get(result); }))
      return function.emitError() << "expected a result that depends on the "
                                     "batch, to change its size";
    remarkReductions(flow);
    apply(function, block, flow, *oldSize);
    LDBG() << function.getName() << ": batch " << *oldSize << " becomes "
           << batch;
    ++numFunctionsChanged;
    return success();
  }

  /// A normalization by the statistics of the batch looks like one by those of
  /// an image where there is one row.
  void remarkReductions(const BatchFlow &flow) {
    for (auto [op, step] : llvm::zip(flow.getOperations(), flow.getSteps()))
      if (step.lift && step.lift->reducesRows(cast<linalg::LinalgOp>(op)))
        remark::passed(
            op->getLoc(),
            remark::RemarkOpts::name("RowsReduced").category(DEBUG_TYPE))
            << "reduces a batch of one row; from now on each row by itself";
  }

  void apply(FunctionOpInterface function, Block &block, const BatchFlow &flow,
             int64_t oldSize) {
    Adapter adapter(flow, oldSize, batch);
    for (BlockArgument argument : block.getArguments())
      if (std::optional<BatchDim> state = flow.get(argument))
        argument.setType(resize(argument.getType(), *state, batch));
    ArrayRef<Operation *> old = flow.getOperations();
    for (const BatchStep &step : flow.getSteps()) {
      for (auto [operand, wanted] : step.adapted)
        operand->set(adapter.adapt(operand->get(), wanted));
      for (auto [value, state] : step.results)
        value.setType(resize(value.getType(), state, batch));
    }
    for (auto [op, step] : llvm::zip(old, flow.getSteps()))
      setGroups(op, step.groups);
    for (Operation *op : old)
      updateAttributes(op, flow);
    for (const BatchStep &step : flow.getSteps()) {
      readAtCounters(step.counters);
      readAtZero(step.broadcast);
      for (auto [operand, dim] : step.repeated)
        repeat(*operand, dim, batch);
    }
    for (auto [op, step] : llvm::zip(old, flow.getSteps())) {
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
        bridgeGroups(op, step.bridge);
      if (step.lift)
        liftOverRows(cast<linalg::LinalgOp>(op), *step.lift, batch);
    }
    updateSignature(function, block);
    eraseDead(adapter.getOriginals());
  }
};
} // namespace
