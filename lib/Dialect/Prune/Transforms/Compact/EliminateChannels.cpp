//===- EliminateChannels.cpp - Shapes without dead channels ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The rewriting half of dead-neuron elimination. Types shrink in place: every
// dimension of a value loses the indices that its class of channels lost, so
// operations stay consistent without being rebuilt.
//
//===----------------------------------------------------------------------===//

#include "EliminateChannels.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/DeadOperations.h"
#include "Prune/Support/KeptIndices.h"

using namespace mlir;
using namespace mlir::prune;

/// Indices that stay, for each dimension of a constant.
static SmallVector<SmallVector<int64_t>> getAllKept(const ChannelState &state,
                                                    Value value) {
  SmallVector<SmallVector<int64_t>> kept;
  auto type = cast<RankedTensorType>(value.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    kept.push_back(state.getKept(value, dim));
  return kept;
}

/// The elements of a constant that stay, as an attribute of the new type.
static TypedAttr sliceConstant(arith::ConstantOp constant,
                               ArrayRef<SmallVector<int64_t>> kept,
                               RankedTensorType type) {
  if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
    return splat.resizeSplat(type);
  ParamAttr param = getParam(constant);
  std::optional<ConstantView> view = ConstantView::get(constant.getValue());
  return cast<TypedAttr>(
      sliceToResource(*view, kept, param ? param.getName() : "weight"));
}

/// Notes on a parameter which indices of the shape before all rounds are left;
/// `kept` are indices of the shape it has now.
static void recordKeptIndices(arith::ConstantOp constant,
                              ArrayRef<SmallVector<int64_t>> kept) {
  auto earlier = constant->getAttrOfType<ArrayAttr>(kKeptAttrName);
  Builder builder(constant.getContext());
  SmallVector<Attribute> dims;
  for (auto [dim, indices] : llvm::enumerate(kept)) {
    SmallVector<int64_t> first(indices);
    if (earlier)
      for (int64_t &index : first)
        index = cast<DenseI64ArrayAttr>(earlier[dim]).asArrayRef()[index];
    dims.push_back(builder.getDenseI64ArrayAttr(first));
  }
  constant->setAttr(kKeptAttrName, builder.getArrayAttr(dims));
}

/// Shrinks the type of a value, and its elements when it is a constant.
static void shrink(Value value, const ChannelState &state, bool recordKept,
                   RemovalCounts &counts) {
  if (!state.getAxes().contains(value))
    return;
  auto oldType = cast<RankedTensorType>(value.getType());
  RankedTensorType newType = state.getKeptType(value);
  if (newType == oldType)
    return;
  if (auto constant = value.getDefiningOp<arith::ConstantOp>()) {
    SmallVector<SmallVector<int64_t>> kept = getAllKept(state, value);
    constant.setValueAttr(sliceConstant(constant, kept, newType));
    if (!recordKept)
      constant->removeAttr(kKeptAttrName);
    else if (getParam(constant))
      recordKeptIndices(constant, kept);
    int64_t lost = oldType.getNumElements() - newType.getNumElements();
    counts.elements += lost;
    counts.bytes += lost * getElementBytes(oldType.getElementType());
  }
  value.setType(newType);
}

static bool isEmpty(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && llvm::is_contained(type.getShape(), 0);
}

/// Replaces what mixes channels of which none is left by its initial value.
static void replaceEmptySums(Block &block) {
  for (Operation &op : block) {
    if (op.getNumResults() != 1 || isEmpty(op.getResult(0)) ||
        llvm::none_of(op.getOperands(), isEmpty))
      continue;
    auto channels = dyn_cast<ChannelOpInterface>(op);
    OpBuilder builder(&op);
    Value initial = channels ? channels.getValueWhenEmpty(builder) : Value();
    if (initial)
      op.getResult(0).replaceAllUsesWith(initial);
  }
}

FailureOr<RemovalCounts> mlir::prune::removeDeadChannels(Block &block,
                                                         ChannelState &state,
                                                         bool recordKept) {
  RemovalCounts counts;
  counts.neurons = state.countDead();
  SmallVector<ChannelOpInterface> operations(
      block.getOps<ChannelOpInterface>());
  for (ChannelOpInterface op : operations) {
    OpBuilder builder(op);
    FailureOr<int64_t> folded = op.foldConstants(builder, state);
    if (failed(folded))
      return failure();
    counts.folded += *folded;
  }
  for (Operation &op : block)
    for (Value result : op.getResults())
      shrink(result, state, recordKept, counts);
  for (ChannelOpInterface op : operations)
    op.updateAttributes();
  replaceEmptySums(block);
  eraseDead(block);
  return counts;
}
