//===- GeneratedTest.cpp - Convolutions by generated code -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Plans convolutions, generates their code, and runs it in both runtimes; the
// naive runtime's convolution says what is right. Before or behind inputs and
// results is a page that may not be touched.
//
//===----------------------------------------------------------------------===//

#include "Examples.h"
#include "Features.h"

#include <set>

using namespace mlir::prune::assembly;
using namespace prune_test;

namespace {
class Generated : public CodeTest {};
FOR_EACH_SET(Generated);
class GeneratedCode : public CodeTest {};
FOR_EACH_CODE(GeneratedCode);
} // namespace

static void expectEqual(const Example &example, VectorSet set) {
  SCOPED_TRACE(testing::Message() << example.window);
  std::vector<float> expected = runOracle(example);
  for (const Runtime *runtime : {&getNaive(), &getFast()})
    for (int64_t threads : {1, 2, 3}) {
      PRUNE_RT(*runtime, prune_rt_set_num_threads)(threads);
      for (Guard guard : {Guard::Behind, Guard::Before})
        expectNear(runGenerated(example, *runtime, guard, set), expected,
                   example.window.terms());
    }
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
  PRUNE_RT(getNaive(), prune_rt_set_num_threads)(1);
}

TEST_P(Generated, ComputesKnownConvolutions) {
  SKIP_UNLESS_RUNNABLE();
  const Window windows[] = {{1, 1, 1, 1, 1, 1, 1},
                            {3, 1, 28, 28, 20, 5, 5},
                            {1, 64, 1, 100, 35, 1, 1},
                            {5, 20, 12, 12, 50, 5, 5},
                            {9, 40, 7, 7, 33, 3, 3, 1, 1, 1, 1, 1, 1},
                            {2, 16, 9, 9, 32, 1, 1, 2},
                            {2, 8, 13, 13, 8, 3, 3, 2, 2, 2, 1, 2, 2},
                            {1, 3, 40, 40, 16, 7, 7, 2, 1, 3, 3, 3, 3},
                            // Rows and images of several vectors.
                            {2, 7, 41, 67, 5, 3, 3, 1, 1, 1, 1, 1, 1},
                            {2, 7, 41, 67, 5, 3, 3, 2, 1, 1, 1, 1, 1},
                            {1, 5, 41, 101, 5, 3, 3, 3, 1, 2, 2, 2, 2},
                            {2, 4, 57, 57, 6, 1, 1},
                            {2, 4, 57, 75, 6, 1, 1, 2},
                            {1, 4, 57, 75, 6, 1, 1, 3},
                            // Padding is wider than the window.
                            {3, 4, 9, 5, 1, 3, 1, 1, 1, 2, 1, 2, 1},
                            // All columns of some taps are padding.
                            {1, 2, 3, 2, 4, 3, 5, 1, 1, 2, 4, 2, 4}};
  for (const Window &window : windows)
    expectEqual(makeExample(window, 0.7, 5), GetParam());
}

TEST_P(Generated, ComputesRandomConvolutions) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 generator = makeGenerator(23);
  for (int i = 0, e = getNumExamples(80); i < e; ++i) {
    Window window = drawWindow(generator);
    window.f = drawExtent(70, generator);
    if (window.kh == 1 && window.kw == 1)
      window.top = window.left = window.bottom = window.right = 0;
    double zeros = std::vector<double>{0.0, 0.5, 0.9, 1.0}[generator() % 4];
    expectEqual(makeExample(window, zeros, i), GetParam());
  }
}

TEST_P(Generated, ComputesGroups) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 generator = makeGenerator(29);
  for (int i = 0, e = getNumExamples(80); i < e; ++i) {
    Window window = drawWindow(generator);
    window.groups = drawExtent(40, generator);
    // As many channels and results for each, often one.
    window.c = window.groups * drawExtent(6, generator);
    window.f = window.groups * drawExtent(40, generator);
    if (generator() % 2)
      window.c = window.f = window.groups;
    if (window.kh == 1 && window.kw == 1)
      window.top = window.left = window.bottom = window.right = 0;
    double zeros = std::vector<double>{0.0, 0.5, 0.9, 1.0}[generator() % 4];
    expectEqual(makeExample(window, zeros, i), GetParam());
  }
}

TEST_P(GeneratedCode, SharesTheCodeOfGroups) {
  StraightLineOptions options;
  options.set = GetParam();
  auto generate = [&](double zeros) {
    Window w{1, 64, 14, 14, 64, 3, 3, 1, 1, 1, 1, 1, 1, 64};
    Example example = makeExample(w, zeros, 3);
    PanelPlan plan = planPanels({w.n, w.c, w.h, w.w, w.f, w.oh(), w.ow(), w.kh,
                                 w.kw, 1, 1, 1, 1, 1, 1, w.groups},
                                example.w);
    llvm::Expected<StraightLineCode> code = emitStraightLine(
        {plan.pointers, plan.inputs, plan.values, plan.outputs, example.bias,
         /*accumulates=*/false, /*hasRelu=*/true, plan.store, w.groups,
         plan.isContiguous},
        options);
    EXPECT_TRUE(bool(code)) << llvm::toString(code.takeError());
    EXPECT_EQ(code->segments.size(), 64u);
    std::set<int64_t> places;
    for (const Segment &segment : code->segments)
      places.insert(segment.code);
    return places.size();
  };
  EXPECT_EQ(generate(0.0), 1u);
  EXPECT_GT(generate(0.5), 30u);
}
