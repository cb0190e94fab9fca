//===- ChannelGroups.cpp - Channels that leave together -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelGroups.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <map>

using namespace mlir;
using namespace mlir::prune;

/// Ranked tensors that are parameters, in program order.
static SmallVector<Value> findParameters(Block &block,
                                         const ChannelAxes &axes) {
  SmallVector<Value> parameters;
  auto add = [&](Value value) {
    if (getParam(value) && axes.contains(value))
      parameters.push_back(value);
  };
  for (BlockArgument argument : block.getArguments())
    add(argument);
  for (Operation &op : block)
    for (Value result : op.getResults())
      add(result);
  return parameters;
}

namespace {
/// Where a channel is found: a dimension of a parameter, by its position in a
/// list, and an index.
struct Place {
  unsigned dimension;
  int64_t index;
};

struct Dimension {
  Value parameter;
  unsigned dim;
};
} // namespace

/// The group of channels of these dimensions and this reason, a new one if
/// there is none.
static ChannelGroup &getGroup(
    SmallVectorImpl<ChannelGroup> &groups,
    std::map<std::pair<std::vector<unsigned>, std::string>, unsigned> &known,
    std::vector<unsigned> dimensions, StringRef reason,
    ArrayRef<Dimension> all) {
  auto [entry, isNew] =
      known.try_emplace({dimensions, reason.str()}, groups.size());
  if (isNew) {
    ChannelGroup &group = groups.emplace_back();
    group.reason = reason.str();
    for (unsigned dimension : dimensions)
      group.members.push_back(
          {all[dimension].parameter, all[dimension].dim, {}});
  }
  return groups[entry->second];
}

SmallVector<ChannelGroup, 0>
mlir::prune::findChannelGroups(Block &block, const ChannelAxes &axes) {
  SmallVector<Dimension> dimensions;
  llvm::MapVector<unsigned, SmallVector<Place, 2>> channels;
  for (Value parameter : findParameters(block, axes)) {
    auto type = cast<RankedTensorType>(parameter.getType());
    for (unsigned dim = 0; dim < type.getRank(); ++dim) {
      if (type.isDynamicDim(dim))
        continue;
      unsigned position = dimensions.size();
      dimensions.push_back({parameter, dim});
      for (int64_t index = 0; index < type.getDimSize(dim); ++index)
        channels[axes.getClass(parameter, dim, index)].push_back(
            {position, index});
    }
  }
  SmallVector<ChannelGroup, 0> groups;
  std::map<std::pair<std::vector<unsigned>, std::string>, unsigned> known;
  for (auto &[channel, places] : channels) {
    std::vector<unsigned> found;
    for (const Place &place : places)
      if (found.empty() || found.back() != place.dimension)
        found.push_back(place.dimension);
    ChannelGroup &group =
        getGroup(groups, known, found, axes.getPinReason(channel), dimensions);
    group.channels.push_back(channel);
    const Place *place = places.begin();
    for (auto [member, dimension] : llvm::zip_equal(group.members, found)) {
      SmallVector<int64_t, 1> &indices = member.indices.emplace_back();
      for (; place != places.end() && place->dimension == dimension; ++place)
        indices.push_back(place->index);
    }
  }
  return groups;
}

/// Whether a tensor has a channel of the set.
static bool hasChannel(Value value, const ChannelAxes &axes,
                       const llvm::DenseSet<unsigned> &channels) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !axes.contains(value))
    return false;
  for (unsigned dim = 0; dim < type.getRank(); ++dim)
    for (int64_t i = 0, e = type.isDynamicDim(dim) ? 0 : type.getDimSize(dim);
         i < e; ++i)
      if (channels.contains(axes.getClass(value, dim, i)))
        return true;
  return false;
}

SmallVector<Operation *>
mlir::prune::findTyingOperations(Block &block, const ChannelAxes &axes,
                                 const ChannelGroup &group) {
  llvm::DenseSet<unsigned> channels(group.channels.begin(),
                                    group.channels.end());
  // What depends on an argument of the function that is no parameter.
  llvm::DenseSet<Value> activations;
  for (BlockArgument argument : block.getArguments())
    if (!getParam(argument))
      activations.insert(argument);
  SmallVector<Operation *> tying;
  for (Operation &op : block) {
    llvm::SmallSetVector<Value, 4> tied;
    bool isActivation = false;
    for (Value operand : op.getOperands()) {
      if (!activations.contains(operand))
        continue;
      isActivation = true;
      if (hasChannel(operand, axes, channels))
        tied.insert(operand);
    }
    if (isActivation)
      activations.insert_range(op.getResults());
    if (tied.size() > 1)
      tying.push_back(&op);
  }
  return tying;
}
