//===- ChannelShuffles.cpp - Channels in another order --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A chain of split, transposition and merge moves the indices of each dimension
// on its own when every merged group consists of what one dimension was split
// into. O(sum of the extents) each.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelShuffles.h"

#include "Prune/Analysis/Gather.h"

using namespace mlir;
using namespace mlir::prune;

/// For each dimension of the result, the dimension of the source that its group
/// was split from; nothing when a group mixes several or takes a part.
static std::optional<SmallVector<int64_t>>
getSourceDims(ArrayRef<ReassociationIndices> split,
              ArrayRef<int64_t> permutation,
              ArrayRef<ReassociationIndices> merged) {
  SmallVector<int64_t> owner(permutation.size());
  for (auto [dim, group] : llvm::enumerate(split))
    for (int64_t part : group)
      owner[part] = dim;
  SmallVector<int64_t> sources;
  for (const ReassociationIndices &group : merged) {
    int64_t source = owner[permutation[group.front()]];
    auto isOwn = [&](int64_t part) {
      return owner[permutation[part]] == source;
    };
    if (group.size() != split[source].size() || !llvm::all_of(group, isOwn))
      return std::nullopt;
    sources.push_back(source);
  }
  return sources;
}

std::optional<ChannelShuffles::Shuffle>
ChannelShuffles::match(tensor::CollapseShapeOp merge) {
  auto transpose = merge.getSrc().getDefiningOp<linalg::TransposeOp>();
  auto split = transpose
                   ? transpose.getInput().getDefiningOp<tensor::ExpandShapeOp>()
                   : tensor::ExpandShapeOp();
  if (!split || !split.getSrcType().hasStaticShape() ||
      !merge.getResultType().hasStaticShape())
    return std::nullopt;
  Shuffle shuffle{{},
                  split.getSrc(),
                  split.getSrcType(),
                  split.getResultType(),
                  merge.getResultType(),
                  split.getReassociationIndices(),
                  llvm::to_vector(transpose.getPermutation()),
                  merge.getReassociationIndices()};
  if (!getSourceDims(shuffle.split, shuffle.permutation, shuffle.merged))
    return std::nullopt;
  return shuffle;
}

/// For each dimension of the source, the index that each index of the dimension
/// of the result is taken from. The result has its dimensions in the order of
/// the source's.
SmallVector<SmallVector<int64_t>>
ChannelShuffles::getPlaces(const Shuffle &shuffle) {
  SmallVector<SmallVector<int64_t>> places(shuffle.split.size());
  ArrayRef<int64_t> shape = shuffle.splitType.getShape();
  std::optional<SmallVector<int64_t>> sources =
      getSourceDims(shuffle.split, shuffle.permutation, shuffle.merged);
  for (auto [group, source] : llvm::zip_equal(shuffle.merged, *sources)) {
    int64_t extent = shuffle.sourceType.getDimSize(source);
    for (int64_t i = 0; i < extent; ++i) {
      // The index in every part, from the last merged one on.
      SmallVector<int64_t> index(shape.size(), 0);
      int64_t rest = i;
      for (int64_t part : llvm::reverse(group)) {
        int64_t dim = shuffle.permutation[part];
        index[dim] = rest % shape[dim];
        rest /= shape[dim];
      }
      int64_t place = 0;
      for (int64_t dim : shuffle.split[source])
        place = place * shape[dim] + index[dim];
      places[source].push_back(place);
    }
  }
  return places;
}

ChannelShuffles::ChannelShuffles(Block &block) {
  for (auto merge :
       llvm::make_early_inc_range(block.getOps<tensor::CollapseShapeOp>())) {
    std::optional<Shuffle> shuffle = match(merge);
    // Dimensions that change places are a transposition and mix nothing.
    if (!shuffle ||
        !llvm::equal(*getSourceDims(shuffle->split, shuffle->permutation,
                                    shuffle->merged),
                     llvm::seq<int64_t>(0, shuffle->split.size())))
      continue;
    OpBuilder builder(merge);
    shuffle->gather = createGather(builder, merge.getLoc(), shuffle->source,
                                   shuffle->resultType, getPlaces(*shuffle));
    merge.getResult().replaceAllUsesWith(shuffle->gather.getResult(0));
    Operation *transpose = merge.getSrc().getDefiningOp();
    Operation *split = transpose->getOperand(0).getDefiningOp();
    for (Operation *op : {merge.getOperation(), transpose, split})
      if (op->use_empty())
        op->erase();
    shuffles.push_back(std::move(*shuffle));
  }
}

void ChannelShuffles::dropErased(Block &block) {
  llvm::DenseSet<Operation *> present;
  for (Operation &op : block)
    present.insert(&op);
  llvm::erase_if(shuffles, [&](const Shuffle &shuffle) {
    return !present.contains(shuffle.gather);
  });
}

void ChannelShuffles::restore() {
  for (Shuffle &shuffle : shuffles) {
    linalg::GenericOp gather = shuffle.gather;
    SmallVector<Gather> gathers = getGathers(gather);
    if (gather.getResultTypes().front() != shuffle.resultType ||
        gathers.size() != 1 ||
        gathers.front().getSource().getType() != shuffle.sourceType)
      continue;
    OpBuilder builder(gather);
    Location loc = gather.getLoc();
    Value split = tensor::ExpandShapeOp::create(builder, loc, shuffle.splitType,
                                                gathers.front().getSource(),
                                                shuffle.split);
    SmallVector<int64_t> shape;
    for (int64_t dim : shuffle.permutation)
      shape.push_back(shuffle.splitType.getDimSize(dim));
    Value empty = tensor::EmptyOp::create(builder, loc, shape,
                                          shuffle.splitType.getElementType());
    auto transpose = linalg::TransposeOp::create(builder, loc, split, empty,
                                                 shuffle.permutation);
    Value merged = tensor::CollapseShapeOp::create(
        builder, loc, shuffle.resultType, transpose->getResult(0),
        shuffle.merged);
    gather.getResult(0).replaceAllUsesWith(merged);
    gather.erase();
  }
  shuffles.clear();
}
