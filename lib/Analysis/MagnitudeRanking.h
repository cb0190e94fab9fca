//===- MagnitudeRanking.h - Ranking of single float weights -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ANALYSIS_MAGNITUDERANKING_H
#define PRUNE_LIB_ANALYSIS_MAGNITUDERANKING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mlir::prune {

/// The magnitude of float number `index` of raw data as an integer that orders
/// as it does; a NaN counts as infinite.
inline uint32_t getMagnitudeKey(const char *data, int64_t index) {
  constexpr uint32_t infinite = 0x7f800000;
  uint32_t bits;
  std::memcpy(&bits, data + index * sizeof(bits), sizeof(bits));
  return std::min(bits & 0x7fffffff, infinite);
}

/// The magnitude of a key.
inline double getMagnitude(uint32_t key) { return llvm::bit_cast<float>(key); }

/// A number in the ranking of all numbers of several arrays.
struct RankedMagnitude {
  uint32_t key;
  unsigned array;
  int64_t index;
};

/// The number of rank `rank` (from 0) among all, from the smallest magnitude
/// up; ties go by array, then by index. `arrays` are raw floats, and `rank` is
/// below their number. Exact; O(numbers) in two or three readings, and memory
/// for a 64th of the numbers at most.
RankedMagnitude findMagnitude(llvm::ArrayRef<llvm::ArrayRef<char>> arrays,
                              int64_t rank, unsigned threads);

} // namespace mlir::prune

#endif // PRUNE_LIB_ANALYSIS_MAGNITUDERANKING_H
