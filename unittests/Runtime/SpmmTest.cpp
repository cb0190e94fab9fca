//===- SpmmTest.cpp - Sparse products against the oracle ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompressedRows.h"
#include "Runtimes.h"

#include <array>

using namespace prune_test;

namespace {

/// A random sparse left operand, and a dense right one with padded rows.
struct SparseOperands {
  SparseOperands(int64_t m, int64_t n, int64_t k, double zeros, int64_t padding,
                 unsigned seed)
      : m(m), n(n), k(k), ld(n + padding) {
    std::mt19937 generator = makeGenerator(seed);
    rows = makeRandomRows(m, k, zeros, generator);
    x = makeRandom(k * ld, generator);
    bias = makeRandom(m, generator);
  }

  std::vector<float> run(const Runtime &runtime, bool hasBias,
                         int64_t activation) const {
    std::vector<float> y(m * ld, 3.0f);
    PRUNE_RT(runtime, prune_rt_spmm_f32)
    (rows.values.data(), rows.indices.data(), rows.pointers.data(), x.data(),
     hasBias ? bias.data() : nullptr, y.data(), m, n, k, ld, ld, activation);
    return y;
  }

  int64_t m, n, k, ld;
  CompressedRows rows;
  std::vector<float> x, bias;
};

/// m, n and k.
using Shape = std::array<int64_t, 3>;

} // namespace

/// `table` and, after it, drawn shapes.
static std::vector<Shape> getShapes(std::vector<Shape> table, unsigned seed) {
  std::mt19937 generator = makeGenerator(seed);
  for (int i = 0, e = getNumExamples(6); i < e; ++i) {
    int64_t m = drawExtent(300, generator), n = drawExtent(200, generator);
    table.push_back({m, n, drawExtent(600, generator)});
  }
  return table;
}

TEST(SpmmTest, MatchesOracleAndDoesNotDependOnThreads) {
  const std::vector<Shape> shapes = {
      {1, 1, 1},      {10, 1, 100}, {300, 1, 784},
      {7, 5, 9},      {33, 16, 65}, {100, 64, 300},
      {300, 100, 40}, {64, 17, 64}, {512, 130, 128}};
  unsigned seed = 1;
  for (auto [m, n, k] : getShapes(shapes, 1))
    for (double zeros : {0.0, 0.5, 0.9, 1.0})
      for (int64_t padding : {0, 5}) {
        int64_t activation = seed % 4;
        bool hasBias = seed % 3 != 0;
        SCOPED_TRACE(testing::Message()
                     << m << "x" << n << "x" << k << " zeros " << zeros
                     << " padding " << padding << " activation " << activation);
        SparseOperands operands(m, n, k, zeros, padding, seed++);
        compareAtAnyThreads(k, [&](const Runtime &runtime) {
          return operands.run(runtime, hasBias, activation);
        });
      }
}

// Values that change are read in every call, wherever they lie, and leave
// nothing behind.
TEST(SpmmTest, ReadsValuesThatChange) {
  const std::vector<Shape> shapes = {
      {7, 5, 9},     {33, 16, 65},   {100, 31, 300}, {300, 100, 40},
      {64, 128, 64}, {50, 130, 128}, {40, 300, 30}};
  unsigned seed = 100;
  for (auto [m, n, k] : getShapes(shapes, 2))
    for (double zeros : {0.0, 0.7, 0.98, 1.0})
      for (int64_t padding : {0, 5}) {
        SCOPED_TRACE(testing::Message()
                     << m << "x" << n << "x" << k << " zeros " << zeros
                     << " padding " << padding);
        int64_t activation = seed % 4;
        bool hasBias = seed % 3 != 0;
        SparseOperands operands(m, n, k, zeros, padding, seed++);
        for (int round = 0; round < 3; ++round) {
          compareAtAnyThreads(k, [&](const Runtime &runtime) {
            return operands.run(runtime, hasBias, activation);
          });
          if (round == 1)
            operands.rows.values = std::vector<float>(operands.rows.values);
          for (float &value : operands.rows.values)
            value = 0.5f - value;
        }
      }
}

TEST(SpmmTest, ActivationsHoldAtTheirEnds) {
  std::vector<float> values = {1.0f};
  std::vector<int32_t> indices = {0}, pointers = {0, 1};
  std::vector<float> x = {-200.0f, -30.0f, -1.0f,  -0.6f, -1e-3f, 0.0f,
                          1e-3f,   0.6f,   0.7f,   1.0f,  30.0f,  200.0f,
                          -80.0f,  80.0f,  1e-20f, 5.0f,  -5.0f};
  auto n = static_cast<int64_t>(x.size());
  for (int64_t activation = 0; activation < 4; ++activation) {
    std::vector<float> got(n), expected(n);
    PRUNE_RT(getFast(), prune_rt_spmm_f32)
    (values.data(), indices.data(), pointers.data(), x.data(), nullptr,
     got.data(), 1, n, 1, n, n, activation);
    PRUNE_RT(getNaive(), prune_rt_spmm_f32)
    (values.data(), indices.data(), pointers.data(), x.data(), nullptr,
     expected.data(), 1, n, 1, n, n, activation);
    for (int64_t i = 0; i < n; ++i)
      EXPECT_NEAR(got[i], expected[i], 4e-7f * std::fabs(expected[i]) + 1e-30f)
          << "activation " << activation << " of " << x[i];
  }
}
