//===- ScoredWeight.h - A scored weight on its way to a mask ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_SCOREDWEIGHT_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_SCOREDWEIGHT_H

#include "Prune/Analysis/MaskSelection.h"

namespace mlir::prune {

/// A weight with a score, its values, and what becomes of it.
struct ScoredWeight {
  ScoredWeight(ScoreOp score, std::string name, GroupScores scores)
      : score(score), name(std::move(name)), scores(std::move(scores)) {}

  ScoreOp score;
  std::string name;
  GroupScores scores;
  /// Position of the rule that its name selects.
  std::optional<unsigned> rule;
  /// The dimension of output channels, where a layer has one.
  std::optional<int64_t> rowDim;
  /// The share of elements that may be pruned, and the place in the ranking
  /// that follows.
  double cap = 1.0;
  Cut limit = Cut::getAll();

  /// What is pruned, and the weights that were ranked with this one.
  Selection selection;
  std::optional<unsigned> ranking;
  std::optional<double> threshold;
  /// The new mask, one byte for each element.
  AsmResourceBlob mask;
  MaskCounts counts;

  MutableArrayRef<char> getKept() { return mask.getMutableData(); }
};

/// Reads the weight of a score and the mask it has; an error when either is not
/// constant, or when evidence has numbers that cannot be.
FailureOr<ScoredWeight> readScoredWeight(ScoreOp score, unsigned threads);

/// The one mask through which the weight is used, if all its uses but scores go
/// through one.
ApplyMaskOp findMask(Value weight);

/// Makes every use of a parameter but scores see a mask made by `builder`, in
/// place of the one that it has.
void setMask(Value parameter, TypedAttr value, OpBuilder &builder,
             Location loc);

/// Makes every use of the weight see the new mask, and drops the score. A mask
/// that is there already is part of the new one.
void applyMask(ScoredWeight &weight);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_SCOREDWEIGHT_H
