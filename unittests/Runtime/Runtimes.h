//===- Runtimes.h - Both runtimes, loaded -----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_RUNTIME_RUNTIMES_H
#define PRUNE_UNITTESTS_RUNTIME_RUNTIMES_H

#include "prune_runtime.h"

#include "gtest/gtest.h"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace prune_test {

/// One implementation of prune_runtime.h, loaded as the JIT loads it.
struct Runtime {
  explicit Runtime(const char *path)
      : handle(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {}

  template <typename Function>
  Function *get(Function *, const char *name) const {
    return reinterpret_cast<Function *>(dlsym(handle, name));
  }

  void *handle;
};

/// Calls `function` of a runtime: PRUNE_RT(runtime, prune_rt_trim)().
#define PRUNE_RT(runtime, function) ((runtime).get(&function, #function))

inline const Runtime &getNaive() {
  static Runtime runtime(PRUNE_NAIVE_RUNTIME);
  return runtime;
}

/// The runtime under test: oneDNN's, or the naive one where it was not built.
inline const Runtime &getFast() {
  static Runtime runtime(PRUNE_FAST_RUNTIME);
  return runtime;
}

/// The generator of `seed`: the same in every run unless PRUNE_TEST_SEED is set
/// (`scripts/test --random`), which draws other numbers.
inline std::mt19937 makeGenerator(unsigned seed) {
  const char *drawn = std::getenv("PRUNE_TEST_SEED");
  if (!drawn)
    return std::mt19937(seed);
  std::seed_seq sequence = {seed, unsigned(std::strtoul(drawn, nullptr, 10))};
  return std::mt19937(sequence);
}

/// How many examples a test draws: `fixed`, or PRUNE_TEST_EXAMPLES.
inline int getNumExamples(int fixed) {
  const char *asked = std::getenv("PRUNE_TEST_EXAMPLES");
  return asked ? int(std::strtoul(asked, nullptr, 10)) : fixed;
}

/// A random extent from 1 to `most`, small ones as often as large ones.
inline int64_t drawExtent(int64_t most, std::mt19937 &generator) {
  std::uniform_real_distribution<double> uniform(0.0, std::log(most + 1.0));
  return std::min(most, int64_t(std::exp(uniform(generator))));
}

inline std::vector<float> makeRandom(size_t size, std::mt19937 &generator) {
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float &value : values)
    value = normal(generator);
  return values;
}

/// Expects equality within the rounding of sums of `k` terms.
inline void expectNear(const std::vector<float> &got,
                       const std::vector<float> &expected, int64_t k) {
  ASSERT_EQ(got.size(), expected.size());
  float tolerance = 2e-6f * (4.0f + std::sqrt(float(k)) * 4.0f);
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], expected[i], tolerance + 1e-5f * std::fabs(expected[i]))
        << "at " << i;
}

/// Runs on the library under test with one thread, which gives about what is
/// expected, then with two, which give the same bits.
template <typename Run>
void expectAtAnyThreads(const std::vector<float> &expected, int64_t terms,
                        Run run) {
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
  std::vector<float> one = run(getFast());
  expectNear(one, expected, terms);
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(2);
  EXPECT_EQ(run(getFast()), one) << "two threads";
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
}

/// The same, with what the oracle gives as expected.
template <typename Run>
void compareAtAnyThreads(int64_t terms, Run run) {
  expectAtAnyThreads(run(getNaive()), terms, run);
}

/// A slot that is released at the end of its scope.
struct Slot {
  explicit Slot(const Runtime &runtime) : runtime(runtime) {}
  ~Slot() { PRUNE_RT(runtime, prune_rt_release_slot)(&value); }
  std::string kernel() const {
    return PRUNE_RT(runtime, prune_rt_slot_kernel)(&value);
  }
  const Runtime &runtime;
  void *value = nullptr;
};

} // namespace prune_test

#endif // PRUNE_UNITTESTS_RUNTIME_RUNTIMES_H
