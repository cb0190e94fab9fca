//===- PoolingTest.cpp - Poolings against the oracle ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"

#include <limits>

using namespace prune_test;

namespace {

const float kInfinity = std::numeric_limits<float>::infinity();

/// f is the number of channels too.
const Window kWindows[] = {{1, 1, 1, 1, 1, 1, 1},
                           {3, 20, 24, 24, 20, 2, 2, 2},
                           {2, 50, 8, 8, 50, 2, 2, 2},
                           {2, 3, 9, 7, 3, 2, 2, 2},
                           {2, 16, 11, 11, 16, 3, 3, 2, 1, 1, 1, 1, 1},
                           {2, 17, 10, 10, 17, 3, 3, 1, 1, 1, 1, 1, 1},
                           {1, 5, 12, 9, 5, 3, 2, 3, 1, 1, 0, 2, 1},
                           {2, 33, 9, 9, 33, 2, 2, 1, 2, 1, 1, 1, 1},
                           {2, 64, 8, 8, 64, 8, 8},
                           {1, 70, 40, 40, 70, 2, 2, 2},
                           {2, 35, 7, 7, 35, 7, 7},
                           {1, 5, 50, 47, 5, 3, 3, 2, 1, 1, 1, 1, 1},
                           {1, 5, 20, 67, 5, 3, 3, 2, 2, 1, 1, 0, 2},
                           {1, 8, 16, 16, 8, 16, 16, 16}};

} // namespace

/// The windows above and, after them, drawn ones.
static std::vector<Window> getWindows(unsigned seed) {
  std::vector<Window> windows(std::begin(kWindows), std::end(kWindows));
  std::mt19937 generator = makeGenerator(seed);
  for (int i = 0, e = getNumExamples(12); i < e; ++i)
    windows.push_back(drawWindow(generator));
  return windows;
}

namespace {

struct Operands {
  Operands(const Window &window, int64_t layout, unsigned seed)
      : window(window), shape(window.shape(layout)) {
    std::mt19937 generator = makeGenerator(seed);
    x = makeRandom(window.inputSize(), generator);
    // Few distinct values, so that windows have several maxima.
    for (float &value : x)
      value = std::round(value * 2.0f) / 2.0f;
    dy = makeRandom(window.outputSize(), generator);
    dx = makeRandom(window.inputSize(), generator);
  }

  std::vector<float> maximum(const Runtime &runtime,
                             std::vector<uint8_t> *workspace) const {
    std::vector<float> y(window.outputSize());
    if (workspace)
      workspace->assign(window.outputSize(), 255);
    PRUNE_RT(runtime, prune_rt_max_pool_f32)
    (x.data(), y.data(), workspace ? workspace->data() : nullptr, shape.data(),
     0);
    return y;
  }

  std::vector<float> maximumBackward(const Runtime &runtime,
                                     const std::vector<uint8_t> &workspace,
                                     int64_t flags) const {
    std::vector<float> result = dx;
    PRUNE_RT(runtime, prune_rt_max_pool_backward_f32)
    (dy.data(), workspace.data(), result.data(), shape.data(), flags);
    return result;
  }

  std::vector<float> average(const Runtime &runtime, int64_t flags) const {
    std::vector<float> y(window.outputSize());
    PRUNE_RT(runtime, prune_rt_average_pool_f32)
    (x.data(), y.data(), shape.data(), flags);
    return y;
  }

  std::vector<float> averageBackward(const Runtime &runtime,
                                     int64_t flags) const {
    std::vector<float> result = dx;
    PRUNE_RT(runtime, prune_rt_average_pool_backward_f32)
    (dy.data(), result.data(), shape.data(), flags);
    return result;
  }

  Window window;
  std::vector<int64_t> shape;
  std::vector<float> x, dy, dx;
};

class PoolingTest : public testing::TestWithParam<int64_t> {
protected:
  void TearDown() override { PRUNE_RT(getFast(), prune_rt_set_num_threads)(1); }
};

} // namespace

TEST_P(PoolingTest, MaximaMatchOracle) {
  for (const Window &window : getWindows(1)) {
    SCOPED_TRACE(testing::Message() << window);
    Operands operands(window, GetParam(), 1);
    std::vector<uint8_t> places, found;
    auto expected = operands.maximum(getNaive(), &places);
    for (int64_t threads : {1, 2, 3}) {
      PRUNE_RT(getFast(), prune_rt_set_num_threads)(threads);
      EXPECT_EQ(operands.maximum(getFast(), &found), expected);
      EXPECT_EQ(found, places);
      EXPECT_EQ(operands.maximum(getFast(), nullptr), expected);
    }
    for (int64_t flags : {0, 4}) {
      auto gradient = operands.maximumBackward(getNaive(), places, flags);
      PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
      auto one = operands.maximumBackward(getFast(), places, flags);
      expectNear(one, gradient, window.kh * window.kw);
      for (int64_t threads : {2, 3}) {
        PRUNE_RT(getFast(), prune_rt_set_num_threads)(threads);
        EXPECT_EQ(one, operands.maximumBackward(getFast(), places, flags));
      }
    }
  }
}

TEST_P(PoolingTest, AveragesMatchOracle) {
  for (const Window &window : getWindows(1)) {
    for (int64_t flags : {0, 16}) {
      SCOPED_TRACE(testing::Message() << window << ", flags " << flags);
      Operands operands(window, GetParam(), 1);
      auto expected = operands.average(getNaive(), flags);
      PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
      auto one = operands.average(getFast(), flags);
      expectNear(one, expected, window.kh * window.kw);
      auto gradient = operands.averageBackward(getFast(), flags | 4);
      expectNear(gradient, operands.averageBackward(getNaive(), flags | 4),
                 window.kh * window.kw);
      expectNear(operands.averageBackward(getFast(), flags),
                 operands.averageBackward(getNaive(), flags),
                 window.kh * window.kw);
      for (int64_t threads : {2, 3}) {
        PRUNE_RT(getFast(), prune_rt_set_num_threads)(threads);
        EXPECT_EQ(one, operands.average(getFast(), flags));
        EXPECT_EQ(gradient, operands.averageBackward(getFast(), flags | 4));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, PoolingTest,
                         testing::Values(PRUNE_RT_LAYOUT_NCHW,
                                         PRUNE_RT_LAYOUT_NHWC));

TEST(PoolingTest, GradientsAreAdjoints) {
  for (const Window &window : getWindows(1)) {
    SCOPED_TRACE(testing::Message() << window);
    Operands operands(window, PRUNE_RT_LAYOUT_NCHW, 2);
    std::vector<uint8_t> places;
    auto y = operands.maximum(getNaive(), &places);
    auto dx = operands.maximumBackward(getNaive(), places, 0);
    EXPECT_NEAR(dot(operands.dy, y), dot(operands.x, dx), 1e-3);
    for (int64_t flags : {0, 16}) {
      y = operands.average(getNaive(), flags);
      dx = operands.averageBackward(getNaive(), flags);
      EXPECT_NEAR(dot(operands.dy, y), dot(operands.x, dx), 1e-3);
    }
  }
}

TEST(PoolingTest, FirstMaximumWinsAndPaddingNever) {
  // Two windows of 2x2 with one padded column at the left.
  Window window{1, 1, 2, 3, 1, 2, 2, 2, 1, 0, 1, 0, 0};
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC}) {
      Operands operands(window, layout, 1);
      operands.x = {-5, 2, 1, -7, 1, 2};
      operands.dy = {10, 20};
      std::vector<uint8_t> places;
      EXPECT_EQ(operands.maximum(*runtime, &places),
                (std::vector<float>{-5, 2}));
      EXPECT_EQ(places, (std::vector<uint8_t>{1, 0}));
      EXPECT_EQ(operands.maximumBackward(*runtime, places, 0),
                (std::vector<float>{10, 20, 0, 0, 0, 0}));
      operands.x = {-kInfinity, 2, 1, -kInfinity, 1, 2};
      operands.maximum(*runtime, &places);
      EXPECT_EQ(places, (std::vector<uint8_t>{1, 0}));
      operands.x = {1, 2, 3, 4, 5, 6};
      EXPECT_EQ(operands.average(*runtime, 0), (std::vector<float>{2.5, 4}));
      EXPECT_EQ(operands.average(*runtime, PRUNE_RT_INCLUDE_PADDING),
                (std::vector<float>{1.25, 4}));
    }
  }
}

TEST(PoolingTest, NotANumberWins) {
  float nan = std::nanf("");
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC}) {
      Operands operands({1, 1, 2, 4, 1, 2, 2, 2}, layout, 1);
      operands.x = {1, nan, nan, 9, 7, nan, 3, 4};
      std::vector<uint8_t> places;
      auto y = operands.maximum(*runtime, &places);
      EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
      EXPECT_EQ(places, (std::vector<uint8_t>{1, 0}));
    }
  }
}

TEST(PoolingTest, WindowOutsideGivesMinusInfinityAndZero) {
  Window window{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0};
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC}) {
      Operands operands(window, layout, 1);
      operands.x = {3};
      operands.dy = {5, 7};
      std::vector<uint8_t> places;
      EXPECT_EQ(operands.maximum(*runtime, &places),
                (std::vector<float>{-kInfinity, 3}));
      EXPECT_EQ(operands.maximumBackward(*runtime, places, 0),
                (std::vector<float>{7}));
      EXPECT_EQ(operands.average(*runtime, 0), (std::vector<float>{0, 3}));
    }
  }
}

TEST(PoolingDeathTest, RefusesImpossibleArguments) {
  float value = 0.0f;
  uint8_t place = 0;
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    auto run = [&](const Window &window, int64_t flags) {
      auto shape = window.shape(PRUNE_RT_LAYOUT_NCHW);
      PRUNE_RT(*runtime, prune_rt_max_pool_f32)
      (&value, &value, &place, shape.data(), flags);
    };
    EXPECT_DEATH(run({1, 1, 1, 1, 2, 1, 1}, 0),
                 "prune_rt_max_pool_f32: .*as many output as input channels");
    EXPECT_DEATH(run({1, 1, 17, 16, 1, 17, 16}, 0), "at most 256 elements");
    EXPECT_DEATH(run({1, 1, 1, 1, 1, 1, 1}, PRUNE_RT_INCLUDE_PADDING),
                 "unknown flags");
    auto shape = Window{1, 1, 1, 1, 1, 1, 1}.shape(PRUNE_RT_LAYOUT_NHWC);
    EXPECT_DEATH(PRUNE_RT(*runtime, prune_rt_max_pool_backward_f32)(
                     &value, nullptr, &value, shape.data(), 0),
                 "expected a workspace");
    EXPECT_DEATH(PRUNE_RT(*runtime, prune_rt_average_pool_f32)(&value, nullptr,
                                                               shape.data(), 0),
                 "expected an output");
  }
}
