//===- ChannelRanking.cpp - Which channels of groups go -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelRanking.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>
#include <tuple>

using namespace mlir;
using namespace mlir::prune;

int64_t mlir::prune::getLeast(int64_t total, double cap) {
  // What a decimal share lacks in binary is no channel.
  int64_t most = static_cast<int64_t>(std::floor(cap * double(total) + 1e-9));
  return std::max<int64_t>(total - most, std::min<int64_t>(total, 1));
}

/// The mean of the scores that are not negative, 1 where there is none.
static double getMean(ArrayRef<double> scores) {
  double sum = 0.0;
  int64_t count = 0;
  for (double score : scores)
    if (score >= 0.0 && std::isfinite(score))
      sum += score, ++count;
  return sum > 0.0 ? sum / static_cast<double>(count) : 1.0;
}

namespace {
struct RankedChannel {
  double score;
  unsigned group;
  int64_t index;

  bool operator<(const RankedChannel &other) const {
    return std::tie(score, group, index) <
           std::tie(other.score, other.group, other.index);
  }
};
} // namespace

static SmallVector<RankedChannel, 0>
rankChannels(ArrayRef<ChannelRanking *> groups) {
  SmallVector<RankedChannel, 0> ranked;
  for (auto [number, group] : llvm::enumerate(groups)) {
    double mean = groups.size() > 1 ? getMean(group->scores) : 1.0;
    for (auto [index, score] : llvm::enumerate(group->scores)) {
      double rank = std::isnan(score) ? std::numeric_limits<double>::infinity()
                    : score < 0.0     ? score
                                      : score / mean;
      ranked.push_back({rank, unsigned(number), int64_t(index)});
    }
  }
  llvm::sort(ranked);
  return ranked;
}

void mlir::prune::selectChannels(ArrayRef<ChannelRanking *> groups,
                                 double share) {
  SmallVector<RankedChannel, 0> ranked = rankChannels(groups);
  int64_t wanted = std::llround(share * static_cast<double>(ranked.size()));
  SmallVector<int64_t> kept;
  for (ChannelRanking *group : groups) {
    group->isPruned.assign(group->scores.size(), 0);
    kept.push_back(group->scores.size());
  }
  for (const RankedChannel &channel : ranked) {
    ChannelRanking &group = *groups[channel.group];
    bool isGone = channel.score < 0.0;
    if (!isGone && (wanted <= 0 || kept[channel.group] <= group.least))
      continue;
    group.isPruned[channel.index] = 1;
    --kept[channel.group];
    --wanted;
  }
  for (const RankedChannel &channel : llvm::reverse(ranked)) {
    ChannelRanking &group = *groups[channel.group];
    if (channel.score < 0.0 || !group.isPruned[channel.index] ||
        kept[channel.group] % group.multiple == 0)
      continue;
    group.isPruned[channel.index] = 0;
    ++kept[channel.group];
  }
}
