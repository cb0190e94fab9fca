//===- ChannelAxes.cpp - Channels that leave together ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelAxes.h"

using namespace mlir;
using namespace mlir::prune;

/// Number of slots of a dimension.
static int64_t getExtent(Value value, unsigned dim) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.isDynamicDim(dim) ? 0 : type.getDimSize(dim);
}

static bool isDynamic(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).isDynamicDim(dim);
}

constexpr static StringLiteral kDynamicReason = "tied to an unknown extent";

void ChannelAxes::add(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return;
  auto [entry, isNew] = firstSlots.try_emplace(value);
  if (!isNew)
    return;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    entry->second.push_back(numSlots);
    numSlots += getExtent(value, dim);
  }
  classes.grow(numSlots);
}

unsigned ChannelAxes::getSlot(Value value, unsigned dim, int64_t index) const {
  return firstSlots.find(value)->second[dim] + index;
}

bool ChannelAxes::pinIfDynamic(Value a, unsigned dimA, Value b, unsigned dimB) {
  if (!isDynamic(a, dimA) && !isDynamic(b, dimB))
    return false;
  pin(a, dimA, kDynamicReason);
  pin(b, dimB, kDynamicReason);
  return true;
}

void ChannelAxes::tie(Value a, unsigned dimA, Value b, unsigned dimB) {
  if (pinIfDynamic(a, dimA, b, dimB))
    return;
  assert(getExtent(a, dimA) == getExtent(b, dimB) && "extents differ");
  for (int64_t i = 0, e = getExtent(a, dimA); i < e; ++i)
    classes.join(getSlot(a, dimA, i), getSlot(b, dimB, i));
}

void ChannelAxes::tieBlocks(Value flat, unsigned flatDim, Value part,
                            unsigned partDim, int64_t inner) {
  if (pinIfDynamic(flat, flatDim, part, partDim))
    return;
  int64_t extent = getExtent(part, partDim);
  for (int64_t i = 0, e = getExtent(flat, flatDim); i < e; ++i)
    classes.join(getSlot(flat, flatDim, i),
                 getSlot(part, partDim, i / inner % extent));
}

void ChannelAxes::tieRange(Value a, unsigned dimA, int64_t beginA, Value b,
                           unsigned dimB, int64_t beginB, int64_t count) {
  if (pinIfDynamic(a, dimA, b, dimB))
    return;
  assert(beginA + count <= getExtent(a, dimA) &&
         beginB + count <= getExtent(b, dimB) && "range leaves the dimension");
  for (int64_t i = 0; i < count; ++i)
    classes.join(getSlot(a, dimA, beginA + i), getSlot(b, dimB, beginB + i));
}

void ChannelAxes::pin(Value value, unsigned dim, StringRef reason) {
  for (int64_t i = 0, e = getExtent(value, dim); i < e; ++i)
    pins.push_back({getSlot(value, dim, i), reason.str()});
}

void ChannelAxes::pin(Value value, StringRef reason) {
  for (unsigned dim = 0; dim < firstSlots.find(value)->second.size(); ++dim)
    pin(value, dim, reason);
}

void ChannelAxes::finish() {
  resolveMerges();
  classes.compress();
  pinReasons.resize(classes.getNumClasses());
  for (const auto &[slot, reason] : pins)
    if (pinReasons[classes[slot]].empty())
      pinReasons[classes[slot]] = reason;
}
