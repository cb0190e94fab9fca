//===- SplitLoops.cpp - Loops of a contraction that are several -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Front ends merge the batches of a product: a matrix is broadcast over two
// dimensions, which a reshape then makes one. A loop over the merged dimension
// cannot say that the matrix has none of it, or only one of the two. Here such
// a loop becomes one loop for each dimension that was merged.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// The extents of the loops that each loop of before becomes.
using Extents = SmallVector<SmallVector<int64_t, 2>>;
} // namespace

/// True when `value` merges dimensions of a copy of what `isParameter` says is
/// one, and the copy repeats it along one of those dimensions: a dimension of
/// one repeats nothing.
static bool mergesRepeated(tensor::CollapseShapeOp merge,
                           function_ref<bool(Value)> isParameter) {
  unsigned rank = merge.getSrcType().getRank();
  Elements source = resolveCopies(
      {merge.getSrc(),
       AffineMap::getMultiDimIdentityMap(rank, merge.getContext())});
  if (!isParameter(skipReshapes(source.value)))
    return false;
  return llvm::any_of(
      merge.getReassociationIndices(), [&](const ReassociationIndices &group) {
        return group.size() > 1 && llvm::any_of(group, [&](int64_t dim) {
                 return merge.getSrcType().getDimSize(dim) != 1 &&
                        !source.map.isFunctionOfDim(dim);
               });
      });
}

/// Where each dimension of an operand goes that `map` reads.
static SmallVector<ReassociationIndices> getGroups(AffineMap map,
                                                   const Extents &extents) {
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    ReassociationIndices &group = groups.emplace_back();
    for (size_t i = 0; i < extents[map.getDimPosition(dim)].size(); ++i)
      group.push_back(next++);
  }
  return groups;
}

/// The map of an operand whose dimensions are split like the loops.
static AffineMap splitMap(AffineMap map, const Extents &extents) {
  SmallVector<unsigned> firstLoops;
  unsigned numLoops = 0;
  for (const auto &loop : extents) {
    firstLoops.push_back(numLoops);
    numLoops += loop.size();
  }
  SmallVector<AffineExpr> results;
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    unsigned loop = map.getDimPosition(dim);
    for (size_t i = 0; i < extents[loop].size(); ++i)
      results.push_back(
          getAffineDimExpr(firstLoops[loop] + i, map.getContext()));
  }
  return AffineMap::get(numLoops, 0, results, map.getContext());
}

/// An operand with its dimensions split like the loops that `map` reads it at.
static Value splitOperand(OpBuilder &builder, Value value, AffineMap map,
                          const Extents &extents) {
  SmallVector<ReassociationIndices> groups = getGroups(map, extents);
  auto merge = value.getDefiningOp<tensor::CollapseShapeOp>();
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
    llvm::append_range(shape, extents[map.getDimPosition(dim)]);
  RankedTensorType newType = type.clone(shape);
  if (merge && merge.getSrcType() == newType &&
      merge.getReassociationIndices() == groups)
    return merge.getSrc();
  if (newType == type)
    return value;
  // A fill is made again, as other passes look for it.
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Value empty = tensor::EmptyOp::create(builder, value.getLoc(), shape,
                                          type.getElementType());
    auto split = linalg::FillOp::create(builder, value.getLoc(),
                                        fill.getInputs(), ValueRange{empty});
    return split.getResult(0);
  }
  return tensor::ExpandShapeOp::create(builder, value.getLoc(), newType, value,
                                       groups);
}

bool Contraction::splitMergedLoops(unsigned input,
                                   function_ref<bool(Value)> isParameter) {
  auto isStatic = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape();
  };
  AffineMap weight = inputs[input].map;
  auto merge = inputs[input].value.getDefiningOp<tensor::CollapseShapeOp>();
  if (!merge || !isUniform() || !llvm::all_of(op->getOperands(), isStatic) ||
      !isStatic(merge.getSrc()) || !weight.isProjectedPermutation() ||
      !inputs[1 - input].map.isProjectedPermutation() ||
      !result.isProjectedPermutation() || !mergesRepeated(merge, isParameter))
    return false;
  Extents extents;
  for (int64_t range : op.getStaticLoopRanges())
    extents.push_back({range});
  for (auto [dim, group] : llvm::enumerate(merge.getReassociationIndices())) {
    SmallVector<int64_t, 2> &loop = extents[weight.getDimPosition(dim)];
    loop.clear();
    for (int64_t source : group)
      loop.push_back(merge.getSrcType().getDimSize(source));
  }
  OpBuilder builder(op);
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  Value values[] = {inputs[0].value, inputs[1].value, op.getDpsInits()[0]};
  AffineMap before[] = {inputs[0].map, inputs[1].map, result};
  for (auto [value, map] : llvm::zip(values, before)) {
    operands.push_back(splitOperand(builder, value, map, extents));
    maps.push_back(splitMap(map, extents));
  }
  auto split = linalg::ContractOp::create(
      builder, op.getLoc(), operands[2].getType(),
      ValueRange{operands[0], operands[1]}, ValueRange{operands[2]},
      builder.getAffineMapArrayAttr(maps));
  split->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  auto merged = tensor::CollapseShapeOp::create(
      builder, op.getLoc(), op->getResult(0).getType(), split->getResult(0),
      getGroups(result, extents));
  op->getResult(0).replaceAllUsesWith(merged);
  op->erase();
  reset(split);
  return true;
}
