//===- SelectionTest.cpp - The smallest scores against a sort -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runtimes.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>

using namespace prune_test;

namespace {

using Table = std::vector<int64_t>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<uint8_t> select(const Runtime &runtime,
                            const std::vector<float> &scores,
                            const Table &table, double sparsity) {
  std::vector<uint8_t> kept(scores.size(), 7);
  PRUNE_RT(runtime, prune_rt_select_groups_f32)
  (scores.data(), kept.data(), table.data(), table.size() / 2, sparsity);
  return kept;
}

/// The definition: sorting, then one group after the other.
std::vector<uint8_t> sortAndSelect(std::vector<float> scores,
                                   const Table &table, double sparsity) {
  std::vector<int64_t> sizes;
  for (size_t part = 0; part < table.size(); part += 2)
    sizes.insert(sizes.end(), table[part], table[part + 1]);
  for (float &score : scores)
    score = std::isnan(score) ? kInfinity : score;
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] < scores[b] || (scores[a] == scores[b] && a < b);
  });
  int64_t total = std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
  int64_t target = std::llround(sparsity * double(total)), pruned = 0;
  std::vector<uint8_t> kept(scores.size(), 1);
  for (size_t i : order) {
    if (std::llabs(pruned + sizes[i] - target) >= std::llabs(pruned - target))
      break;
    pruned += sizes[i];
    kept[i] = 0;
  }
  return kept;
}

void expectAsSorted(const std::vector<float> &scores, const Table &table,
                    double sparsity) {
  SCOPED_TRACE(testing::Message() << "sparsity " << sparsity);
  std::vector<uint8_t> expected = sortAndSelect(scores, table, sparsity);
  EXPECT_EQ(select(getNaive(), scores, table, sparsity), expected);
  EXPECT_EQ(select(getFast(), scores, table, sparsity), expected);
}

} // namespace

TEST(SelectionTest, MatchesASort) {
  std::mt19937 generator = makeGenerator(3);
  for (int64_t count : {1, 2, 7, 100, 5000}) {
    std::vector<float> scores = makeRandom(count, generator);
    for (double sparsity : {0.0, 0.1, 0.25, 0.5, 0.873, 0.999, 1.0})
      expectAsSorted(scores, {count, 1}, sparsity);
  }
}

TEST(SelectionTest, TiesGoByIndex) {
  std::mt19937 generator = makeGenerator(5);
  std::vector<float> scores(600);
  for (float &score : scores)
    score = float(generator() % 4) - 1.0f;
  for (double sparsity : {0.0, 0.1, 0.3, 0.5, 0.7, 1.0})
    expectAsSorted(scores, {600, 1}, sparsity);
  EXPECT_EQ(select(getFast(), {1.0f, 1.0f, 1.0f, 1.0f}, {4, 1}, 0.5),
            (std::vector<uint8_t>{0, 0, 1, 1}));
}

TEST(SelectionTest, GroupsOfSeveralSizesMeetTheTarget) {
  std::mt19937 generator = makeGenerator(7);
  Table table = {50, 1, 20, 25, 0, 3, 9, 400};
  for (int round = 0; round < 20; ++round) {
    std::vector<float> scores = makeRandom(79, generator);
    if (round % 2)
      for (float &score : scores)
        score = std::round(score * 2.0f);
    for (double sparsity : {0.0, 0.05, 0.2, 0.5, 0.66, 0.95, 1.0})
      expectAsSorted(scores, table, sparsity);
  }
}

TEST(SelectionTest, OddNumbersHaveAPlace) {
  std::vector<float> scores = {kNaN,      -0.0f, 0.0f,    1e-41f, -kInfinity,
                               kInfinity, -kNaN, -1e-41f, 3e-41f, -2.0f,
                               1.0f,      kNaN,  0.0f,    -0.0f};
  Table table = {static_cast<int64_t>(scores.size()), 1};
  for (int64_t pruned = 0; pruned <= table[0]; ++pruned)
    expectAsSorted(scores, table, double(pruned) / double(table[0]));
}

TEST(SelectionTest, SparsitiesAreClampedAndHalvesRoundUp) {
  std::vector<float> scores = {4.0f, 3.0f, 2.0f, 1.0f, 0.5f, 5.0f};
  Table table = {6, 1};
  EXPECT_EQ(select(getFast(), scores, table, -3.0), std::vector<uint8_t>(6, 1));
  EXPECT_EQ(select(getFast(), scores, table, 1.5), std::vector<uint8_t>(6, 0));
  EXPECT_EQ(select(getFast(), scores, table, std::nan("")),
            std::vector<uint8_t>(6, 1));
  // 1.5 elements are 2.
  EXPECT_EQ(select(getFast(), scores, table, 0.25),
            (std::vector<uint8_t>{1, 1, 1, 0, 0, 1}));
}

TEST(SelectionDeathTest, RefusesGroupsWithoutElements) {
  EXPECT_DEATH(select(getFast(), {1.0f}, {1, 0}, 0.5),
               "expected groups of at least one element");
}
