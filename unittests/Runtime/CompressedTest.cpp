//===- CompressedTest.cpp - Sampled products and transposes ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompressedRows.h"
#include "Runtimes.h"

using namespace prune_test;

namespace {

/// A random pattern and two dense operands with padded rows.
struct SampledOperands {
  SampledOperands(int64_t m, int64_t n, int64_t k, double zeros,
                  int64_t padding, unsigned seed)
      : m(m), n(n), k(k), ld(k + padding) {
    std::mt19937 generator = makeGenerator(seed);
    pattern = makeRandomRows(m, n, zeros, generator);
    a = makeRandom(m * ld, generator);
    b = makeRandom(n * ld, generator);
  }

  /// The values, and behind them one element that must stay as it is.
  std::vector<float> run(const Runtime &runtime) const {
    std::vector<float> values(pattern.indices.size() + 1, 3.0f);
    PRUNE_RT(runtime, prune_rt_sddmm_f32)
    (pattern.indices.data(), pattern.pointers.data(), a.data(), b.data(),
     values.data(), m, n, k, ld, ld);
    return values;
  }

  int64_t m, n, k, ld;
  std::vector<float> a, b;
  CompressedRows pattern;
};

} // namespace

TEST(SddmmTest, MatchesOracleAndDoesNotDependOnThreads) {
  const int64_t shapes[][3] = {{1, 1, 1},       {7, 5, 9},      {33, 16, 16},
                               {20, 40, 17},    {300, 84, 100}, {64, 64, 128},
                               {100, 300, 112}, {50, 30, 130},  {30, 20, 300}};
  unsigned seed = 1;
  for (auto [m, n, k] : shapes)
    for (double zeros : {0.0, 0.5, 0.9, 0.99, 1.0})
      for (int64_t padding : {0, 3}) {
        SCOPED_TRACE(testing::Message()
                     << m << "x" << n << "x" << k << " zeros " << zeros
                     << " padding " << padding);
        SampledOperands operands(m, n, k, zeros, padding, seed++);
        auto expected = operands.run(getNaive());
        EXPECT_EQ(expected.back(), 3.0f);
        expectAtAnyThreads(expected, k, [&](const Runtime &runtime) {
          return operands.run(runtime);
        });
      }
}

TEST(TransposeTest, MovesEveryElement) {
  const int64_t shapes[][2] = {{1, 1},     {1, 40},   {15, 16},
                               {16, 16},   {17, 33},  {100, 784},
                               {784, 100}, {64, 128}, {300, 260}};
  for (auto [m, n] : shapes)
    for (int64_t padding : {0, 3})
      for (int64_t threads : {1, 2}) {
        SCOPED_TRACE(testing::Message() << m << "x" << n << " padding "
                                        << padding << " threads " << threads);
        std::mt19937 generator = makeGenerator(1);
        int64_t ldx = n + padding, ldy = m + padding;
        std::vector<float> x = makeRandom(m * ldx, generator);
        std::vector<float> expected(n * ldy, 3.0f);
        std::vector<float> got(expected);
        PRUNE_RT(getNaive(), prune_rt_transpose_f32)
        (x.data(), expected.data(), m, n, ldx, ldy);
        PRUNE_RT(getFast(), prune_rt_set_num_threads)(threads);
        PRUNE_RT(getFast(), prune_rt_transpose_f32)
        (x.data(), got.data(), m, n, ldx, ldy);
        PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
        EXPECT_EQ(got, expected);
      }
}
