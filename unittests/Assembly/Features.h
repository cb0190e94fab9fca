//===- Features.h - What this computer can run ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_ASSEMBLY_FEATURES_H
#define PRUNE_UNITTESTS_ASSEMBLY_FEATURES_H

#include "Prune/Assembly/StraightLine.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"

namespace prune_test {

using VectorSet = mlir::prune::assembly::VectorSet;

inline bool canRun(VectorSet set) {
  static llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (set == VectorSet::Portable)
    return true;
  if (set == VectorSet::Avx512)
    return features.lookup("avx512f") && features.lookup("avx512vl");
  return features.lookup("avx2") && features.lookup("fma") &&
         features.lookup("bmi2") && features.lookup("popcnt");
}

/// Tests of the code for an instruction set.
class CodeTest : public testing::TestWithParam<VectorSet> {};

inline std::string getSetName(const testing::TestParamInfo<VectorSet> &set) {
  if (set.param == VectorSet::Portable)
    return "Portable";
  return set.param == VectorSet::Avx512 ? "Avx512" : "Avx2";
}

/// Tests of a suite that is a CodeTest run with each instruction set that has
/// code, and without code.
#define FOR_EACH_CODE(SUITE)                                                   \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      Sets, SUITE, testing::Values(VectorSet::Avx512, VectorSet::Avx2),        \
      getSetName)
#define FOR_EACH_SET(SUITE)                                                    \
  FOR_EACH_CODE(SUITE);                                                        \
  INSTANTIATE_TEST_SUITE_P(Streams, SUITE,                                     \
                           testing::Values(VectorSet::Portable), getSetName)

#define SKIP_UNLESS_RUNNABLE()                                                 \
  if (!canRun(GetParam()))                                                     \
  GTEST_SKIP() << "needs AVX-512 or AVX2"

} // namespace prune_test

#endif // PRUNE_UNITTESTS_ASSEMBLY_FEATURES_H
