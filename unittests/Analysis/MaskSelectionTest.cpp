//===- MaskSelectionTest.cpp - Scores and masks over plain values ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/MaskSelection.h"
#include "TestModule.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::prune;

namespace {
struct MaskSelectionTest : testing::Test {
  TestModule module{"func.func @f() { return }"};

  GranularityAttr getGranularity(GranularityKind kind,
                                 ArrayRef<int64_t> shape = {},
                                 int64_t axis = -1) {
    return GranularityAttr::get(&module.context, kind, shape, axis);
  }

  GroupScores score(ArrayRef<int64_t> shape, ArrayRef<double> values,
                    GranularityAttr granularity, double p = 1.0,
                    ArrayRef<char> mask = {}) {
    Builder builder(&module.context);
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    auto weight =
        ConstantView::get(Attribute(createResource(type, "w", values)));
    std::optional<ConstantView> maskView;
    if (!mask.empty())
      maskView = ConstantView::get(Attribute(createResource(
          RankedTensorType::get(shape, builder.getI1Type()), "m", mask)));
    auto criterion = CriterionAttr::get(
        &module.context, CriterionKind::Magnitude, llvm::APFloat(p));
    return GroupScores(*weight, maskView, /*evidence=*/std::nullopt, criterion,
                       granularity);
  }

  static SmallVector<double> readAll(const GroupScores &weight) {
    SmallVector<double> scores(weight.getNumGroups());
    weight.read(0, scores);
    return scores;
  }

  static std::string show(ArrayRef<char> kept) {
    std::string bits;
    for (char stays : kept)
      bits += stays ? '1' : '0';
    return bits;
  }

  static SmallVector<char> getMask(const GroupScores &weight,
                                   const Selection &selection,
                                   unsigned threads = 1) {
    SmallVector<char> kept(weight.getNumElements());
    writeMask(weight, selection, kept, threads);
    return kept;
  }

  static std::string show(const GroupScores &weight, Cut cut) {
    Selection selection;
    selection.cuts = {cut};
    return show(getMask(weight, selection));
  }
};

TEST_F(MaskSelectionTest, KeysOrderAsScores) {
  double infinity = std::numeric_limits<double>::infinity();
  double ordered[] = {-infinity, -1.0, 0.0, 5e-324, 1.0, 1.5, infinity};
  for (size_t i = 1; i < std::size(ordered); ++i)
    EXPECT_LT(getRankKey(ordered[i - 1]), getRankKey(ordered[i]));
  EXPECT_EQ(getRankKey(-0.0), getRankKey(0.0));
  EXPECT_EQ(getRankKey(std::nan("")), getRankKey(infinity));
  EXPECT_EQ(getScoreOfKey(getRankKey(-2.5)), -2.5);
}

TEST_F(MaskSelectionTest, NormsOfGroups) {
  auto channel = getGranularity(GranularityKind::Channel, {}, 0);
  auto one = score({2, 2}, {3, -4, 0, 1}, channel);
  EXPECT_EQ(readAll(one), (SmallVector<double>{7, 1}));
  auto two = score({2, 2}, {3, -4, 0, 1}, channel, 2.0);
  EXPECT_EQ(readAll(two), (SmallVector<double>{5, 1}));
  // Single elements score their magnitude whatever the exponent.
  auto single =
      score({2}, {0.1, -3}, getGranularity(GranularityKind::Unstructured), 0.5);
  EXPECT_FLOAT_EQ(single.getScore(0), 0.1f);
  EXPECT_EQ(single.getScore(1), 3.0);
}

TEST_F(MaskSelectionTest, PiecesAlongAnAxis) {
  // An attention head of two features, and a last one of one feature.
  auto heads = score({3, 2}, {1, 2, 3, -4, 5, 6},
                     getGranularity(GranularityKind::Channel, {2}, 0));
  EXPECT_EQ(readAll(heads), (SmallVector<double>{10, 11}));
  EXPECT_EQ(show(heads, selectByThreshold(10.0)), "000011");
  auto pieces = score({2, 3}, {1, 2, 3, -4, 5, 6},
                      getGranularity(GranularityKind::Vector, {2}, 1));
  EXPECT_EQ(readAll(pieces), (SmallVector<double>{3, 3, 9, 6}));
}

TEST_F(MaskSelectionTest, MaskedElementsCountAsZeros) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto weight = score({4}, {1, 100, 3, 5}, plain, 1.0, {1, 0, 1, 1});
  EXPECT_EQ(weight.getScore(1), -1.0);
  EXPECT_EQ(weight.countInEffect(), 3);
  // Of 1 0 3 5: mean 2.25, variance 59/16.
  EXPECT_DOUBLE_EQ(weight.computeStd(), std::sqrt(59.0 / 16.0));
  EXPECT_EQ(show(weight, selectByThreshold(0.0)), "1011");
}

TEST_F(MaskSelectionTest, ThresholdIsInclusive) {
  auto weight =
      score({3}, {1, -2, 3}, getGranularity(GranularityKind::Unstructured));
  EXPECT_EQ(show(weight, selectByThreshold(2.0)), "001");
  EXPECT_EQ(show(weight, selectByThreshold(std::nan(""))), "111");
}

TEST_F(MaskSelectionTest, SparsityBreaksTiesByPosition) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto a = score({3}, {1, 1, 1}, plain), b = score({3}, {1, 0, 1}, plain);
  SmallVector<Cut> cuts = selectBySparsity({{&a}, {&b}}, 0.5);
  EXPECT_EQ(show(a, cuts[0]), "001");
  EXPECT_EQ(show(b, cuts[1]), "101");
}

TEST_F(MaskSelectionTest, SparsityOfNothingAndOfAll) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto a = score({3}, {1, 2, 3}, plain);
  EXPECT_EQ(show(a, selectBySparsity(RankedScores{&a}, 0.0).front()), "111");
  EXPECT_EQ(show(a, selectBySparsity(RankedScores{&a}, 1.0).front()), "000");
  Selection all;
  all.cuts = {Cut::getAll()};
  SmallVector<char> kept(3);
  EXPECT_EQ(writeMask(a, all, kept).lastPruned, 3.0);
  EXPECT_EQ(writeMask(a, Selection(), kept).lastPruned, std::nullopt);
}

TEST_F(MaskSelectionTest, EdgeBlocksAreSmaller) {
  auto weight = score({3, 3}, {1, 1, 9, 1, 1, 9, 9, 9, 1},
                      getGranularity(GranularityKind::Block, {2, 2}));
  SmallVector<int64_t> sizes;
  for (int64_t group = 0; group < weight.getNumGroups(); ++group)
    sizes.push_back(weight.getLayout().getSize(group));
  EXPECT_EQ(sizes, (SmallVector<int64_t>{4, 2, 2, 1}));
  EXPECT_EQ(show(weight, selectByThreshold(4.0)), "001001110");
}

TEST_F(MaskSelectionTest, LimitsAlongAnyAxis) {
  auto rows = getGranularity(GranularityKind::NOfM, {1, 2}, 1);
  auto a = score({2, 3}, {1, 2, 3, -5, 5, 0}, rows);
  SmallVector<char> kept(6, 1);
  limitNOfM(a, rows, kept);
  // The last window of a row has one element only; ties keep the higher index.
  EXPECT_EQ(show(kept), "011011");
  auto columns = getGranularity(GranularityKind::NOfM, {1, 2}, 0);
  auto b = score({2, 3}, {1, 2, 3, -5, 5, 0}, columns);
  kept.assign(6, 1);
  limitNOfM(b, columns, kept, /*threads=*/2);
  EXPECT_EQ(show(kept), "001110");
}

TEST_F(MaskSelectionTest, KeepsTheLastOfTheLargest) {
  auto weight =
      score({4}, {1, 3, -3, 2}, getGranularity(GranularityKind::Unstructured));
  SmallVector<char> kept(4, 0);
  keepLargest(weight, kept);
  EXPECT_EQ(show(kept), "0010");
}

TEST_F(MaskSelectionTest, CapsEndARanking) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto a = score({4}, {1, 2, 3, 4}, plain), b = score({4}, {5, 6, 7, 8}, plain);
  RankedScores capped{&a, getLimit(a, 0.5)};
  SmallVector<Cut> cuts = selectBySparsity({capped, {&b}}, 0.5);
  EXPECT_EQ(show(a, cuts[0]), "0011");
  EXPECT_EQ(show(b, cuts[1]), "0011");
  // A cap is never exceeded, however near the next group would be.
  auto pairs =
      score({4}, {1, 2, 3, 4}, getGranularity(GranularityKind::Block, {2}));
  EXPECT_EQ(show(pairs, getLimit(pairs, 0.49)), "1111");
}

TEST_F(MaskSelectionTest, KeepsMultiples) {
  auto channel = getGranularity(GranularityKind::Channel, {}, 0);
  auto weight = score({5, 1}, {3, 1, 2, 5, 4}, channel);
  Cut cut = selectByThreshold(2.0);
  EXPECT_EQ(show(weight, cut), "10011");
  EXPECT_EQ(show(weight, roundKept(weight, cut, 3)), "10011");
  EXPECT_EQ(show(weight, roundKept(weight, cut, 4)), "10111");
  EXPECT_EQ(show(weight, roundKept(weight, cut, 8)), "11111");
  // Of what is pruned already nothing comes back.
  auto masked = score({5, 1}, {3, 1, 2, 5, 4}, channel, 1.0, {1, 0, 1, 1, 1});
  EXPECT_EQ(show(masked, roundKept(masked, cut, 8)), "10111");
}

TEST_F(MaskSelectionTest, DensitiesOfErk) {
  // Ratios (4 + 4) / 16 and (40 + 40) / 1600: a tenth.
  SmallVector<int64_t> small = {4, 4}, large = {40, 40};
  SmallVector<double> free = getErkDensities({small, large}, {1.0, 1.0}, 0.95);
  EXPECT_NEAR(free[0], 10 * free[1], 1e-12);
  EXPECT_NEAR(16 * free[0] + 1600 * free[1], 0.05 * 1616, 1e-9);
  // The small layer is dense, and the large one has what is left.
  SmallVector<double> dense = getErkDensities({small, large}, {1.0, 1.0}, 0.5);
  EXPECT_EQ(dense[0], 1.0);
  EXPECT_NEAR(dense[1], (808.0 - 16.0) / 1600.0, 1e-12);
  // A cap of the large layer leaves less for the small one.
  SmallVector<double> capped =
      getErkDensities({small, large}, {1.0, 0.955}, 0.95);
  EXPECT_NEAR(16 * capped[0] + 1600 * capped[1], 0.05 * 1616, 1e-9);
  EXPECT_GE(capped[1], 0.045 - 1e-12);
  EXPECT_EQ(getErkDensities({small, large}, {1.0, 1.0}, 0.0),
            (SmallVector<double>{1.0, 1.0}));
}

/// Groups of several weights, more than are sorted at once, against sorting
/// all.
TEST_F(MaskSelectionTest, RankingEqualsSorting) {
  std::mt19937 random(7);
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto pairs = getGranularity(GranularityKind::Vector, {2}, 1);
  for (bool hasTies : {false, true}) {
    SmallVector<double> values(3 * 50001);
    for (double &value : values)
      value = hasTies ? random() % 3 : std::ldexp(double(random()), -30);
    auto a = score({3, 50001}, values, plain);
    auto b = score({3, 50001}, values, pairs);
    struct Entry {
      uint64_t key;
      int weight;
      int64_t group, size;
    };
    SmallVector<Entry> order;
    for (auto [i, weight] : llvm::enumerate(ArrayRef{&a, &b}))
      for (int64_t group = 0; group < weight->getNumGroups(); ++group)
        order.push_back({getRankKey(weight->getScore(group)), int(i), group,
                         weight->getLayout().getSize(group)});
    llvm::sort(order, [](const Entry &x, const Entry &y) {
      return std::tie(x.key, x.weight, x.group) <
             std::tie(y.key, y.weight, y.group);
    });
    for (double sparsity : {0.01, 0.5, 0.977}) {
      int64_t target = std::llround(sparsity * 300006), pruned = 0;
      SmallVector<SmallVector<char>> stays;
      stays.emplace_back(a.getNumGroups(), 1);
      stays.emplace_back(b.getNumGroups(), 1);
      for (const Entry &entry : order) {
        if (std::abs(pruned + entry.size - target) >= std::abs(pruned - target))
          break;
        pruned += entry.size;
        stays[entry.weight][entry.group] = 0;
      }
      for (unsigned threads : {1, 3}) {
        SmallVector<Cut> cuts =
            selectBySparsity({{&a}, {&b}}, sparsity, threads);
        for (auto [i, weight] : llvm::enumerate(ArrayRef{&a, &b}))
          for (int64_t group = 0; group < weight->getNumGroups(); ++group)
            ASSERT_EQ(
                cuts[i].isPruned(getRankKey(weight->getScore(group)), group),
                !stays[i][group])
                << "sparsity " << sparsity << ", group " << group;
      }
    }
  }
}

/// Float weights are ranked by their bits; the same as sorting their scores,
/// for usual values, many equal ones and ones that are no numbers.
TEST_F(MaskSelectionTest, MagnitudesEqualSorting) {
  std::mt19937 random(3);
  auto plain = getGranularity(GranularityKind::Unstructured);
  std::normal_distribution<double> normal(0.0, 0.1);
  for (int kind : {0, 1, 2}) {
    SmallVector<GroupScores, 2> weights;
    for (int64_t size : {90001, 60002}) {
      SmallVector<double> values(size);
      for (double &value : values)
        value = kind == 0 ? normal(random) : double(random() % 3) - 1.0;
      if (kind == 2)
        for (int64_t i = 0; i < size; i += 7)
          values[i] = i % 2 ? std::nan("") : -std::ldexp(1.0, 200);
      weights.push_back(score({size}, values, plain));
    }
    struct Entry {
      uint64_t key;
      size_t weight;
      int64_t group;
    };
    SmallVector<Entry> order;
    for (auto [i, weight] : llvm::enumerate(weights))
      for (auto [group, value] : llvm::enumerate(readAll(weight)))
        order.push_back({getRankKey(value), i, int64_t(group)});
    llvm::sort(order, [](const Entry &x, const Entry &y) {
      return std::tie(x.key, x.weight, x.group) <
             std::tie(y.key, y.weight, y.group);
    });
    for (double sparsity : {0.0, 0.01, 0.5, 0.999, 1.0}) {
      SmallVector<SmallVector<char>> stays = {SmallVector<char>(90001, 1),
                                              SmallVector<char>(60002, 1)};
      size_t target = std::llround(sparsity * 150003);
      for (const Entry &entry : ArrayRef(order).take_front(target))
        stays[entry.weight][entry.group] = 0;
      for (unsigned threads : {1, 3}) {
        SmallVector<Cut> cuts =
            selectBySparsity({{&weights[0]}, {&weights[1]}}, sparsity, threads);
        for (auto [i, weight] : llvm::enumerate(weights)) {
          Selection selection;
          selection.cuts = {cuts[i]};
          SmallVector<char> kept(weight.getNumElements());
          MaskCounts counts = writeMask(weight, selection, kept, threads);
          EXPECT_EQ(kept, stays[i]) << "kind " << kind << ", " << sparsity;
          EXPECT_EQ(counts.kept, llvm::count(stays[i], 1));
          EXPECT_EQ(counts.before, weight.getNumElements());
          std::optional<double> last;
          for (auto [group, value] : llvm::enumerate(readAll(weight)))
            if (!stays[i][group])
              last = std::max(last.value_or(0.0),
                              getScoreOfKey(getRankKey(value)));
          EXPECT_EQ(counts.lastPruned, last);
        }
      }
    }
  }
}
} // namespace
