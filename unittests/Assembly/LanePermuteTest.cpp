//===- LanePermuteTest.cpp - Sparse products with few columns -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Packs random weights, runs each instruction set that the processor has on
// them, and compares with plain loops in double precision. Behind the last
// element of every array is a page that may not be read.
//
//===----------------------------------------------------------------------===//

#include "Guarded.h"

#include "Prune/Assembly/LanePermute.h"

#include "Kernels/LanePermute.h"

#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <random>

using namespace mlir::prune::assembly;
using prune_rt::InstructionSet;
using prune_test::Guarded;

static_assert(sizeof(LaneStep) == sizeof(prune_rt_lane_step) &&
              offsetof(LaneStep, taken) ==
                  offsetof(prune_rt_lane_step, taken) &&
              offsetof(LaneStep, high) == offsetof(prune_rt_lane_step, high) &&
              offsetof(LaneStep, places) ==
                  offsetof(prune_rt_lane_step, places));
static_assert(sizeof(LaneGroup) == sizeof(prune_rt_lane_group) &&
              offsetof(LaneGroup, value) ==
                  offsetof(prune_rt_lane_group, value));

namespace {

/// A weight with its operands.
struct Case {
  int64_t m = 0, n = 0, k = 0, ldx = 0, ldy = 0;
  std::vector<int32_t> pointers = {0}, columns;
  std::vector<float> values, x, bias;
  int64_t activation = PRUNE_RT_ACTIVATION_NONE;

  CompressedRows getWeight() const { return {pointers, columns, values, k}; }
};

} // namespace

/// Random elements; every fourth row or so has `zeros` of its own.
static Case makeCase(std::mt19937 &random, int64_t m, int64_t n, int64_t k,
                     double zeros) {
  std::uniform_real_distribution<float> uniform(-1, 1), chance(0, 1);
  auto draw = [&](int64_t high) { return int64_t(random() % (high + 1)); };
  Case test;
  test.m = m, test.n = n, test.k = k;
  test.ldx = k + draw(5), test.ldy = m + draw(5);
  for (int64_t row = 0; row < m; ++row) {
    double share = draw(3) == 0 ? chance(random) : zeros;
    for (int64_t column = 0; column < k; ++column)
      if (chance(random) >= share) {
        test.columns.push_back(column);
        test.values.push_back(uniform(random));
      }
    test.pointers.push_back(test.columns.size());
  }
  test.x.resize((n - 1) * test.ldx + k);
  test.bias.resize(draw(1) ? m : 0);
  for (std::vector<float> *operand : {&test.x, &test.bias})
    for (float &element : *operand)
      element = uniform(random);
  test.activation =
      draw(1) ? PRUNE_RT_ACTIVATION_RELU : PRUNE_RT_ACTIVATION_NONE;
  return test;
}

/// Runs the groups in `parts` parts; elements that are not results stay 7.
static std::vector<float> run(const Case &test, InstructionSet set,
                              int64_t parts) {
  llvm::Expected<LanePermuteWeight> packed = packLanePermute(test.getWeight());
  EXPECT_TRUE(bool(packed));
  Guarded<float> values(packed->values), x(test.x), bias(test.bias);
  Guarded<LaneStep> steps(packed->steps);
  Guarded<LaneGroup> groups(packed->groups);
  Guarded<int32_t> rows(packed->rows);
  std::vector<float> result((test.n - 1) * test.ldy + test.m, 7.0f);
  Guarded<float> y(result);
  prune_rt::LanePermuteCall call{
      values.data(),
      reinterpret_cast<const prune_rt_lane_step *>(steps.data()),
      reinterpret_cast<const prune_rt_lane_group *>(groups.data()),
      rows.data(),
      x.data(),
      test.bias.empty() ? nullptr : bias.data(),
      y.data(),
      test.m,
      test.n,
      test.k,
      test.ldx,
      test.ldy,
      test.activation};
  std::vector<float> copied(test.n * prune_rt::getInputStride(test.k),
                            std::numeric_limits<float>::quiet_NaN());
  Guarded<float> inputs(copied);
  prune_rt::copyInputs(call, inputs.data());
  for (int64_t part = 0; part < parts; ++part)
    prune_rt::runGroups(call, inputs.data(), set,
                        prune_rt::getFirstGroup(call, part, parts),
                        prune_rt::getFirstGroup(call, part + 1, parts));
  std::copy_n(y.data(), result.size(), result.data());
  return result;
}

/// Compares with plain loops over the compressed rows.
static void expectResult(const Case &test, llvm::ArrayRef<float> result) {
  for (int64_t j = 0; j < test.n; ++j)
    for (int64_t i = 0;
         i < test.ldy && j * test.ldy + i < int64_t(result.size()); ++i) {
      float found = result[j * test.ldy + i];
      if (i >= test.m) {
        ASSERT_EQ(found, 7.0f) << "between the rows of y";
        continue;
      }
      double sum = test.bias.empty() ? 0.0 : test.bias[i], size = std::abs(sum);
      for (int32_t p = test.pointers[i]; p < test.pointers[i + 1]; ++p) {
        double term =
            double(test.values[p]) * test.x[j * test.ldx + test.columns[p]];
        sum += term, size += std::abs(term);
      }
      if (test.activation == PRUNE_RT_ACTIVATION_RELU && sum < 0)
        sum = 0;
      ASSERT_NEAR(found, sum, 1e-6 + 2e-6 * size) << "row " << i;
    }
}

static std::vector<InstructionSet> getInstructionSets() {
  std::vector<InstructionSet> sets = {
      InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512};
  llvm::erase_if(sets, [](InstructionSet s) { return !isSupported(s); });
  return sets;
}

#if defined(__x86_64__)
TEST(Processor, AgreesWithTheCompiler) {
  bool hasAvx2 = __builtin_cpu_supports("x86-64-v3");
  bool hasAvx512 = __builtin_cpu_supports("x86-64-v4");
  EXPECT_TRUE(isSupported(InstructionSet::Portable));
  EXPECT_EQ(isSupported(InstructionSet::Avx2), hasAvx2);
  EXPECT_EQ(isSupported(InstructionSet::Avx512), hasAvx512);
}
#endif

TEST(LanePermute, ComputesRandomProducts) {
  std::mt19937 random(29);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    double zeros = std::array{0.0, 0.3, 0.5, 0.9, 0.98, 1.0}[random() % 6];
    int64_t m = 1 + random() % 200, k = 1 + random() % 200;
    Case test = makeCase(random, m, 1 + random() % 6, k, zeros);
    for (InstructionSet set : getInstructionSets()) {
      SCOPED_TRACE(static_cast<int>(set));
      std::vector<float> result = run(test, set, 1);
      expectResult(test, result);
      EXPECT_EQ(run(test, set, 3), result) << "depends on the number of parts";
    }
  }
}

TEST(LanePermute, VectorsOfAnyWidthHaveTheSameBits) {
  if (!isSupported(InstructionSet::Avx512))
    GTEST_SKIP() << "needs AVX-512";
  std::mt19937 random(31);
  Case test = makeCase(random, 100, 3, 300, 0.7);
  EXPECT_EQ(run(test, InstructionSet::Avx2, 1),
            run(test, InstructionSet::Avx512, 1));
}

TEST(LanePermute, TakesNoWeightsAndNoInputs) {
  std::mt19937 random(37);
  for (int64_t k : {0, 50}) {
    Case test = makeCase(random, 40, 2, k, 1.0);
    test.columns.clear(), test.values.clear();
    test.pointers.assign(41, 0);
    test.bias.assign(40, -2.0f);
    test.activation = PRUNE_RT_ACTIVATION_NONE;
    for (InstructionSet set : getInstructionSets())
      expectResult(test, run(test, set, 2));
  }
}

TEST(LanePermute, KeepsNaNAndInfinityToTheirRows) {
  std::mt19937 random(41);
  Case test = makeCase(random, 64, 1, 64, 1.0);
  // A diagonal: row i reads input i alone.
  test.columns.clear(), test.pointers = {0};
  for (int32_t row = 0; row < 64; ++row) {
    test.columns.push_back(row);
    test.pointers.push_back(row + 1);
  }
  test.values.assign(64, 1.0f);
  test.bias.clear();
  test.activation = PRUNE_RT_ACTIVATION_RELU;
  test.x[5] = std::numeric_limits<float>::quiet_NaN();
  test.x[20] = std::numeric_limits<float>::infinity();
  for (InstructionSet set : getInstructionSets()) {
    std::vector<float> result = run(test, set, 1);
    for (int64_t row = 0; row < 64; ++row)
      EXPECT_EQ(std::isnan(result[row]), row == 5) << "row " << row;
    EXPECT_EQ(result[20], std::numeric_limits<float>::infinity());
  }
}

TEST(LanePermute, FillsLanesBetterThanWindowsThatLieApart) {
  std::mt19937 random(43);
  Case test;
  test.m = 256, test.k = 1024;
  std::bernoulli_distribution isKept(0.1);
  for (int64_t row = 0; row < test.m; ++row) {
    for (int32_t column = 0; column < test.k; ++column)
      if (isKept(random))
        test.columns.push_back(column);
    test.pointers.push_back(test.columns.size());
  }
  test.values.resize(test.columns.size());
  llvm::Expected<LanePermuteWeight> packed = packLanePermute(test.getWeight());
  ASSERT_TRUE(bool(packed));
  double weights = test.values.size();
  EXPECT_LT(packed->steps.size() * 16 / weights, 1.65);
  EXPECT_LT(packed->getNumBytes() / weights, 5.6);
}

TEST(LanePermute, RefusesWideWeights) {
  Case test;
  test.pointers = {0, 0}, test.k = (1 << 20) + 1;
  llvm::Expected<LanePermuteWeight> packed = packLanePermute(test.getWeight());
  ASSERT_FALSE(bool(packed));
  EXPECT_EQ(llvm::toString(packed.takeError()),
            "expected at most 1048576 columns, found 1048577");
}
