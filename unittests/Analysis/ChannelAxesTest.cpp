//===- ChannelAxesTest.cpp - Channels that leave together -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelAxes.h"
#include "TestModule.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct ChannelAxesTest : testing::Test {
  TestModule module{R"mlir(
    func.func @f(%a: tensor<2x3xf32>, %b: tensor<3xf32>, %c: tensor<6xf32>, %d: tensor<?xf32>, %e: f32) { return }
  )mlir"};
  Value a = module.getBlock().getArgument(0);
  Value b = module.getBlock().getArgument(1);
  Value c = module.getBlock().getArgument(2);
  ChannelAxes axes;

  void SetUp() override {
    for (Value value : module.getBlock().getArguments())
      axes.add(value);
  }
};

TEST_F(ChannelAxesTest, CountsSlotsOfStaticExtentsOnce) {
  axes.add(a);
  EXPECT_EQ(axes.getNumSlots(), 2u + 3u + 3u + 6u);
  EXPECT_TRUE(axes.contains(c));
  EXPECT_TRUE(axes.contains(module.getBlock().getArgument(3)));
  EXPECT_FALSE(axes.contains(module.getBlock().getArgument(4)));
  axes.finish();
  EXPECT_EQ(axes.getNumClasses(), axes.getNumSlots());
}

TEST_F(ChannelAxesTest, TiesIndexByIndex) {
  axes.tie(a, 1, b, 0);
  axes.finish();
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(axes.getClass(a, 1, i), axes.getClass(b, 0, i));
  EXPECT_NE(axes.getClass(a, 1, 0), axes.getClass(b, 0, 1));
  EXPECT_NE(axes.getClass(a, 0, 0), axes.getClass(b, 0, 0));
}

TEST_F(ChannelAxesTest, KeepsWhatIsTiedToAnUnknownExtent) {
  axes.tie(b, 0, module.getBlock().getArgument(3), 0);
  axes.finish();
  EXPECT_FALSE(axes.getPinReason(axes.getClass(b, 0, 2)).empty());
  EXPECT_TRUE(axes.getPinReason(axes.getClass(c, 0, 0)).empty());
}

TEST_F(ChannelAxesTest, MergesIntoTheDimensionThatCanLeave) {
  // c is [a's dimension 0, b]: the first one cannot leave.
  axes.pin(a, 0, "reason");
  axes.tieMerged(c, 0, a, {0, 1});
  axes.finish();
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(axes.getClass(c, 0, i), axes.getClass(a, 1, i % 3));
  EXPECT_EQ(axes.getPinReason(axes.getClass(c, 0, 0)), "");
}

TEST_F(ChannelAxesTest, MergesIntoTheFirstDimensionWhenAllCanLeave) {
  axes.tieMerged(c, 0, a, {0, 1});
  axes.finish();
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(axes.getClass(c, 0, i), axes.getClass(a, 0, i / 3));
  EXPECT_EQ(axes.getPinReason(axes.getClass(a, 1, 0)),
            "inside a flattened block");
}

TEST_F(ChannelAxesTest, MergesAsTheTensorIsTiedAlready) {
  axes.tieBlocks(c, 0, b, 0, /*inner=*/1);
  axes.tieMerged(c, 0, a, {0, 1});
  axes.finish();
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(axes.getClass(c, 0, i), axes.getClass(a, 1, i % 3));
}

TEST_F(ChannelAxesTest, TiesRanges) {
  axes.tieRange(c, 0, 2, b, 0, 1, /*count=*/2);
  axes.finish();
  EXPECT_EQ(axes.getClass(c, 0, 2), axes.getClass(b, 0, 1));
  EXPECT_EQ(axes.getClass(c, 0, 3), axes.getClass(b, 0, 2));
  EXPECT_NE(axes.getClass(c, 0, 1), axes.getClass(b, 0, 0));
  EXPECT_EQ(axes.getNumClasses(), axes.getNumSlots() - 2);
}

TEST_F(ChannelAxesTest, TiesInnerAndOuterBlocks) {
  // c is [b, 2] flattened, and [a's dimension 0, b] at the same time.
  axes.tieBlocks(c, 0, b, 0, /*inner=*/2);
  axes.finish();
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(axes.getClass(c, 0, i), axes.getClass(b, 0, i / 2));

  ChannelAxes outer;
  outer.add(a);
  outer.add(c);
  outer.tieBlocks(c, 0, a, 1, /*inner=*/1);
  outer.finish();
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(outer.getClass(c, 0, i), outer.getClass(a, 1, i % 3));
}

TEST_F(ChannelAxesTest, PinsWholeClassesAndKeepsTheFirstReason) {
  axes.tie(a, 1, b, 0);
  axes.pin(b, 0, "first");
  axes.pin(a, "second");
  axes.finish();
  EXPECT_EQ(axes.getPinReason(axes.getClass(a, 1, 2)), "first");
  EXPECT_EQ(axes.getPinReason(axes.getClass(a, 0, 0)), "second");
  EXPECT_EQ(axes.getPinReason(axes.getClass(c, 0, 0)), "");
}
} // namespace
