//===- MaskSelection.h - Masks from scores ----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups are ranked by their scores; ties break by position: earlier weights
// and lower indices are pruned first, and a NaN counts as infinite. So a place
// in the ranking says which groups of a weight are pruned, and no rule keeps a
// list of them.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_MASKSELECTION_H
#define PRUNE_ANALYSIS_MASKSELECTION_H

#include "Prune/Analysis/GroupScores.h"

#include <limits>
#include <tuple>

namespace mlir::prune {

/// A place in the ranking of the groups of a weight: those before it are
/// pruned.
struct Cut {
  static constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

  /// The key of a score (`getRankKey`), and the first group of that key to
  /// stay.
  uint64_t key = 0;
  int64_t group = 0;

  /// A cut behind all groups.
  static Cut getAll() { return {std::numeric_limits<uint64_t>::max(), kAll}; }

  bool isPruned(uint64_t otherKey, int64_t otherGroup) const {
    return otherKey < key || (otherKey == key && otherGroup < group);
  }
  bool operator<(const Cut &other) const {
    return std::tie(key, group) < std::tie(other.key, other.group);
  }
};

/// Which groups of a weight are pruned: a cut of all, or of each row.
struct Selection {
  SmallVector<Cut, 1> cuts = {Cut()};
  /// Distance between the groups of neighboring rows.
  int64_t stride = 1;

  const Cut &getCut(int64_t group) const {
    return cuts.size() == 1 ? cuts.front() : cuts[group / stride % cuts.size()];
  }
};

/// A weight in a ranking, and the place behind which it is not pruned.
struct RankedScores {
  const GroupScores *scores;
  Cut limit = Cut::getAll();
};

/// Prunes every group whose score is below or equal to `threshold`.
Cut selectByThreshold(double threshold);

/// Ranks the groups of all weights together and prunes from the smallest score
/// up, until the share `sparsity` of all elements is pruned; groups are pruned
/// whole, and the number of elements pruned is the nearest to the target that
/// the ranking allows. O(groups).
SmallVector<Cut> selectBySparsity(ArrayRef<RankedScores> weights,
                                  double sparsity, unsigned threads = 1);

/// Ranks the groups of each index of dimension `dim` by themselves, and prunes
/// the share `sparsity` of the elements of each, `cap` at most. A group in
/// several rows belongs to the first.
Selection selectBySparsityInRows(const GroupScores &weight, int64_t dim,
                                 double sparsity, double cap = 1.0,
                                 unsigned threads = 1);

/// The place up to which at most the share `cap` of the elements is pruned.
Cut getLimit(const GroupScores &weight, double cap, unsigned threads = 1);

/// Takes back as many of the last groups pruned as make the number of those
/// that stay a multiple and at least `least`, or all that no mask prunes.
/// O(groups log groups).
Cut roundKept(const GroupScores &weight, Cut cut, int64_t multiple,
              int64_t least = 0);

/// What a mask holds.
struct MaskCounts {
  /// Elements in effect before, and those that stay.
  int64_t before = 0, kept = 0;
  /// The largest score of a group that the selection prunes.
  std::optional<double> lastPruned;
};

/// Writes one byte for each element: 1 where it stays.
MaskCounts writeMask(const GroupScores &weight, const Selection &selection,
                     MutableArrayRef<char> kept, unsigned threads = 1);

/// Of every `m` consecutive elements along the axis keeps at most `n` of those
/// kept, the ones of largest score; ties keep the higher index.
void limitNOfM(const GroupScores &weight, GranularityAttr granularity,
               MutableArrayRef<char> kept, unsigned threads = 1);

/// Keeps the group of largest score (the last of equals) where no element is
/// kept.
void keepLargest(const GroupScores &weight, MutableArrayRef<char> kept);

/// Elements that stay.
int64_t countKept(ArrayRef<char> kept);

/// The density of each weight for `sparsity` over all of them, in proportion to
/// `sum(shape) / product(shape)` (Erdos-Renyi-Kernel: Evci et al. 2020, RigL,
/// section 3). What would be denser than 1 is dense, what would be sparser than
/// its cap has that, and the others share what is left.
SmallVector<double> getErkDensities(ArrayRef<ArrayRef<int64_t>> shapes,
                                    ArrayRef<double> caps, double sparsity);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_MASKSELECTION_H
