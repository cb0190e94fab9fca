//===- BatchLift.cpp - A loop over the rows of a batch --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Exported with one row, a network may do with its batch what it could not do
// with several rows: add up "all" rows, as an instance normalization does, or
// have the batch in two loops at once. Nothing but the one row came of it, so
// each row by itself gives the same with any batch. The operation gets a loop
// over rows for that, its operands the batch in a dimension of its own.
//
//===----------------------------------------------------------------------===//

#include "BatchFlow.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Whether and how
//===----------------------------------------------------------------------===//

/// The map of an operand that has the batch at `place`, in a dimension of its
/// own, counted by loop 0. The other loops are counted from 1 already.
static AffineMap addRows(AffineMap map, const BatchDim &place) {
  SmallVector<AffineExpr> results;
  AffineExpr rows = getAffineDimExpr(0, map.getContext());
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (dim != place.dim) {
      results.push_back(expr);
      continue;
    }
    if (place.outer != 1)
      results.push_back(expr);
    results.push_back(rows);
    if (place.inner != 1)
      results.push_back(expr);
  }
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

/// Where the batch may be in a result: in a dimension of extent one, or as a
/// factor of the first.
static SmallVector<BatchDim> getPlaces(RankedTensorType type) {
  SmallVector<BatchDim> places;
  for (unsigned dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) == 1)
      places.push_back({dim, 1, 1});
  if (type.getRank() > 0 && type.getDimSize(0) > 1)
    places.push_back({0, 1, type.getDimSize(0)});
  return places;
}

/// True when the body reads tensors from outside.
static bool readsTensors(linalg::LinalgOp op) {
  WalkResult result = op.getBlock()->walk([&](Operation *nested) {
    return llvm::any_of(nested->getOperandTypes(), llvm::IsaPred<TensorType>)
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// Numbers the loops that some map still counts; every loop has to be all of a
/// result of one.
static bool numberLoops(BatchLift &lift, linalg::LinalgOp op) {
  unsigned numLoops = op.getNumLoops() + 1;
  llvm::SmallBitVector used(numLoops), counted(numLoops);
  for (AffineMap map : lift.maps)
    for (AffineExpr expr : map.getResults()) {
      for (unsigned loop = 0; loop < numLoops; ++loop)
        if (expr.isFunctionOfDim(loop))
          used.set(loop);
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        counted.set(dim.getPosition());
    }
  if (used != counted || !used.test(0))
    return false;
  MLIRContext *context = op->getContext();
  SmallVector<AffineExpr> replacements;
  lift.iterators.push_back(utils::IteratorType::parallel);
  replacements.push_back(getAffineDimExpr(0, context));
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (!used.test(loop + 1)) {
      lift.loops.push_back(std::nullopt);
      replacements.push_back(getAffineConstantExpr(0, context));
      continue;
    }
    lift.loops.push_back(lift.iterators.size());
    replacements.push_back(getAffineDimExpr(lift.iterators.size(), context));
    lift.iterators.push_back(type);
  }
  for (AffineMap &map : lift.maps)
    map = map.replaceDimsAndSymbols(replacements, {}, lift.iterators.size(), 0);
  return true;
}

BatchFlow::Steps BatchFlow::followLifted(linalg::LinalgOp op) {
  Steps ways;
  if (!op.hasPureTensorSemantics() || readsTensors(op) ||
      op.getNumDpsInits() != 1 || op.hasDynamicShape())
    return ways;
  OpOperand *init = op.getDpsInitOperand(0);
  auto type = cast<RankedTensorType>(init->get().getType());
  for (const BatchDim &place : getPlaces(type)) {
    BatchStep step;
    BatchLift lift;
    for (OpOperand &operand : op->getOpOperands()) {
      std::optional<BatchDim> state =
          &operand == init ? place : get(operand.get());
      if (state && state->outer != 1 && state->inner != 1)
        return {};
      AffineMap map = op.getMatchingIndexingMap(&operand).shiftDims(1);
      lift.places.push_back(state);
      lift.maps.push_back(state ? addRows(map, *state) : map);
    }
    if (!numberLoops(lift, op) ||
        !demand(*init, place, step, /*mayBroadcast=*/false))
      continue;
    step.results.push_back({op->getResult(0), place});
    step.lift = std::move(lift);
    ways.push_back(std::move(step));
  }
  return ways;
}

bool BatchLift::reducesRows(linalg::LinalgOp op) const {
  return llvm::any_of(llvm::zip(op.getIteratorTypesArray(), loops),
                      [](const auto &entry) {
                        auto [type, loop] = entry;
                        return !loop && type == utils::IteratorType::reduction;
                      });
}

//===----------------------------------------------------------------------===//
// The operation made again
//===----------------------------------------------------------------------===//

/// The groups and the shape of a tensor whose batch, at `place`, gets a
/// dimension of its own; no groups when it has one.
static SmallVector<ReassociationIndices>
splitPlace(RankedTensorType type, const BatchDim &place, int64_t batch,
           SmallVectorImpl<int64_t> &shape) {
  SmallVector<ReassociationIndices> groups;
  for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
    SmallVector<int64_t> parts = {extent};
    if (dim == place.dim && place.outer != 1)
      parts = {place.outer, batch};
    else if (dim == place.dim && place.inner != 1)
      parts = {batch, place.inner};
    ReassociationIndices &group = groups.emplace_back();
    for (int64_t part : parts) {
      group.push_back(shape.size());
      shape.push_back(part);
    }
  }
  if (shape.size() == groups.size())
    groups.clear();
  return groups;
}

/// Lets the body count the new loops.
static void renumberIndices(linalg::GenericOp op, const BatchLift &lift) {
  SmallVector<linalg::IndexOp> indices;
  op->walk([&](linalg::IndexOp index) { indices.push_back(index); });
  for (linalg::IndexOp index : indices) {
    if (std::optional<unsigned> loop = lift.loops[index.getDim()]) {
      index.setDim(*loop);
      continue;
    }
    OpBuilder builder(index);
    auto zero =
        arith::ConstantIndexOp::create(builder, index.getLoc(), /*value=*/0);
    index.replaceAllUsesWith(zero.getResult());
    index.erase();
  }
}

void mlir::prune::liftOverRows(linalg::LinalgOp op, const BatchLift &lift,
                               int64_t batch) {
  IRRewriter rewriter(op->getContext());
  rewriter.setInsertionPoint(op);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic)
    generic = *linalg::generalizeNamedOp(rewriter, op);
  ImplicitLocOpBuilder builder(generic.getLoc(), generic);
  SmallVector<Value> operands;
  SmallVector<ReassociationIndices> groups;
  for (auto [value, place] : llvm::zip(generic->getOperands(), lift.places)) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape;
    groups.clear();
    if (place)
      groups = splitPlace(type, *place, batch, shape);
    Value split = value;
    if (!groups.empty()) {
      auto expand = tensor::ExpandShapeOp::create(builder, type.clone(shape),
                                                  value, groups);
      split = expand;
    }
    operands.push_back(split);
  }
  auto lifted = linalg::GenericOp::create(
      builder, operands.back().getType(), ArrayRef(operands).drop_back(),
      operands.back(), lift.maps, lift.iterators);
  lifted.getRegion().takeBody(generic.getRegion());
  renumberIndices(lifted, lift);
  Value result = lifted.getResult(0);
  if (!groups.empty()) {
    auto collapse = tensor::CollapseShapeOp::create(
        builder, generic.getResult(0).getType(), result, groups);
    result = collapse;
  }
  rewriter.replaceOp(generic, result);
}
