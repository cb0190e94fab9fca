//===- Examples.h - Convolutions for generated code -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_ASSEMBLY_EXAMPLES_H
#define PRUNE_UNITTESTS_ASSEMBLY_EXAMPLES_H

#include "../Runtime/Convolutions.h"
#include "Features.h"
#include "Guarded.h"

#include "Prune/Assembly/LoadedKernel.h"

namespace prune_test {

/// What one convolution needs.
struct Example {
  Window window;
  std::vector<float> x, w, bias, y;
  bool accumulates, hasRelu;
};

inline Example makeExample(const Window &window, double zeros, unsigned seed) {
  std::mt19937 generator = makeGenerator(seed);
  Example example{
      window, {}, {}, {}, {}, generator() % 2 == 0, generator() % 2 == 0};
  example.x = makeRandom(window.inputSize(), generator);
  example.w = makeRandom(window.weightSize(), generator);
  example.bias = makeRandom(window.f, generator);
  example.y = makeRandom(window.outputSize(), generator);
  // Half of them have four filters each with the same zeros.
  int64_t block = generator() % 2 ? 4 : 1;
  int64_t inner = window.weightSize() / window.f;
  std::uniform_real_distribution<double> uniform;
  for (int64_t i = 0; i < window.weightSize(); ++i) {
    bool isFirst = i / inner % block == 0;
    if (isFirst ? uniform(generator) < zeros : example.w[i - inner] == 0.0f)
      example.w[i] = 0.0f;
  }
  return example;
}

inline std::vector<float> runOracle(const Example &example) {
  std::vector<float> result = example.y;
  Slot slot(getNaive());
  std::vector<int64_t> shape = example.window.shape(PRUNE_RT_LAYOUT_NCHW);
  PRUNE_RT(getNaive(), prune_rt_convolution_f32)
  (&slot.value, example.x.data(), example.w.data(), example.bias.data(),
   result.data(), shape.data(), example.accumulates ? PRUNE_RT_ACCUMULATE : 0,
   example.hasRelu ? PRUNE_RT_ACTIVATION_RELU : PRUNE_RT_ACTIVATION_NONE);
  return result;
}

inline mlir::prune::assembly::ConvolutionShape getShape(const Window &w) {
  return {w.n,        w.c,   w.h,    w.w,      w.f,      w.oh(),
          w.ow(),     w.kh,  w.kw,   w.stride, w.stride, w.dilation,
          w.dilation, w.top, w.left, w.groups};
}

/// The result of generated code on inputs that lie in `orders`.
inline std::vector<float>
runGenerated(const Example &example, const Runtime &runtime, Guard guard,
             VectorSet set,
             const mlir::prune::assembly::PlanOrders &orders = {}) {
  using namespace mlir::prune::assembly;
  StraightLineOptions options;
  options.set = set;
  options.segmentBytes = 2000;
  options.panels = 2;
  auto kernel = LoadedKernel::create(
      getShape(example.window), example.w,
      {example.bias, example.accumulates, example.hasRelu}, options, orders);
  EXPECT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  Guarded<float> x(example.x, guard), y(example.y, guard);
  // So many that threads share the work.
  prune_rt_generated plan = (*kernel)->get();
  plan.weights = 1 << 20;
  auto *run = set == VectorSet::Portable
                  ? PRUNE_RT(runtime, prune_rt_streamed_f32)
                  : PRUNE_RT(runtime, prune_rt_generated_f32);
  run(&plan, x.data(), y.data());
  return {y.data(), y.data() + example.y.size()};
}

} // namespace prune_test

#endif // PRUNE_UNITTESTS_ASSEMBLY_EXAMPLES_H
