//===- ChannelRankingTest.cpp - Which channels of groups go ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelRanking.h"

#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir::prune;

namespace {

std::vector<char> select(std::vector<double> scores, double share,
                         int64_t least = 1, int64_t multiple = 1) {
  ChannelRanking ranking;
  ranking.scores.append(scores.begin(), scores.end());
  ranking.least = least, ranking.multiple = multiple;
  ChannelRanking *group = &ranking;
  selectChannels(group, share);
  return {ranking.isPruned.begin(), ranking.isPruned.end()};
}

using Answer = std::vector<char>;

TEST(ChannelRanking, PrunesTheSmallest) {
  EXPECT_EQ(select({3, 1, 2, 4}, 0.5), Answer({0, 1, 1, 0}));
  EXPECT_EQ(select({3, 1, 2, 4}, 0.0), Answer({0, 0, 0, 0}));
}

TEST(ChannelRanking, BreaksTiesByIndex) {
  EXPECT_EQ(select({1, 1, 1, 1}, 0.5), Answer({1, 1, 0, 0}));
}

TEST(ChannelRanking, KeepsOne) {
  EXPECT_EQ(select({3, 1, 2, 4}, 1.0), Answer({1, 1, 1, 0}));
}

TEST(ChannelRanking, KeepsWhatIsNoNumber) {
  EXPECT_EQ(select({3, std::nan(""), 2, 4}, 0.75), Answer({1, 0, 1, 1}));
}

TEST(ChannelRanking, RoundsToMultiples) {
  // Three would stay; the largest that went comes back.
  EXPECT_EQ(select({3, 1, 2, 4, 5}, 0.4, 1, 2), Answer({0, 1, 0, 0, 0}));
  // All stay where fewer than a multiple are there.
  EXPECT_EQ(select({3, 1}, 0.5, 1, 4), Answer({0, 0}));
}

TEST(ChannelRanking, CountsWhatIsPruned) {
  EXPECT_EQ(select({-1, 1, 2, 4}, 0.5), Answer({1, 1, 0, 0}));
  EXPECT_EQ(select({-1, 1, 2, 4}, 0.0), Answer({1, 0, 0, 0}));
  // Nothing that was pruned comes back.
  EXPECT_EQ(select({-1, 1, 2, 4}, 0.5, 1, 4), Answer({1, 0, 0, 0}));
}

TEST(ChannelRanking, RanksGroupsRelativeToTheirMeans) {
  ChannelRanking small, large;
  small.scores = {0.1, 0.2, 0.3}, large.scores = {100, 200, 600};
  ChannelRanking *groups[] = {&small, &large};
  selectChannels(groups, 2.0 / 6.0);
  EXPECT_EQ(llvm::count(small.isPruned, 1), 1);
  EXPECT_EQ(llvm::count(large.isPruned, 1), 1);
}

TEST(ChannelRanking, GoesOnWhereAGroupHasReachedItsLeast) {
  ChannelRanking one, other;
  one.scores = {1, 1, 1, 100}, other.scores = {4, 5, 6, 7};
  one.least = 3;
  ChannelRanking *groups[] = {&one, &other};
  selectChannels(groups, 0.5);
  EXPECT_EQ(llvm::count(one.isPruned, 1), 1);
  EXPECT_EQ(llvm::count(other.isPruned, 1), 3);
}

TEST(ChannelRanking, KeepsTheLeastThatACapAllows) {
  EXPECT_EQ(getLeast(10, 0.7), 3);
  EXPECT_EQ(getLeast(10, 1.0), 1);
  EXPECT_EQ(getLeast(10, 0.0), 10);
  EXPECT_EQ(getLeast(0, 1.0), 0);
}

TEST(ChannelRanking, HoldsItsPromisesOnRandomGroups) {
  std::mt19937 random(7);
  for (int example = 0; example < 300; ++example) {
    std::vector<ChannelRanking> rankings(1 + random() % 4);
    std::vector<ChannelRanking *> groups;
    int64_t total = 0;
    for (ChannelRanking &ranking : rankings) {
      ranking.scores.resize(random() % 20);
      for (double &score : ranking.scores)
        score = random() % 5 == 0 ? -1.0 : double(random() % 7);
      ranking.least = getLeast(ranking.scores.size(), (random() % 5) / 4.0);
      ranking.multiple = 1 + random() % 4;
      groups.push_back(&ranking);
      total += ranking.scores.size();
    }
    double share = (random() % 11) / 10.0;
    selectChannels(groups, share);
    int64_t pruned = 0, gone = 0;
    for (const ChannelRanking &ranking : rankings) {
      int64_t kept = llvm::count(ranking.isPruned, 0);
      int64_t before = llvm::count_if(ranking.scores,
                                      [](double score) { return score >= 0; });
      EXPECT_GE(kept, std::min(ranking.least, before));
      EXPECT_TRUE(kept % ranking.multiple == 0 || kept == before);
      for (auto [score, isPruned] :
           llvm::zip_equal(ranking.scores, ranking.isPruned))
        EXPECT_TRUE(isPruned || score >= 0);
      pruned += llvm::count(ranking.isPruned, 1);
      gone += ranking.scores.size() - before;
    }
    EXPECT_LE(pruned, std::max<int64_t>(std::llround(share * total), gone));
  }
}

} // namespace
