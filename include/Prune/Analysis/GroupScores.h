//===- GroupScores.h - Scores of the groups of a weight ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_GROUPSCORES_H
#define PRUNE_ANALYSIS_GROUPSCORES_H

#include "Prune/Dialect/Prune/Utils/GroupLayout.h"
#include "Prune/Support/Constants.h"
#include "llvm/ADT/bit.h"

#include <limits>

namespace mlir::prune {

/// A number that orders as scores do: a NaN counts as infinite, and both zeros
/// are one.
inline uint64_t getRankKey(double score) {
  constexpr uint64_t sign = uint64_t(1) << 63;
  double rank =
      score != score ? std::numeric_limits<double>::infinity() : score + 0.0;
  uint64_t bits = llvm::bit_cast<uint64_t>(rank);
  return bits & sign ? ~bits : bits | sign;
}

/// The score of a key.
inline double getScoreOfKey(uint64_t key) {
  constexpr uint64_t sign = uint64_t(1) << 63;
  return llvm::bit_cast<double>(key & sign ? key & ~sign : ~key);
}

/// Calls `body` for 0 to `count - 1` on up to `threads` threads.
void forEachTask(unsigned threads, unsigned count,
                 function_ref<void(unsigned)> body);

/// A constant weight, the mask that it has, and the score of each group of a
/// granularity (`score` of `#prune.criterion`), in double precision. A group
/// that is wholly masked scores -1, below any other, so that what is pruned
/// stays pruned. Values are those in effect: zero where a mask is there
/// already.
///
/// Scores of single elements are computed where they are read and kept nowhere.
class GroupScores {
public:
  /// The granularity fits the shape; evidence is there where the criterion
  /// needs some, and broadcasts to the shape. O(elements) for groups of several
  /// elements.
  GroupScores(ConstantView weight, std::optional<ConstantView> mask,
              std::optional<ConstantView> evidence, CriterionAttr criterion,
              GranularityAttr granularity, unsigned threads = 1);

  const GroupLayout &getLayout() const { return layout; }
  ArrayRef<int64_t> getShape() const { return layout.getShape(); }
  int64_t getNumElements() const { return layout.getNumElements(); }
  int64_t getNumGroups() const { return layout.getNumGroups(); }

  /// Scores of consecutive groups.
  void read(int64_t first, MutableArrayRef<double> scores) const;
  double getScore(int64_t group) const;

  /// The weight as raw floats where its scores are their magnitudes: single
  /// elements without a mask.
  std::optional<ArrayRef<char>> getRawMagnitudes() const;

  /// Values in effect of consecutive elements.
  void readValues(int64_t first, MutableArrayRef<double> values) const;

  /// Which of consecutive elements no mask prunes, as 0 and 1.
  void readMask(int64_t first, MutableArrayRef<char> kept) const;
  int64_t countInEffect() const;

  /// Population standard deviation about the mean over all elements in effect,
  /// zeros included (METHODS 0.3: `numpy.std`).
  double computeStd() const;

  /// Puts in place of each score `s` the number `s^2 / sum(t^2)` over the
  /// scores `t` that rank with it or above (LAMP, Lee et al. 2021, equation 4).
  /// Keeps 16 bytes for each group; O(groups log groups).
  void rescaleByLamp();

private:
  void computeElementScores(int64_t first,
                            MutableArrayRef<double> scores) const;
  void readEvidence(int64_t first, MutableArrayRef<double> numbers) const;
  void addGroups(int64_t first, int64_t count, MutableArrayRef<char> inEffect);
  void computeGroups(unsigned threads);

  ConstantView weight;
  std::optional<ConstantView> mask, evidence;
  CriterionAttr criterion;
  GroupLayout layout;
  bool isMagnitude;
  /// The scores, unless they are computed where they are read.
  SmallVector<double, 0> scores;
  bool isKept = false;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_GROUPSCORES_H
