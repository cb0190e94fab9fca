//===- MaskSelection.cpp - Scores and masks over plain values -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// All of pruning's arithmetic on values: scores of groups (Criteria.h),
// thresholds, ranking and n-of-m limits. Works in double precision on row-major
// arrays and knows nothing of the IR, so that unit tests reach it directly.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/MaskSelection.h"

#include "Prune/Dialect/Prune/Utils/Criteria.h"

#include <cmath>
#include <limits>
#include <tuple>

using namespace mlir;
using namespace mlir::prune;

int64_t WeightScores::countKept() const {
  return llvm::count_if(kept, [](char bit) { return bit != 0; });
}

/// Position of a multi-index in row-major order.
static int64_t flatten(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t position = 0;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    position = position * extent + i;
  return position;
}

/// Fills values, kept and groups from the weight and its mask.
static void readElements(WeightScores &result, const ConstantView &weight,
                         const std::optional<ConstantView> &mask,
                         GranularityAttr granularity, ArrayRef<int64_t> grid) {
  result.shape.assign(weight.getShape().begin(), weight.getShape().end());
  if (weight.getNumElements() == 0)
    return;
  SmallVector<int64_t> index(result.shape.size(), 0);
  do {
    bool isKept = !mask || mask->at(index) != 0.0;
    result.values.push_back(isKept ? weight.at(index) : 0.0);
    result.kept.push_back(isKept);
    result.groups.push_back(flatten(granularity.getGroup(index), grid));
  } while (advance(index, result.shape));
}

/// What each element adds to the score of its group, in row-major order.
static void addElementScores(WeightScores &result,
                             const std::optional<ConstantView> &evidence,
                             CriterionAttr criterion, bool isSingle) {
  if (result.values.empty())
    return;
  SmallVector<int64_t> index(result.shape.size(), 0), known(index);
  size_t position = 0;
  do {
    std::optional<ScalarNumber> judged;
    if (evidence) {
      for (auto [dim, extent] : llvm::enumerate(evidence->getShape()))
        known[dim] = extent == 1 ? 0 : index[dim];
      judged = evidence->at(known);
    }
    ScalarNumber score = getElementScore(
        criterion, isSingle, ScalarNumber(result.values[position]), judged);
    result.scores[result.groups[position]] += score.getValue();
    ++position;
  } while (advance(index, result.shape));
}

WeightScores mlir::prune::computeScores(
    const ConstantView &weight, const std::optional<ConstantView> &mask,
    const std::optional<ConstantView> &evidence, CriterionAttr criterion,
    GranularityAttr granularity) {
  WeightScores result;
  SmallVector<int64_t> grid = *granularity.getGridShape(weight.getShape());
  readElements(result, weight, mask, granularity, grid);

  int64_t numGroups = ShapedType::getNumElements(grid);
  result.scores.assign(numGroups, 0.0);
  result.sizes.assign(numGroups, 0);
  SmallVector<char, 0> inEffect(numGroups, 0);
  for (auto [kept, group] : llvm::zip_equal(result.kept, result.groups)) {
    ++result.sizes[group];
    inEffect[group] |= kept;
  }
  bool isSingle = llvm::all_of(result.sizes, [](int64_t n) { return n == 1; });
  addElementScores(result, evidence, criterion, isSingle);
  for (auto [score, size, isIn] :
       llvm::zip_equal(result.scores, result.sizes, inEffect)) {
    double total = criterion.isMean() ? score / double(size) : score;
    ScalarNumber whole =
        getGroupScore(criterion, isSingle, ScalarNumber(total));
    score = isIn ? whole.getValue() : -1.0;
  }
  return result;
}

double mlir::prune::computeStd(const WeightScores &weight) {
  double count = weight.values.size();
  if (weight.values.empty())
    return 0.0;
  double mean = 0.0, variance = 0.0;
  for (double value : weight.values)
    mean += value;
  mean /= count;
  for (double value : weight.values)
    variance += (value - mean) * (value - mean);
  return std::sqrt(variance / count);
}

/// The place of a score in a ranking; a NaN counts as infinite.
static double getRank(double score) {
  return std::isnan(score) ? std::numeric_limits<double>::infinity() : score;
}

/// Clears the elements of every group for which `isPruned` is set.
static void pruneGroups(WeightScores &weight, ArrayRef<char> isPruned) {
  for (auto [kept, group] : llvm::zip_equal(weight.kept, weight.groups))
    kept = kept && !isPruned[group];
}

void mlir::prune::selectByThreshold(WeightScores &weight, double threshold) {
  SmallVector<char, 0> isPruned;
  for (double score : weight.scores)
    isPruned.push_back(score <= threshold);
  pruneGroups(weight, isPruned);
}

namespace {
/// A group in a ranking.
struct RankedGroup {
  double score;
  unsigned weight;
  int64_t group;
  int64_t size;
};
} // namespace

/// Sorts groups and finds how many of the first bring the elements pruned
/// nearest to the share `sparsity` of `total`.
static size_t rankGroups(MutableArrayRef<RankedGroup> groups, double sparsity,
                         int64_t total) {
  llvm::sort(groups, [](const RankedGroup &a, const RankedGroup &b) {
    return std::tie(a.score, a.weight, a.group) <
           std::tie(b.score, b.weight, b.group);
  });
  int64_t target = std::llround(sparsity * static_cast<double>(total));
  int64_t pruned = 0;
  for (auto [position, entry] : llvm::enumerate(groups)) {
    // One more group must bring the count nearer to the target.
    if (std::abs(pruned + entry.size - target) >= std::abs(pruned - target))
      return position;
    pruned += entry.size;
  }
  return groups.size();
}

std::optional<double>
mlir::prune::selectBySparsity(ArrayRef<WeightScores *> weights,
                              double sparsity) {
  SmallVector<RankedGroup, 0> ranking;
  SmallVector<SmallVector<char, 0>> isPruned;
  int64_t total = 0;
  for (auto [position, weight] : llvm::enumerate(weights)) {
    total += weight->values.size();
    isPruned.emplace_back(weight->scores.size(), 0);
    for (auto [group, score] : llvm::enumerate(weight->scores))
      ranking.push_back({getRank(score), static_cast<unsigned>(position),
                         static_cast<int64_t>(group), weight->sizes[group]});
  }
  size_t count = rankGroups(ranking, sparsity, total);
  for (const RankedGroup &entry : ArrayRef(ranking).take_front(count))
    isPruned[entry.weight][entry.group] = 1;
  for (auto [weight, groups] : llvm::zip_equal(weights, isPruned))
    pruneGroups(*weight, groups);
  if (count == 0)
    return std::nullopt;
  return weights[ranking[count - 1].weight]->scores[ranking[count - 1].group];
}

void mlir::prune::selectBySparsityInRows(WeightScores &weight, int64_t dim,
                                         double sparsity) {
  int64_t rows = weight.shape[dim], inner = 1;
  for (int64_t extent : ArrayRef(weight.shape).drop_front(dim + 1))
    inner *= extent;
  SmallVector<int64_t, 0> rowOf(weight.scores.size(), -1);
  for (auto [position, group] : llvm::enumerate(weight.groups))
    if (rowOf[group] < 0)
      rowOf[group] = static_cast<int64_t>(position) / inner % rows;
  SmallVector<SmallVector<RankedGroup, 0>> rankings(rows);
  SmallVector<int64_t> totals(rows, 0);
  for (auto [group, row] : llvm::enumerate(rowOf)) {
    if (row < 0)
      continue;
    rankings[row].push_back({getRank(weight.scores[group]), 0,
                             static_cast<int64_t>(group), weight.sizes[group]});
    totals[row] += weight.sizes[group];
  }
  SmallVector<char, 0> isPruned(weight.scores.size(), 0);
  for (auto [ranking, total] : llvm::zip_equal(rankings, totals)) {
    size_t count = rankGroups(ranking, sparsity, total);
    for (const RankedGroup &entry : ArrayRef(ranking).take_front(count))
      isPruned[entry.group] = 1;
  }
  pruneGroups(weight, isPruned);
}

void mlir::prune::limitNOfM(WeightScores &weight, GranularityAttr granularity) {
  int64_t axis = granularity.getAxis();
  int64_t n = granularity.getShape()[0], m = granularity.getShape()[1];
  int64_t extent = weight.shape[axis], inner = 1;
  for (int64_t size : ArrayRef(weight.shape).drop_front(axis + 1))
    inner *= size;
  int64_t numElements = weight.values.size();
  for (int64_t line = 0; line < numElements / std::max<int64_t>(extent, 1);
       ++line) {
    int64_t base = line / inner * extent * inner + line % inner;
    for (int64_t start = 0; start < extent; start += m) {
      SmallVector<int64_t> window;
      for (int64_t i = start; i < std::min(start + m, extent); ++i)
        if (weight.kept[base + i * inner])
          window.push_back(base + i * inner);
      llvm::sort(window, [&](int64_t a, int64_t b) {
        double scoreA = getRank(weight.scores[weight.groups[a]]);
        double scoreB = getRank(weight.scores[weight.groups[b]]);
        return std::tie(scoreA, a) < std::tie(scoreB, b);
      });
      while (static_cast<int64_t>(window.size()) > n) {
        weight.kept[window.front()] = 0;
        window.erase(window.begin());
      }
    }
  }
}

bool mlir::prune::keepAtLeastOne(WeightScores &weight,
                                 const WeightScores &before) {
  if (weight.countKept() != 0 || before.countKept() == 0)
    return false;
  int64_t best = 0;
  for (auto [group, score] : llvm::enumerate(weight.scores))
    if (score >= weight.scores[best])
      best = group;
  for (auto [kept, was, group] :
       llvm::zip_equal(weight.kept, before.kept, weight.groups))
    kept = was && group == best;
  return true;
}
