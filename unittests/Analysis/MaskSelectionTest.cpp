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

  WeightScores score(ArrayRef<int64_t> shape, ArrayRef<double> values,
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
    return computeScores(*weight, maskView, /*evidence=*/std::nullopt,
                         criterion, granularity);
  }

  static std::string show(const WeightScores &weight) {
    std::string bits;
    for (char kept : weight.kept)
      bits += kept ? '1' : '0';
    return bits;
  }
};

TEST_F(MaskSelectionTest, NormsOfGroups) {
  auto channel = getGranularity(GranularityKind::Channel, {}, 0);
  auto one = score({2, 2}, {3, -4, 0, 1}, channel);
  EXPECT_EQ(one.scores, (SmallVector<double, 0>{7, 1}));
  auto two = score({2, 2}, {3, -4, 0, 1}, channel, 2.0);
  EXPECT_EQ(two.scores, (SmallVector<double, 0>{5, 1}));
  // Single elements score their magnitude whatever the exponent.
  auto single =
      score({2}, {0.1, -3}, getGranularity(GranularityKind::Unstructured), 0.5);
  EXPECT_FLOAT_EQ(single.scores[0], 0.1f);
  EXPECT_EQ(single.scores[1], 3.0);
}

TEST_F(MaskSelectionTest, MaskedElementsCountAsZeros) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto weight = score({4}, {1, 100, 3, 5}, plain, 1.0, {1, 0, 1, 1});
  EXPECT_EQ(weight.scores[1], -1.0);
  // Of 1 0 3 5: mean 2.25, variance 59/16.
  EXPECT_DOUBLE_EQ(computeStd(weight), std::sqrt(59.0 / 16.0));
  selectByThreshold(weight, 0.0);
  EXPECT_EQ(show(weight), "1011");
}

TEST_F(MaskSelectionTest, ThresholdIsInclusive) {
  auto weight =
      score({3}, {1, -2, 3}, getGranularity(GranularityKind::Unstructured));
  selectByThreshold(weight, 2.0);
  EXPECT_EQ(show(weight), "001");
}

TEST_F(MaskSelectionTest, SparsityBreaksTiesByPosition) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto a = score({3}, {1, 1, 1}, plain), b = score({3}, {1, 0, 1}, plain);
  EXPECT_EQ(selectBySparsity({&a, &b}, 0.5), 1.0);
  EXPECT_EQ(show(a), "001");
  EXPECT_EQ(show(b), "101");
}

TEST_F(MaskSelectionTest, SparsityOfNothingAndOfAll) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto a = score({3}, {1, 2, 3}, plain);
  EXPECT_EQ(selectBySparsity({&a}, 0.0), std::nullopt);
  EXPECT_EQ(show(a), "111");
  EXPECT_EQ(selectBySparsity({&a}, 1.0), 3.0);
  EXPECT_EQ(show(a), "000");
}

TEST_F(MaskSelectionTest, EdgeBlocksAreSmaller) {
  auto weight = score({3, 3}, {1, 1, 9, 1, 1, 9, 9, 9, 1},
                      getGranularity(GranularityKind::Block, {2, 2}));
  EXPECT_EQ(weight.sizes, (SmallVector<int64_t, 0>{4, 2, 2, 1}));
  selectByThreshold(weight, 4.0);
  EXPECT_EQ(show(weight), "001001110");
}

TEST_F(MaskSelectionTest, LimitsAlongAnyAxis) {
  auto rows = getGranularity(GranularityKind::NOfM, {1, 2}, 1);
  auto a = score({2, 3}, {1, 2, 3, -5, 5, 0}, rows);
  limitNOfM(a, rows);
  // The last window of a row has one element only; ties keep the higher index.
  EXPECT_EQ(show(a), "011011");
  auto columns = getGranularity(GranularityKind::NOfM, {1, 2}, 0);
  auto b = score({2, 3}, {1, 2, 3, -5, 5, 0}, columns);
  limitNOfM(b, columns);
  EXPECT_EQ(show(b), "001110");
}

TEST_F(MaskSelectionTest, KeepsTheLastOfTheLargest) {
  auto plain = getGranularity(GranularityKind::Unstructured);
  auto before = score({4}, {1, 3, -3, 2}, plain);
  auto after = before;
  selectByThreshold(after, 10.0);
  EXPECT_TRUE(keepAtLeastOne(after, before));
  EXPECT_EQ(show(after), "0010");
  EXPECT_FALSE(keepAtLeastOne(after, before));
  // What was empty before stays empty.
  auto empty = score({2}, {1, 2}, plain, 1.0, {0, 0});
  auto copy = empty;
  EXPECT_FALSE(keepAtLeastOne(copy, empty));
}
} // namespace
