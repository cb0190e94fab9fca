//===- CompressedRows.h - Sparse matrices to test ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_RUNTIME_COMPRESSEDROWS_H
#define PRUNE_UNITTESTS_RUNTIME_COMPRESSEDROWS_H

#include <cstdint>
#include <random>
#include <vector>

namespace prune_test {

/// A matrix in compressed rows.
struct CompressedRows {
  std::vector<float> values;
  std::vector<int32_t> indices, pointers = {0};
};

/// What is not zero of [rows][inner], of which `get` has the elements.
template <typename Get>
CompressedRows compress(int64_t rows, int64_t inner, Get get) {
  CompressedRows result;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < inner; ++i) {
      float value = get(row, i);
      if (value == 0.0f)
        continue;
      result.values.push_back(value);
      result.indices.push_back(int32_t(i));
    }
    result.pointers.push_back(int32_t(result.values.size()));
  }
  return result;
}

/// A random [rows][inner] with a share of zeros.
inline CompressedRows makeRandomRows(int64_t rows, int64_t inner, double zeros,
                                     std::mt19937 &generator) {
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<float> normal;
  return compress(rows, inner, [&](int64_t, int64_t) {
    return uniform(generator) < zeros ? 0.0f : normal(generator);
  });
}

} // namespace prune_test

#endif // PRUNE_UNITTESTS_RUNTIME_COMPRESSEDROWS_H
