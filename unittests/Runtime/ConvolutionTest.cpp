//===- ConvolutionTest.cpp - Convolutions against the oracle --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The naive forward direction is compared with a formula on a padded copy, its
// gradients with the forward direction through <dy, x * w>, and the library
// under test with the naive one.
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"

#include <thread>

using namespace prune_test;

namespace {

const Window kWindows[] = {{1, 1, 1, 1, 1, 1, 1},
                           {3, 1, 28, 28, 20, 5, 5},
                           {5, 20, 12, 12, 50, 5, 5},
                           {2, 3, 16, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1},
                           {3, 16, 16, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1},
                           {3, 16, 16, 16, 32, 3, 3, 2, 1, 1, 1, 1, 1},
                           {2, 16, 9, 9, 32, 1, 1, 2},
                           {2, 24, 7, 7, 40, 1, 1},
                           {9, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1, 1, 1},
                           {2, 5, 11, 9, 7, 3, 2, 1, 1, 1, 0, 2, 1},
                           {2, 8, 13, 13, 8, 3, 3, 2, 2, 2, 1, 2, 2},
                           {1, 6, 10, 10, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6},
                           {2, 32, 10, 10, 32, 3, 3, 2, 1, 1, 1, 1, 1, 32},
                           {2, 12, 8, 8, 18, 3, 3, 1, 1, 1, 1, 1, 1, 3},
                           {2, 32, 8, 8, 32, 3, 3, 1, 1, 1, 1, 1, 1, 2},
                           {2, 6, 8, 8, 12, 3, 3, 1, 1, 1, 1, 1, 1, 6},
                           {2, 4, 6, 6, 4, 3, 3, 3, 1, 0, 2, 0, 2},
                           {2, 7, 12, 12, 9, 5, 5, 1, 1, 2, 2, 2, 2},
                           {2, 64, 16, 16, 20, 3, 3, 1, 1, 1, 1, 1, 1},
                           {1, 20, 30, 30, 24, 5, 5},
                           {2, 3, 15, 14, 33, 5, 5, 1, 2, 2, 1, 3, 4},
                           {4, 128, 4, 4, 144, 3, 3, 1, 1, 1, 1, 1, 1}};

/// Operands of one convolution in one layout.
struct Operands {
  Operands(const Window &window, int64_t layout, unsigned seed)
      : window(window), shape(window.shape(layout)) {
    std::mt19937 generator = makeGenerator(seed);
    x = makeRandom(window.inputSize(), generator);
    w = makeRandom(window.weightSize(), generator);
    bias = makeRandom(window.f, generator);
    y = makeRandom(window.outputSize(), generator);
    dx = makeRandom(window.inputSize(), generator);
    dw = makeRandom(window.weightSize(), generator);
  }

  std::vector<float> forward(const Runtime &runtime, void **slot, bool hasBias,
                             int64_t flags, int64_t activation) const {
    std::vector<float> result = y;
    PRUNE_RT(runtime, prune_rt_convolution_f32)
    (slot, x.data(), w.data(), hasBias ? bias.data() : nullptr, result.data(),
     shape.data(), flags, activation);
    return result;
  }

  /// Here y serves as dy.
  std::vector<float> backwardData(const Runtime &runtime, void **slot,
                                  int64_t flags) const {
    std::vector<float> result = dx;
    PRUNE_RT(runtime, prune_rt_convolution_backward_data_f32)
    (slot, y.data(), w.data(), result.data(), shape.data(), flags);
    return result;
  }

  /// dw, then dbias.
  std::vector<float> backwardWeights(const Runtime &runtime, void **slot,
                                     bool hasBias, int64_t flags) const {
    std::vector<float> result = dw, dbias = bias;
    PRUNE_RT(runtime, prune_rt_convolution_backward_weights_f32)
    (slot, x.data(), y.data(), result.data(), hasBias ? dbias.data() : nullptr,
     shape.data(), flags);
    result.insert(result.end(), dbias.begin(), dbias.end());
    return result;
  }

  Window window;
  std::vector<int64_t> shape;
  std::vector<float> x, w, bias, y, dx, dw;
};

} // namespace

/// x * w in the NCHW layout, from a copy of x with its zeros around.
static std::vector<float> convolve(const Operands &operands) {
  const Window &s = operands.window;
  int64_t height = s.h + s.top + s.bottom, width = s.w + s.left + s.right;
  std::vector<float> padded(s.n * s.c * height * width, 0.0f);
  for (int64_t plane = 0; plane < s.n * s.c; ++plane)
    for (int64_t i = 0; i < s.h; ++i)
      for (int64_t j = 0; j < s.w; ++j)
        padded[(plane * height + i + s.top) * width + j + s.left] =
            operands.x[(plane * s.h + i) * s.w + j];
  int64_t inputs = s.c / s.groups, outputs = s.f / s.groups;
  std::vector<float> result;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t f = 0; f < s.f; ++f)
      for (int64_t i = 0; i < s.oh(); ++i)
        for (int64_t j = 0; j < s.ow(); ++j) {
          double sum = 0.0;
          for (int64_t t = 0; t < s.terms(); ++t) {
            int64_t c = t / (s.kh * s.kw), ky = t / s.kw % s.kh, kx = t % s.kw;
            int64_t plane = n * s.c + f / outputs * inputs + c;
            sum += double(operands.w[f * s.terms() + t]) *
                   padded[(plane * height + i * s.stride + ky * s.dilation) *
                              width +
                          j * s.stride + kx * s.dilation];
          }
          result.push_back(static_cast<float>(sum));
        }
  return result;
}

/// Runs `run` on the library under test with one thread, then with more, and
/// compares with the oracle and bit for bit.
template <typename Run>
static void compare(int64_t terms, Run run) {
  Slot naive(getNaive()), fast(getFast());
  std::vector<float> expected = run(getNaive(), &naive.value);
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
  std::vector<float> one = run(getFast(), &fast.value);
  expectNear(one, expected, terms);
  EXPECT_EQ(one, run(getFast(), &fast.value)) << "second call";
  for (int64_t threads : {2, 3}) {
    PRUNE_RT(getFast(), prune_rt_set_num_threads)(threads);
    EXPECT_EQ(one, run(getFast(), &fast.value)) << threads << " threads";
  }
  EXPECT_NE(fast.kernel().substr(0, 3), "ref") << fast.kernel();
  EXPECT_NE(fast.kernel(), "");
}

namespace {

class ConvolutionTest : public testing::TestWithParam<int64_t> {
protected:
  void TearDown() override { PRUNE_RT(getFast(), prune_rt_set_num_threads)(1); }
};

} // namespace

TEST_P(ConvolutionTest, ForwardMatchesOracleAndDoesNotDependOnThreads) {
  unsigned seed = 1;
  for (const Window &window : kWindows) {
    for (int64_t flags : {0, 4, 8, 12}) {
      int64_t activation = seed % 4;
      bool hasBias = seed % 3 != 0;
      SCOPED_TRACE(testing::Message() << window << ", flags " << flags
                                      << ", activation " << activation);
      Operands operands(window, GetParam(), seed++);
      compare(window.terms(), [&](const Runtime &runtime, void **slot) {
        return operands.forward(runtime, slot, hasBias, flags, activation);
      });
    }
  }
}

TEST_P(ConvolutionTest, BackwardDataMatchesOracleAndDoesNotDependOnThreads) {
  unsigned seed = 1;
  for (const Window &window : kWindows) {
    for (int64_t flags : {0, 4, 8, 12}) {
      SCOPED_TRACE(testing::Message() << window << ", flags " << flags);
      Operands operands(window, GetParam(), seed++);
      compare(window.f / window.groups * window.kh * window.kw,
              [&](const Runtime &runtime, void **slot) {
                return operands.backwardData(runtime, slot, flags);
              });
    }
  }
}

TEST_P(ConvolutionTest, BackwardWeightsMatchOracleAndDoNotDependOnThreads) {
  unsigned seed = 1;
  for (const Window &window : kWindows) {
    for (int64_t flags : {0, 4}) {
      for (bool hasBias : {false, true}) {
        SCOPED_TRACE(testing::Message()
                     << window << ", flags " << flags << ", bias " << hasBias);
        Operands operands(window, GetParam(), seed++);
        compare(window.n * window.oh() * window.ow(),
                [&](const Runtime &runtime, void **slot) {
                  return operands.backwardWeights(runtime, slot, hasBias,
                                                  flags);
                });
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, ConvolutionTest,
                         testing::Values(PRUNE_RT_LAYOUT_NCHW,
                                         PRUNE_RT_LAYOUT_NHWC));

TEST(ConvolutionTest, OracleFollowsTheFormula) {
  for (const Window &s : kWindows) {
    SCOPED_TRACE(testing::Message() << s);
    Operands im2col(s, PRUNE_RT_LAYOUT_NCHW, 3);
    std::vector<float> expected = convolve(im2col);
    expectNear(im2col.forward(getNaive(), nullptr, false, 0, 0), expected, 1);

    Operands channelsLast(s, PRUNE_RT_LAYOUT_NHWC, 3);
    channelsLast.x = toChannelsLast(im2col.x, s.n, s.c, s.h * s.w);
    EXPECT_EQ(channelsLast.forward(getNaive(), nullptr, false, 0, 0),
              toChannelsLast(im2col.forward(getNaive(), nullptr, false, 0, 0),
                             s.n, s.f, s.oh() * s.ow()));
  }
}

TEST(ConvolutionTest, OracleAddsBiasAndOldResultBeforeTheActivation) {
  Operands operands({1, 1, 2, 2, 2, 2, 2}, PRUNE_RT_LAYOUT_NCHW, 1);
  operands.x = {1, 2, 3, 4};
  operands.w = {1, 0, 0, 1, 0, 1, 1, 0};
  operands.bias = {10, -20};
  operands.y = {100, 5};
  EXPECT_EQ(operands.forward(getNaive(), nullptr, true, PRUNE_RT_ACCUMULATE,
                             PRUNE_RT_ACTIVATION_RELU),
            (std::vector<float>{115, 0}));
  EXPECT_EQ(operands.forward(getNaive(), nullptr, false, 0, 0),
            (std::vector<float>{5, 5}));
}

TEST(ConvolutionTest, OracleGradientsAreAdjoints) {
  for (const Window &window : kWindows) {
    for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC}) {
      SCOPED_TRACE(testing::Message() << window << ", layout " << layout);
      Operands operands(window, layout, 5);
      auto y = operands.forward(getNaive(), nullptr, false, 0, 0);
      auto dx = operands.backwardData(getNaive(), nullptr, 0);
      auto dw = operands.backwardWeights(getNaive(), nullptr, true, 0);
      double expected = dot(operands.y, y);
      double scale = 1e-6 * (1.0 + std::sqrt(dot(y, y) * y.size()));
      EXPECT_NEAR(dot(operands.x, dx), expected, scale);
      std::vector<float> dbias(dw.end() - window.f, dw.end());
      dw.resize(window.weightSize());
      EXPECT_NEAR(dot(operands.w, dw), expected, scale);
      double sum = 0.0, total = 0.0;
      for (float value : dbias)
        sum += value;
      for (float value : operands.y)
        total += value;
      EXPECT_NEAR(sum, total, 1e-3);
    }
  }
}

TEST(ConvolutionTest, EmptyBatchLeavesSumsAlone) {
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    Slot slot(*runtime);
    Operands operands({0, 2, 4, 4, 3, 3, 3}, PRUNE_RT_LAYOUT_NHWC, 1);
    EXPECT_TRUE(operands.forward(*runtime, &slot.value, true, 0, 0).empty());
    EXPECT_TRUE(operands.backwardData(*runtime, &slot.value, 0).empty());
    auto zeros = operands.backwardWeights(*runtime, &slot.value, true, 0);
    EXPECT_EQ(zeros, std::vector<float>(zeros.size(), 0.0f));
    auto kept = operands.dw;
    kept.insert(kept.end(), operands.bias.begin(), operands.bias.end());
    EXPECT_EQ(operands.backwardWeights(*runtime, &slot.value, true,
                                       PRUNE_RT_ACCUMULATE),
              kept);
  }
}

TEST(ConvolutionTest, NoInputChannelsGiveTheBias) {
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    Slot slot(*runtime);
    Operands operands({1, 0, 3, 3, 2, 2, 2}, PRUNE_RT_LAYOUT_NHWC, 1);
    operands.bias = {-1, 2};
    EXPECT_EQ(operands.forward(*runtime, &slot.value, true, 0,
                               PRUNE_RT_ACTIVATION_RELU),
              (std::vector<float>{0, 2, 0, 2, 0, 2, 0, 2}));
  }
}

TEST(ConvolutionTest, ConstantWeightsArePackedOnceForEachAddress) {
  Window window{2, 16, 10, 10, 24, 3, 3};
  Operands first(window, PRUNE_RT_LAYOUT_NHWC, 1);
  Operands second(window, PRUNE_RT_LAYOUT_NHWC, 2);
  Slot slot(getFast()), naive(getNaive());
  auto run = [&](const Operands &operands) {
    return operands.forward(getFast(), &slot.value, true, PRUNE_RT_CONSTANT_B,
                            0);
  };
  auto before = run(first);
  expectNear(run(second), second.forward(getNaive(), &naive.value, true, 0, 0),
             window.terms());
  int64_t bytes = PRUNE_RT(getFast(), prune_rt_bytes_in_use)();
  EXPECT_EQ(run(first), before);
  EXPECT_EQ(PRUNE_RT(getFast(), prune_rt_bytes_in_use)(), bytes);
}

TEST(ConvolutionTest, ReleaseGivesTheMemoryBack) {
  Operands operands({4, 16, 10, 10, 24, 3, 3}, PRUNE_RT_LAYOUT_NHWC, 1);
  int64_t bytes = 0;
  // The first round fills what the threads keep.
  for (int round = 0; round < 3; ++round) {
    {
      Slot forward(getFast()), data(getFast()), weights(getFast());
      operands.forward(getFast(), &forward.value, true, 0, 1);
      operands.forward(getFast(), &forward.value, true, PRUNE_RT_CONSTANT_B, 1);
      operands.backwardData(getFast(), &data.value, 0);
      operands.backwardWeights(getFast(), &weights.value, true, 0);
      PRUNE_RT(getFast(), prune_rt_release_slot)(&weights.value);
      EXPECT_EQ(weights.value, nullptr);
    }
    if (round == 0)
      bytes = PRUNE_RT(getFast(), prune_rt_bytes_in_use)();
    EXPECT_EQ(PRUNE_RT(getFast(), prune_rt_bytes_in_use)(), bytes);
  }
}

TEST(ConvolutionTest, WeightsMayChangeBetweenCalls) {
  Operands operands({2, 16, 10, 10, 24, 3, 3}, PRUNE_RT_LAYOUT_NHWC, 1);
  Slot forward(getFast()), data(getFast()), naive(getNaive());
  for (int step = 0; step < 3; ++step) {
    for (float &value : operands.w)
      value = value * 0.5f + 0.1f;
    expectNear(operands.forward(getFast(), &forward.value, true, 0, 0),
               operands.forward(getNaive(), &naive.value, true, 0, 0), 144);
    expectNear(operands.backwardData(getFast(), &data.value, 0),
               operands.backwardData(getNaive(), &naive.value, 0), 216);
  }
}

TEST(ConvolutionTest, OtherShapesMayShareASlot) {
  Slot slot(getFast()), naive(getNaive());
  for (int round = 0; round < 2; ++round)
    for (const Window &window : kWindows) {
      Operands operands(window, PRUNE_RT_LAYOUT_NHWC, 7);
      expectNear(operands.forward(getFast(), &slot.value, false, 0, 0),
                 operands.forward(getNaive(), &naive.value, false, 0, 0),
                 window.terms());
      expectNear(operands.backwardData(getFast(), &slot.value, 0),
                 operands.backwardData(getNaive(), &naive.value, 0),
                 window.f * window.kh * window.kw);
    }
}

TEST(ConvolutionTest, ThreadsMayShareACallSite) {
  Operands operands({3, 16, 10, 10, 24, 3, 3}, PRUNE_RT_LAYOUT_NHWC, 5);
  Slot forward(getFast()), data(getFast()), weights(getFast());
  auto expectedY = operands.forward(getFast(), &forward.value, true, 0, 1);
  auto expectedDx = operands.backwardData(getFast(), &data.value, 0);
  auto expectedDw =
      operands.backwardWeights(getFast(), &weights.value, true, 0);
  auto work = [&] {
    for (int round = 0; round < 50; ++round) {
      EXPECT_EQ(operands.forward(getFast(), &forward.value, true, 0, 1),
                expectedY);
      EXPECT_EQ(operands.backwardData(getFast(), &data.value, 0), expectedDx);
      EXPECT_EQ(operands.backwardWeights(getFast(), &weights.value, true, 0),
                expectedDw);
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
}

TEST(ConvolutionDeathTest, RefusesImpossibleArguments) {
  float value = 0.0f;
  void *slot = nullptr;
  const std::vector<int64_t> good =
      Window{1, 1, 1, 1, 1, 1, 1}.shape(PRUNE_RT_LAYOUT_NCHW);
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    auto run = [&](int64_t position, int64_t replacement, int64_t flags,
                   int64_t activation) {
      std::vector<int64_t> shape = good;
      shape[position] = replacement;
      PRUNE_RT(*runtime, prune_rt_convolution_f32)
      (&slot, &value, &value, nullptr, &value, shape.data(), flags, activation);
    };
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_N, -1, 0, 0),
                 "prune_rt_convolution_f32: .*extents that are not negative");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_OH, 2, 0, 0), "output extents");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_STRIDE_W, 0, 0, 0), "strides");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_PAD_LEFT, -1, 0, 0), "padding");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_GROUPS, 2, 0, 0),
                 "multiples of the groups");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_LAYOUT, 2, 0, 0), "unknown layout");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_N, 1, PRUNE_RT_TRANSPOSE_A, 0),
                 "unknown flags");
    EXPECT_DEATH(run(PRUNE_RT_SHAPE_N, 1, 0, 9), "unknown activation");
    EXPECT_DEATH(PRUNE_RT(*runtime, prune_rt_convolution_backward_data_f32)(
                     &slot, &value, nullptr, &value, good.data(), 0),
                 "backward_data_f32: expected two operands");
    EXPECT_DEATH(PRUNE_RT(*runtime, prune_rt_convolution_backward_weights_f32)(
                     &slot, &value, &value, nullptr, nullptr, good.data(), 0),
                 "backward_weights_f32: expected a destination");
  }
}
