//===- SparseConvolutionTest.cpp - Convolutions of compressed weights -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The naive directions are compared with dense ones on the decompressed weight,
// and the library under test with the naive one, bit for bit at any number of
// threads.
//
//===----------------------------------------------------------------------===//

#include "CompressedRows.h"
#include "Convolutions.h"

using namespace prune_test;

namespace {

/// A convolution of one group whose weight has a share of zeros.
struct SparseOperands {
  SparseOperands(const Window &window, int64_t layout, double zeros,
                 unsigned seed)
      : window(window), shape(window.shape(layout)) {
    std::mt19937 generator = makeGenerator(seed);
    x = makeRandom(window.inputSize(), generator);
    y = makeRandom(window.outputSize(), generator);
    bias = makeRandom(window.f, generator);
    w = makeRandom(window.weightSize(), generator);
    std::bernoulli_distribution isZero(zeros);
    for (float &value : w)
      value = isZero(generator) ? 0.0f : value;
    int64_t taps = window.kh * window.kw, c = window.c;
    byOutput = compress(window.f, c * taps, [&](int64_t f, int64_t i) {
      return w[f * c * taps + i];
    });
    byInput = compress(c, window.f * taps, [&](int64_t row, int64_t i) {
      return w[(i / taps * c + row) * taps + i % taps];
    });
  }

  std::vector<float> forward(const Runtime &runtime, bool hasBias,
                             int64_t flags, int64_t activation) const {
    std::vector<float> result = y;
    PRUNE_RT(runtime, prune_rt_sparse_convolution_f32)
    (byOutput.values.data(), byOutput.indices.data(), byOutput.pointers.data(),
     x.data(), hasBias ? bias.data() : nullptr, result.data(), shape.data(),
     flags, activation);
    return result;
  }

  /// Here y serves as dy.
  std::vector<float> backwardData(const Runtime &runtime) const {
    std::vector<float> result(window.inputSize(), 7.0f);
    PRUNE_RT(runtime, prune_rt_sparse_convolution_backward_data_f32)
    (byInput.values.data(), byInput.indices.data(), byInput.pointers.data(),
     y.data(), result.data(), shape.data());
    return result;
  }

  /// The gradients of the values, then that of the bias.
  std::vector<float> backwardWeights(const Runtime &runtime,
                                     bool hasBias) const {
    std::vector<float> result(byOutput.values.size(), 7.0f);
    std::vector<float> dbias(hasBias ? window.f : 0, 7.0f);
    PRUNE_RT(runtime, prune_rt_sparse_convolution_backward_weights_f32)
    (byOutput.indices.data(), byOutput.pointers.data(), x.data(), y.data(),
     result.data(), hasBias ? dbias.data() : nullptr, shape.data());
    result.insert(result.end(), dbias.begin(), dbias.end());
    return result;
  }

  Window window;
  std::vector<int64_t> shape;
  std::vector<float> x, y, w, bias;
  CompressedRows byOutput, byInput;
};

} // namespace

static const Window kWindows[] = {{1, 1, 1, 1, 1, 1, 1},
                                  {19, 1, 28, 28, 6, 5, 5},
                                  {33, 20, 12, 12, 50, 5, 5},
                                  {16, 3, 16, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1},
                                  {4, 16, 16, 16, 32, 3, 3, 2, 1, 1, 1, 1, 1},
                                  {17, 24, 7, 7, 40, 1, 1},
                                  {18, 5, 11, 9, 7, 3, 2, 1, 1, 1, 0, 2, 1},
                                  {3, 8, 13, 13, 8, 3, 3, 2, 2, 2, 1, 2, 2},
                                  {2, 4, 6, 6, 4, 3, 3, 3, 1, 0, 2, 0, 2},
                                  {5, 3, 15, 14, 33, 5, 5, 1, 2, 2, 1, 3, 4},
                                  // Phases of the gradient without weights.
                                  {18, 6, 9, 10, 8, 1, 2, 3, 1, 0, 0, 1, 0},
                                  // Many images.
                                  {300, 2, 6, 7, 3, 3, 3},
                                  // Cut into strips of rows.
                                  {2, 16, 64, 60, 24, 3, 3, 1, 1, 1, 1, 1, 1},
                                  {2, 24, 61, 64, 16, 3, 3, 2, 1, 1, 1, 1, 1}};

static void compareAll(const Window &window, int64_t layout, double zeros,
                       unsigned seed) {
  SCOPED_TRACE(testing::Message() << window << (layout ? " nhwc" : " nchw")
                                  << ", zeros " << zeros);
  SparseOperands operands(window, layout, zeros, seed);
  for (int64_t activation :
       {PRUNE_RT_ACTIVATION_NONE, PRUNE_RT_ACTIVATION_RELU})
    compareAtAnyThreads(window.terms(), [&](const Runtime &runtime) {
      return operands.forward(runtime, activation != 0, /*flags=*/0,
                              activation);
    });
  compareAtAnyThreads(window.terms(), [&](const Runtime &runtime) {
    return operands.forward(runtime, true, PRUNE_RT_ACCUMULATE,
                            PRUNE_RT_ACTIVATION_NONE);
  });
  compareAtAnyThreads(
      window.f * window.kh * window.kw,
      [&](const Runtime &runtime) { return operands.backwardData(runtime); });
  for (bool hasBias : {false, true})
    compareAtAnyThreads(window.n * window.oh() * window.ow(),
                        [&](const Runtime &runtime) {
                          return operands.backwardWeights(runtime, hasBias);
                        });
}

TEST(SparseConvolutionTest, oracleIsTheDenseOne) {
  Window window{3, 5, 9, 8, 7, 3, 2, 2, 1, 1, 0, 2, 1};
  for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC}) {
    SparseOperands operands(window, layout, 0.7, 1);
    Slot slot(getNaive());
    std::vector<float> y = operands.y, dx(window.inputSize()),
                       dw(window.weightSize()), dbias(window.f);
    PRUNE_RT(getNaive(), prune_rt_convolution_f32)
    (&slot.value, operands.x.data(), operands.w.data(), operands.bias.data(),
     y.data(), operands.shape.data(), PRUNE_RT_ACCUMULATE,
     PRUNE_RT_ACTIVATION_RELU);
    EXPECT_EQ(y, operands.forward(getNaive(), true, PRUNE_RT_ACCUMULATE,
                                  PRUNE_RT_ACTIVATION_RELU));
    PRUNE_RT(getNaive(), prune_rt_convolution_backward_data_f32)
    (&slot.value, operands.y.data(), operands.w.data(), dx.data(),
     operands.shape.data(), 0);
    EXPECT_EQ(dx, operands.backwardData(getNaive()));
    PRUNE_RT(getNaive(), prune_rt_convolution_backward_weights_f32)
    (&slot.value, operands.x.data(), operands.y.data(), dw.data(), dbias.data(),
     operands.shape.data(), 0);
    std::vector<float> expected;
    for (size_t i = 0; i < dw.size(); ++i)
      if (operands.w[i] != 0.0f)
        expected.push_back(dw[i]);
    expected.insert(expected.end(), dbias.begin(), dbias.end());
    EXPECT_EQ(expected, operands.backwardWeights(getNaive(), true));
  }
}

TEST(SparseConvolutionTest, knownWindows) {
  unsigned seed = 1;
  for (const Window &window : kWindows)
    for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC})
      compareAll(window, layout, 0.9, seed++);
}

TEST(SparseConvolutionTest, sharesOfZeros) {
  for (double zeros : {0.0, 0.5, 0.99, 1.0})
    compareAll({20, 6, 10, 10, 12, 3, 3, 1, 1, 1, 1, 1, 1},
               PRUNE_RT_LAYOUT_NHWC, zeros, 3);
}

TEST(SparseConvolutionTest, randomWindows) {
  std::mt19937 generator = makeGenerator(11);
  for (int i = 0; i < getNumExamples(40); ++i) {
    Window window = drawWindow(generator);
    window.n = drawExtent(40, generator);
    window.f = drawExtent(40, generator);
    std::uniform_real_distribution<double> zeros(0.3, 1.0);
    compareAll(window, generator() % 2, zeros(generator), i);
  }
}

TEST(SparseConvolutionTest, noChannels) {
  for (int64_t layout : {PRUNE_RT_LAYOUT_NCHW, PRUNE_RT_LAYOUT_NHWC}) {
    compareAll({1, 0, 3, 3, 64, 3, 3, 1, 1, 0, 0, 0, 0}, layout, 0.5, 1);
    compareAll({17, 0, 3, 3, 1024, 3, 3, 1, 1, 1, 1, 1, 1}, layout, 0.5, 1);
    compareAll({2, 64, 5, 5, 0, 3, 3, 1, 1, 1, 1, 1, 1}, layout, 0.5, 1);
  }
}

TEST(SparseConvolutionTest, noImages) {
  SparseOperands operands({0, 2, 4, 4, 3, 3, 3}, PRUNE_RT_LAYOUT_NHWC, 0.5, 1);
  std::vector<float> zeros(operands.byOutput.values.size() + 3, 0.0f);
  EXPECT_EQ(operands.backwardWeights(getFast(), true), zeros);
  EXPECT_TRUE(operands.forward(getFast(), true, 0, 0).empty());
  EXPECT_TRUE(operands.backwardData(getFast()).empty());
}

TEST(SparseConvolutionDeathTest, wrongArguments) {
  SparseOperands operands({2, 4, 5, 5, 4, 3, 3}, PRUNE_RT_LAYOUT_NHWC, 0.5, 1);
  auto run = [&](const int64_t *shape, const int32_t *pointers) {
    std::vector<float> y = operands.y;
    PRUNE_RT(getFast(), prune_rt_sparse_convolution_f32)
    (operands.byOutput.values.data(), operands.byOutput.indices.data(),
     pointers, operands.x.data(), nullptr, y.data(), shape, 0, 0);
  };
  std::vector<int64_t> grouped = operands.shape;
  grouped[PRUNE_RT_SHAPE_GROUPS] = 2;
  EXPECT_DEATH(run(grouped.data(), operands.byOutput.pointers.data()),
               "prune_rt_sparse_convolution_f32: expected one group");
  EXPECT_DEATH(run(operands.shape.data(), nullptr), "expected pointers");
}
