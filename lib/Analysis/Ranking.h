//===- Ranking.h - Where a ranking of groups ends ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ANALYSIS_RANKING_H
#define PRUNE_LIB_ANALYSIS_RANKING_H

#include "Prune/Analysis/MaskSelection.h"

namespace mlir::prune {

/// Which groups are pruned, from the smallest score up: as long as each brings
/// the number of pruned elements nearer to the target, or as long as there are
/// no more than the target.
enum class Rounding { Nearest, Down };

/// True when a group of `size` elements ends the ranking.
bool endsRanking(int64_t pruned, int64_t size, int64_t target,
                 Rounding rounding);

/// Ranks the groups of several weights together, those that their limits leave
/// out excepted, and returns for each weight where the pruned ones end. Exact;
/// ties go by weight, then by group. Nothing is sorted but what shares the
/// leading bits of its score with the last group pruned.
SmallVector<Cut> findCuts(ArrayRef<RankedScores> weights, int64_t target,
                          Rounding rounding, unsigned threads);

} // namespace mlir::prune

#endif // PRUNE_LIB_ANALYSIS_RANKING_H
