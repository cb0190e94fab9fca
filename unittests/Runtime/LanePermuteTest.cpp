//===- LanePermuteTest.cpp - Few columns against compressed rows ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/LanePermute.h"

#include "CompressedRows.h"
#include "Runtimes.h"

#include <array>

using namespace prune_test;
using namespace mlir::prune::assembly;

namespace {

/// A random packed weight and dense rows with padding between them.
struct LaneOperands {
  LaneOperands(int64_t m, int64_t n, int64_t k, double zeros, unsigned seed)
      : m(m), n(n), k(k), ldx(k + seed % 3), ldy(m + seed % 2) {
    std::mt19937 generator = makeGenerator(seed);
    rows = makeRandomRows(m, k, zeros, generator);
    weight = llvm::cantFail(
        packLanePermute({rows.pointers, rows.indices, rows.values, k}));
    x = makeRandom(n * ldx, generator);
    bias = makeRandom(m, generator);
  }

  /// The naive runtime's product of compressed rows, of one row of x at a time.
  std::vector<float> runOracle(bool hasBias, int64_t activation) const {
    std::vector<float> y(n * ldy, 3.0f);
    for (int64_t j = 0; j < n; ++j)
      PRUNE_RT(getNaive(), prune_rt_spmm_f32)
    (rows.values.data(), rows.indices.data(), rows.pointers.data(),
     x.data() + j * ldx, hasBias ? bias.data() : nullptr, y.data() + j * ldy, m,
     1, k, 1, 1, activation);
    return y;
  }

  std::vector<float> run(const Runtime &runtime, bool hasBias,
                         int64_t activation) const {
    std::vector<float> y(n * ldy, 3.0f);
    PRUNE_RT(runtime, prune_rt_lane_permute_f32)
    (weight.values.data(),
     reinterpret_cast<const prune_rt_lane_step *>(weight.steps.data()),
     reinterpret_cast<const prune_rt_lane_group *>(weight.groups.data()),
     weight.rows.data(), x.data(), hasBias ? bias.data() : nullptr, y.data(), m,
     n, k, ldx, ldy, activation);
    return y;
  }

  int64_t m, n, k, ldx, ldy;
  LanePermuteWeight weight;
  prune_test::CompressedRows rows;
  std::vector<float> x, bias;
};

} // namespace

TEST(LanePermuteTest, MatchesOracleAndDoesNotDependOnThreads) {
  const std::vector<std::array<int64_t, 3>> shapes = {
      {1, 1, 1},    {10, 1, 100},   {300, 1, 784}, {7, 5, 9},    {33, 4, 65},
      {300, 2, 40}, {512, 3, 1024}, {16, 1, 2000}, {5, 2, 3000}, {17, 1, 31}};
  unsigned seed = 200;
  for (auto [m, n, k] : shapes)
    for (double zeros : {0.0, 0.5, 0.9, 1.0}) {
      int64_t activation = seed % 4;
      bool hasBias = seed % 3 != 0;
      SCOPED_TRACE(testing::Message() << m << "x" << n << "x" << k << " zeros "
                                      << zeros << " activation " << activation);
      LaneOperands operands(m, n, k, zeros, seed++);
      auto expected = operands.runOracle(hasBias, activation);
      expectNear(operands.run(getNaive(), hasBias, activation), expected, k);
      expectAtAnyThreads(expected, k, [&](const Runtime &runtime) {
        return operands.run(runtime, hasBias, activation);
      });
    }
}

TEST(LanePermuteDeathTest, ReportsWrongArguments) {
  LaneOperands operands(20, 2, 30, 0.5, 1);
  operands.ldy = 19;
  operands.n = 2;
  EXPECT_DEATH(
      operands.run(getFast(), false, 0),
      "prune_rt_lane_permute_f32: expected a leading dimension of y of "
      "at least m");
  operands.ldy = 20;
  EXPECT_DEATH(operands.run(getNaive(), false, 9), "unknown activation");
}
