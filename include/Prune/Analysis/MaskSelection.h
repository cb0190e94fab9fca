//===- MaskSelection.h - Scores and masks over plain values -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_MASKSELECTION_H
#define PRUNE_ANALYSIS_MASKSELECTION_H

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Support/Constants.h"

namespace mlir::prune {

/// A weight on its way to a mask. Values are those in effect: zero where a mask
/// is there already.
struct WeightScores {
  SmallVector<int64_t> shape;
  /// Row-major values and whether each is still kept, one per element.
  SmallVector<double, 0> values;
  SmallVector<char, 0> kept;
  /// For each element its group; for each group its score and its size.
  SmallVector<int64_t, 0> groups;
  SmallVector<double, 0> scores;
  SmallVector<int64_t, 0> sizes;

  int64_t countKept() const;
};

/// Reads a weight and the mask it has (or none) and scores its groups (`score`
/// of `#prune.criterion`). A group that is wholly masked scores -1, below any
/// other, so that what is pruned stays pruned. The granularity must fit the
/// shape; evidence is there where the criterion needs some, and broadcasts to
/// the shape. O(elements).
WeightScores computeScores(const ConstantView &weight,
                           const std::optional<ConstantView> &mask,
                           const std::optional<ConstantView> &evidence,
                           CriterionAttr criterion,
                           GranularityAttr granularity);

/// Population standard deviation about the mean over all elements in effect,
/// zeros included (METHODS 0.3: `numpy.std`).
double computeStd(const WeightScores &weight);

/// Prunes every group whose score is below or equal to `threshold`.
void selectByThreshold(WeightScores &weight, double threshold);

/// Ranks the groups of all weights together and prunes from the smallest score
/// up, until the share `sparsity` of all elements is pruned; groups are pruned
/// whole, and the number of elements pruned is the nearest to the target that
/// the ranking allows. Ties break by position: earlier weights and lower
/// indices are pruned first; a NaN counts as infinite. Returns the score of the
/// last group pruned, if any. O(groups log groups).
std::optional<double> selectBySparsity(ArrayRef<WeightScores *> weights,
                                       double sparsity);

/// Ranks the groups of each index of dimension `dim` by themselves, and prunes
/// the share `sparsity` of the elements of each. A group in several rows
/// belongs to the first.
void selectBySparsityInRows(WeightScores &weight, int64_t dim, double sparsity);

/// Of every `m` consecutive elements along `axis` keeps at most `n` of those
/// kept, the ones of largest score; ties keep the higher index.
void limitNOfM(WeightScores &weight, GranularityAttr granularity);

/// If no element is kept, keeps the group of largest score (the last of equals)
/// among those with an element in effect, and returns true.
bool keepAtLeastOne(WeightScores &weight, const WeightScores &before);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_MASKSELECTION_H
