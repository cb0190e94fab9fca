//===- ChannelHolders.cpp - What keeps a channel that could leave ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelHolders.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"

using namespace mlir;
using namespace mlir::prune;

/// The dimension of the result that a dimension of the weight leads to, found
/// by the channels that they share.
static std::optional<unsigned> findResultDim(const ChannelAxes &axes,
                                             Value weight, unsigned weightDim,
                                             Value result) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type || !axes.contains(weight) || !axes.contains(result) ||
      cast<RankedTensorType>(weight.getType()).getDimSize(weightDim) == 0)
    return std::nullopt;
  unsigned channel = axes.getClass(weight, weightDim, 0);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) != 0 && axes.getClass(result, dim, 0) == channel)
      return dim;
  return std::nullopt;
}

std::optional<OutputAxis> mlir::prune::getOutputAxis(const ChannelAxes &axes,
                                                     PrunableOpInterface op) {
  Value weight = op.getWeight();
  SmallVector<int64_t> dims = op.getOutputChannelDims();
  if (!weight || dims.size() != 1 || op->getNumResults() != 1)
    return std::nullopt;
  Value result = op->getResult(0);
  std::optional<unsigned> dim =
      findResultDim(axes, weight, dims.front(), result);
  // Groups of filters are merged behind the layer.
  if (!dim && result.hasOneUse() && result.user_begin()->getNumResults() == 1) {
    result = result.user_begin()->getResult(0);
    dim = findResultDim(axes, weight, dims.front(), result);
  }
  if (!dim)
    return std::nullopt;
  return OutputAxis{result, *dim};
}

static int64_t getExtent(const OutputAxis &axis) {
  return cast<RankedTensorType>(axis.value.getType()).getDimSize(axis.dim);
}

ChannelHolders::ChannelHolders(Block &block, const ChannelState &state)
    : state(state) {
  const ChannelAxes &axes = state.getAxes();
  for (auto op : block.getOps<PrunableOpInterface>()) {
    std::optional<OutputAxis> axis = getOutputAxis(axes, op);
    if (!axis)
      continue;
    layers[op] = *axis;
    for (int64_t i = 0; i < getExtent(*axis); ++i)
      if (!state.getConstant(axis->value, axis->dim, i))
        writers[axes.getClass(axis->value, axis->dim, i)].push_back(op);
  }
}

/// The name of the weight of an operation, or else its own.
static std::string getName(Operation *op) {
  auto layer = dyn_cast<PrunableOpInterface>(op);
  Value weight = layer ? layer.getWeight() : Value();
  return weight ? getDisplayName(weight) : op->getName().getStringRef().str();
}

std::string ChannelHolders::describe(Operation *layer) const {
  const auto *found = layers.find(layer);
  if (found == layers.end())
    return "";
  const OutputAxis &axis = found->second;
  llvm::MapVector<Operation *, int64_t> counts;
  for (int64_t i = 0; i < getExtent(axis); ++i) {
    if (!state.isLive(axis.value, axis.dim, i) ||
        !state.getConstant(axis.value, axis.dim, i))
      continue;
    auto others =
        writers.find(state.getAxes().getClass(axis.value, axis.dim, i));
    if (others != writers.end())
      for (Operation *other : others->second)
        ++counts[other];
    else if (Operation *reader = state.getReader(axis.value, axis.dim, i))
      ++counts[reader];
  }
  std::string text;
  for (auto [op, count] : counts)
    text += (Twine(text.empty() ? "'" : ", '") + getName(op) + "' (" +
             Twine(count) + ")")
                .str();
  return text;
}
