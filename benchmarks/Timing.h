//===- Timing.h - Clock and medians of benchmarks ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_BENCHMARKS_TIMING_H
#define PRUNE_BENCHMARKS_TIMING_H

#include <algorithm>
#include <chrono>
#include <vector>

namespace mlir::prune::bench {

/// Seconds of a clock that never goes back.
inline double now() {
  auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

/// The middle one of `times`, at least one, which are reordered.
inline double getMedian(std::vector<double> &times) {
  auto middle = times.begin() + times.size() / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

} // namespace mlir::prune::bench

#endif // PRUNE_BENCHMARKS_TIMING_H
