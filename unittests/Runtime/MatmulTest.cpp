//===- MatmulTest.cpp - Dense products against the oracle -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runtimes.h"

#include <thread>

using namespace prune_test;

namespace {

struct Shape {
  int64_t m, n, k;
};

/// Operands of one product with padded rows.
struct Operands {
  Operands(Shape shape, int64_t flags, int64_t padding, unsigned seed)
      : shape(shape), flags(flags) {
    std::mt19937 generator = makeGenerator(seed);
    bool ta = flags & PRUNE_RT_TRANSPOSE_A, tb = flags & PRUNE_RT_TRANSPOSE_B;
    lda = (ta ? shape.m : shape.k) + padding;
    ldb = (tb ? shape.k : shape.n) + padding;
    ldc = shape.n + padding;
    a = makeRandom((ta ? shape.k : shape.m) * lda, generator);
    b = makeRandom((tb ? shape.n : shape.k) * ldb, generator);
    bias = makeRandom(shape.n, generator);
    c = makeRandom(shape.m * ldc, generator);
  }

  std::vector<float> run(const Runtime &runtime, void **slot, bool hasBias,
                         int64_t activation) const {
    std::vector<float> result = c;
    PRUNE_RT(runtime, prune_rt_matmul_f32)
    (slot, a.data(), b.data(), hasBias ? bias.data() : nullptr, result.data(),
     shape.m, shape.n, shape.k, lda, ldb, ldc, flags, activation);
    return result;
  }

  Shape shape;
  int64_t flags, lda, ldb, ldc;
  std::vector<float> a, b, bias, c;
};

const Shape kShapes[] = {
    {1, 1, 1},     {1, 10, 100},   {1, 300, 784},  {3, 5, 7},
    {4, 4, 4096},  {10, 100, 64},  {17, 33, 65},   {64, 10, 100},
    {64, 300, 64}, {16, 16, 9000}, {300, 784, 16}, {37, 53, 1},
    {100, 1, 300}, {2, 64, 2048},  {49, 37, 477},  {23, 33, 380}};

} // namespace

/// The shapes above and, after them, drawn ones.
static std::vector<Shape> getShapes(unsigned seed) {
  std::vector<Shape> shapes(std::begin(kShapes), std::end(kShapes));
  std::mt19937 generator = makeGenerator(seed);
  for (int i = 0, e = getNumExamples(6); i < e; ++i) {
    int64_t m = drawExtent(200, generator), n = drawExtent(200, generator);
    shapes.push_back({m, n, drawExtent(600, generator)});
  }
  return shapes;
}

namespace {

class MatmulTest : public testing::TestWithParam<int64_t> {
protected:
  void TearDown() override { PRUNE_RT(getFast(), prune_rt_set_num_threads)(1); }
};

} // namespace

TEST_P(MatmulTest, MatchesOracleAndDoesNotDependOnThreads) {
  int64_t flags = GetParam();
  unsigned seed = 1;
  for (Shape shape : getShapes(flags)) {
    for (int64_t padding : {0, 3}) {
      int64_t activation = seed % 4;
      bool hasBias = seed % 3 != 0;
      SCOPED_TRACE(testing::Message()
                   << shape.m << "x" << shape.n << "x" << shape.k << " padding "
                   << padding << " activation " << activation);
      Operands operands(shape, flags, padding, seed++);
      Slot naive(getNaive()), fast(getFast());
      auto expected =
          operands.run(getNaive(), &naive.value, hasBias, activation);
      PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
      auto one = operands.run(getFast(), &fast.value, hasBias, activation);
      expectNear(one, expected, shape.k);
      for (int64_t threads : {2, 3}) {
        PRUNE_RT(getFast(), prune_rt_set_num_threads)(threads);
        auto many = operands.run(getFast(), &fast.value, hasBias, activation);
        EXPECT_EQ(one, many) << threads << " threads";
      }
      EXPECT_NE(fast.kernel().substr(0, 3), "ref") << fast.kernel();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Flags, MatmulTest, testing::Range<int64_t>(0, 16));

TEST(MatmulTest, EmptyProductIsTheActivationOfTheBias) {
  std::vector<float> bias = {-1.0f, 0.0f, 2.0f};
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    Slot slot(*runtime);
    std::vector<float> c(6, 5.0f);
    PRUNE_RT(*runtime, prune_rt_matmul_f32)
    (&slot.value, nullptr, nullptr, bias.data(), c.data(), 2, 3, 0, 1, 3, 3, 0,
     PRUNE_RT_ACTIVATION_RELU);
    EXPECT_EQ(c, (std::vector<float>{0, 0, 2, 0, 0, 2}));
    PRUNE_RT(*runtime, prune_rt_matmul_f32)
    (&slot.value, nullptr, nullptr, bias.data(), c.data(), 2, 3, 0, 1, 3, 3,
     PRUNE_RT_ACCUMULATE, PRUNE_RT_ACTIVATION_NONE);
    EXPECT_EQ(c, (std::vector<float>{-1, 0, 4, -1, 0, 4}));
  }
}

TEST(MatmulTest, EmptyDestinationIsNotTouched) {
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    Slot slot(*runtime);
    PRUNE_RT(*runtime, prune_rt_matmul_f32)
    (&slot.value, nullptr, nullptr, nullptr, nullptr, 0, 3, 4, 4, 3, 3, 0, 0);
  }
}

TEST(MatmulTest, ConstantWeightsArePackedOnceForEachAddress) {
  Operands first({8, 64, 96}, PRUNE_RT_CONSTANT_B | PRUNE_RT_TRANSPOSE_B, 0, 1);
  Operands second({8, 64, 96}, PRUNE_RT_CONSTANT_B | PRUNE_RT_TRANSPOSE_B, 0,
                  2);
  Slot slot(getFast());
  auto before = first.run(getFast(), &slot.value, true, 0);
  int64_t bytes = PRUNE_RT(getFast(), prune_rt_bytes_in_use)();
  expectNear(second.run(getFast(), &slot.value, true, 0),
             second.run(getNaive(), &slot.value, true, 0), 96);
  int64_t more = PRUNE_RT(getFast(), prune_rt_bytes_in_use)();
  EXPECT_EQ(first.run(getFast(), &slot.value, true, 0), before);
  EXPECT_EQ(PRUNE_RT(getFast(), prune_rt_bytes_in_use)(), more);
  EXPECT_GE(more, bytes);
}

TEST(MatmulTest, OtherShapesMayShareASlot) {
  Slot slot(getFast());
  for (int round = 0; round < 2; ++round)
    for (Shape shape : {Shape{3, 4, 5}, Shape{6, 4, 5}, Shape{3, 8, 2}}) {
      Operands operands(shape, 0, 0, 7);
      expectNear(operands.run(getFast(), &slot.value, false, 0),
                 operands.run(getNaive(), &slot.value, false, 0), shape.k);
    }
}

TEST(MatmulTest, FlushesDenormalsAndRestoresTheState) {
  float a = 1e-30f, b = 1e-10f;
  for (const Runtime *runtime : {&getNaive(), &getFast()}) {
    Slot slot(*runtime);
    float c = 1.0f;
    int64_t before = PRUNE_RT(*runtime, prune_rt_flush_denormals)(0);
    PRUNE_RT(*runtime, prune_rt_matmul_f32)
    (&slot.value, &a, &b, nullptr, &c, 1, 1, 1, 1, 1, 1, 0, 0);
    EXPECT_EQ(PRUNE_RT(*runtime, prune_rt_flush_denormals)(before), 0);
    EXPECT_EQ(c, 0.0f);
  }
}

TEST(MatmulTest, WorkersFlushDenormals) {
  constexpr int64_t size = 128;
  std::vector<float> a(size * size, 1e-31f), b(size * size, 1e-10f);
  std::vector<float> c(size * size, 1.0f);
  Slot slot(getFast());
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(2);
  PRUNE_RT(getFast(), prune_rt_matmul_f32)
  (&slot.value, a.data(), b.data(), nullptr, c.data(), size, size, size, size,
   size, size, 0, 0);
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
  EXPECT_EQ(c, std::vector<float>(size * size, 0.0f));
}

TEST(MatmulTest, ThreadsMayShareACallSite) {
  for (int64_t flags : {PRUNE_RT_TRANSPOSE_B, PRUNE_RT_CONSTANT_B}) {
    Operands operands({9, 33, 65}, flags, 0, 5);
    Slot naive(getNaive()), slot(getFast());
    auto expected = operands.run(getNaive(), &naive.value, true, 1);
    auto work = [&] {
      for (int round = 0; round < 200; ++round)
        expectNear(operands.run(getFast(), &slot.value, true, 1), expected, 65);
    };
    std::thread first(work), second(work);
    first.join();
    second.join();
  }
}

TEST(MatmulDeathTest, RefusesImpossibleArguments) {
  float value = 0.0f;
  void *slot = nullptr;
  auto run = [&](int64_t m, int64_t lda, int64_t activation) {
    PRUNE_RT(getFast(), prune_rt_matmul_f32)
    (&slot, &value, &value, nullptr, &value, m, 1, 2, lda, 1, 1, 0, activation);
  };
  EXPECT_DEATH(run(-1, 2, 0), "extents that are not negative");
  EXPECT_DEATH(run(2, 1, 0), "leading dimension of a");
  EXPECT_DEATH(run(1, 2, 9), "unknown activation");
}
