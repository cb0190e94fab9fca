//===- GatherChannels.cpp - Channels of gathers ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A gather copies elements from places that loop counters tell. An index of
// what it reads belongs to every index of the result that reads it there, be
// that one to one (channels of an upsampled image), in another order (flips,
// shuffled channels) or several to one (rows of an upsampled image). Nothing is
// computed with what is copied, so what is constant stays so.
//
//===----------------------------------------------------------------------===//

#include "GatherChannels.h"

#include "Prune/Analysis/StructuredOps.h"

using namespace mlir;
using namespace mlir::prune;

/// The first result that a loop is an index of, and its dimension.
static std::optional<std::pair<Value, unsigned>> findResult(linalg::LinalgOp op,
                                                            unsigned loop) {
  for (OpResult result : op->getResults()) {
    AffineMap map = op.getMatchingIndexingMap(
        op.getDpsInitOperand(result.getResultNumber()));
    if (std::optional<unsigned> dim = getDim(map, loop))
      return std::pair<Value, unsigned>(result, *dim);
  }
  return std::nullopt;
}

void mlir::prune::tieGathers(linalg::LinalgOp op, ArrayRef<Gather> gathers,
                             ChannelTies &ties) {
  for (const Gather &gather : gathers)
    for (auto [dim, index] : llvm::enumerate(gather.indices)) {
      if (!index) {
        ties.pin(gather.getSource(), dim, "read at places that are not known");
        continue;
      }
      if (!index->loop)
        continue;
      auto result = findResult(op, *index->loop);
      if (!result) {
        ties.pin(gather.getSource(), dim, "read at places that are not known");
        continue;
      }
      auto [value, valueDim] = *result;
      int64_t extent =
          cast<RankedTensorType>(gather.getSource().getType()).getDimSize(dim);
      if (index->isIdentity() &&
          extent == static_cast<int64_t>(index->values.size())) {
        ties.tie(gather.getSource(), dim, value, valueDim);
        continue;
      }
      for (auto [counter, place] : llvm::enumerate(index->values))
        ties.tieRange(gather.getSource(), dim, place, value, valueDim, counter,
                      1);
    }
}

Attribute mlir::prune::getGatherConstant(const Gather &gather,
                                         ChannelState &state, unsigned loop,
                                         int64_t counter) {
  for (auto [dim, index] : llvm::enumerate(gather.indices)) {
    if (!index || (index->loop && index->loop != loop))
      continue;
    int64_t place = index->values[index->loop ? counter : 0];
    if (Attribute constant = state.getConstant(gather.getSource(), dim, place))
      return constant;
  }
  return state.getUniform(gather.getSource());
}

void mlir::prune::markGathersLive(ArrayRef<Gather> gathers,
                                  ChannelState &state) {
  for (const Gather &gather : gathers)
    for (auto [dim, index] : llvm::enumerate(gather.indices))
      if (index && !index->loop)
        state.markLive(gather.getSource(), dim, index->values.front());
}

void mlir::prune::updateGathers(OpBuilder &builder, linalg::LinalgOp op,
                                MutableArrayRef<Gather> gathers,
                                const ChannelState &state) {
  for (Gather &gather : gathers)
    for (unsigned dim = 0; dim < gather.indices.size(); ++dim) {
      const std::optional<GatherIndex> &index = gather.indices[dim];
      if (!index)
        continue;
      SmallVector<int64_t> kept = state.getKept(gather.getSource(), dim);
      SmallVector<int64_t> counters(1, 0);
      if (index->loop) {
        auto result = findResult(op, *index->loop);
        counters = state.getKept(result->first, result->second);
      }
      int64_t extent =
          cast<RankedTensorType>(gather.getSource().getType()).getDimSize(dim);
      bool isWhole = static_cast<int64_t>(kept.size()) == extent &&
                     counters.size() == index->values.size();
      if (isWhole || counters.empty())
        continue;
      GatherIndex shrunk{index->loop, {}};
      for (int64_t counter : counters)
        shrunk.values.push_back(
            llvm::lower_bound(kept, index->values[counter]) - kept.begin());
      setGatherIndex(builder, gather, dim, std::move(shrunk));
    }
}

std::optional<ConstantView> mlir::prune::getGatherView(linalg::LinalgOp op,
                                                       ChannelState &state) {
  std::optional<Rearrangement> rearrangement = matchRearrangement(op);
  if (!rearrangement)
    return std::nullopt;
  std::optional<ConstantView> view =
      state.getView(rearrangement->extract.getTensor());
  if (!view)
    return std::nullopt;
  view = view->transpose(rearrangement->dims);
  for (auto [dim, isReversed] : llvm::enumerate(rearrangement->isReversed))
    if (isReversed)
      view = view->reverse(dim);
  return view;
}
