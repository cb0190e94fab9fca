//===- ChannelMerges.cpp - Which of merged dimensions has channels --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Of several dimensions that a reshape makes one, only one can lose single
// indices. Where it is not plain which one (channels behind rows and columns,
// images before channels), it is the one whose channels can leave at all, or
// else the one that other reshapes of the same tensor have chosen. Choices that
// are plain are made first, as each one makes others plain.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelAxes.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

static int64_t getExtent(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

void ChannelAxes::tieMerged(Value flat, unsigned flatDim, Value parts,
                            ArrayRef<unsigned> dims) {
  auto isWide = [&](unsigned dim) { return getExtent(parts, dim) != 1; };
  if (llvm::count_if(dims, isWide) > 1)
    merges.push_back({flat, flatDim, parts, llvm::to_vector(dims)});
  else
    ChannelTies::tieMerged(flat, flatDim, parts, dims);
}

/// Number of elements of the merged dimensions behind `dim`.
static int64_t getInner(Value parts, ArrayRef<unsigned> dims, unsigned dim) {
  int64_t inner = 1;
  for (unsigned other : dims)
    if (other > dim)
      inner *= getExtent(parts, other);
  return inner;
}

/// Lets the channels of `dim` go on.
void ChannelAxes::tieMerge(const Merge &merge, unsigned dim) {
  tieBlocks(merge.flat, merge.flatDim, merge.parts, dim,
            getInner(merge.parts, merge.dims, dim));
  for (unsigned other : merge.dims)
    if (other != dim)
      pin(merge.parts, other, "inside a flattened block");
}

/// True when the indices that `dim` would tie are tied already.
bool ChannelAxes::hasBlocks(const Merge &merge, unsigned dim) const {
  int64_t extent = getExtent(merge.parts, dim);
  int64_t inner = getInner(merge.parts, merge.dims, dim);
  SmallVector<unsigned> first(extent, ~0u);
  for (int64_t i = 0, e = getExtent(merge.flat, merge.flatDim); i < e; ++i) {
    unsigned leader = classes.findLeader(getSlot(merge.flat, merge.flatDim, i));
    unsigned &block = first[i / inner % extent];
    if (block == ~0u)
      block = leader;
    if (block != leader)
      return false;
  }
  return true;
}

llvm::DenseSet<unsigned> ChannelAxes::getPinnedLeaders() const {
  llvm::DenseSet<unsigned> leaders;
  for (const auto &[slot, reason] : pins)
    leaders.insert(classes.findLeader(slot));
  return leaders;
}

llvm::DenseSet<unsigned> ChannelAxes::getHeldLeaders() const {
  llvm::DenseSet<unsigned> leaders;
  for (const auto &[value, dims] : firstSlots) {
    Attribute constant;
    if (!matchPattern(value, m_Constant(&constant)) ||
        isa<SplatElementsAttr>(constant))
      continue;
    for (unsigned dim = 0; dim < dims.size(); ++dim)
      for (int64_t i = 0, e = getExtent(value, dim); i < e; ++i)
        leaders.insert(classes.findLeader(getSlot(value, dim, i)));
  }
  return leaders;
}

/// The dimension to choose: the only one with channels that are not pinned, the
/// only one that is tied in blocks already, and the first one when nothing can
/// leave. With `mayGuess` it is the first one that a parameter has, so that
/// channels that are repeated win over how often they are.
std::optional<unsigned>
ChannelAxes::findOnlyDim(const Merge &merge,
                         const llvm::DenseSet<unsigned> &pinned,
                         bool mayGuess) const {
  SmallVector<unsigned> wide, free, blocked;
  for (unsigned dim : merge.dims) {
    int64_t extent = getExtent(merge.parts, dim);
    if (extent == 1)
      continue;
    wide.push_back(dim);
    auto isFree = [&](int64_t i) {
      return !pinned.contains(classes.findLeader(getSlot(merge.parts, dim, i)));
    };
    if (llvm::any_of(llvm::seq<int64_t>(0, extent), isFree))
      free.push_back(dim);
  }
  if (free.empty())
    return wide.front();
  for (unsigned dim : free)
    if (hasBlocks(merge, dim))
      blocked.push_back(dim);
  if (free.size() == 1)
    return free.front();
  if (blocked.size() == 1)
    return blocked.front();
  if (!mayGuess)
    return std::nullopt;
  llvm::DenseSet<unsigned> held = getHeldLeaders();
  auto isHeld = [&](unsigned dim) {
    return held.contains(classes.findLeader(getSlot(merge.parts, dim, 0)));
  };
  auto chosen = llvm::find_if(free, isHeld);
  return chosen == free.end() ? free.front() : *chosen;
}

void ChannelAxes::resolveMerges() {
  while (!merges.empty()) {
    llvm::DenseSet<unsigned> pinned = getPinnedLeaders();
    SmallVector<Merge, 0> left;
    for (const Merge &merge : merges) {
      if (std::optional<unsigned> dim = findOnlyDim(merge, pinned, false))
        tieMerge(merge, *dim);
      else
        left.push_back(merge);
    }
    if (left.size() == merges.size()) {
      tieMerge(left.front(), *findOnlyDim(left.front(), pinned, true));
      left.erase(left.begin());
    }
    merges = std::move(left);
  }
}
