//===- LanePermute.h - Sparse weights for few columns -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sparse weight as a stream of steps, for products with one to four columns.
// Sixteen rows share a vector, one lane each. A step looks at a window of 32
// inputs and takes for each row its next weight, if that lies in the window:
// the lanes permute the window by numbers of four bits. The window then moves
// to the first input that a row still waits for, so a row that has many weights
// in one place catches up in the next, and few lanes stay empty. An empty lane
// costs no value. In bytes a kept weight is its value and at 90 % zeros 1.4
// more, where compressed rows have 4 more.
//
// With 16 rows, 32 inputs and random zeros, the lanes of a step that are filled
// are 92 % at half zeros, 84 % at 70, 77 % at 80, 64 % at 90, 50 % at 95; with
// windows that lie apart they are 76, 67, 60, 50 and 40 %.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_LANEPERMUTE_H
#define PRUNE_ASSEMBLY_LANEPERMUTE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace mlir::prune::assembly {

/// A weight in compressed rows: row `i` has the values `pointers[i]` to
/// `pointers[i + 1] - 1`, in ascending columns.
struct CompressedRows {
  llvm::ArrayRef<int32_t> pointers;
  llvm::ArrayRef<int32_t> columns;
  llvm::ArrayRef<float> values;
  int64_t numColumns = 0;

  int64_t getNumRows() const { return pointers.size() - 1; }
};

/// prune_rt_lane_step of prune_runtime.h.
struct LaneStep {
  /// The window begins at input `16 * window`.
  uint16_t window;
  /// Bit `i`: row `i` of the group takes an input of the window; it is one of
  /// the last 16.
  uint16_t taken, high;
  /// Which of the 16, four bits for each row: of row `i` the bits from
  /// `4 * (i / 2 % 4)` of element `2 * (i % 2) + i / 8`.
  uint16_t places[4];
};

/// prune_rt_lane_group of prune_runtime.h: where a group of 16 rows begins.
struct LaneGroup {
  int32_t step;
  int32_t value;
};

/// The packed weight.
struct LanePermuteWeight {
  llvm::SmallVector<LaneStep, 0> steps;
  /// For each step the weights of the rows that take one, in ascending rows of
  /// the group, then 15 zeros that may be read.
  llvm::SmallVector<float, 0> values;
  /// One for each 16 rows, and the ends.
  llvm::SmallVector<LaneGroup, 0> groups;
  /// The rows in the order of the groups: a permutation.
  llvm::SmallVector<int32_t, 0> rows;

  /// What a product reads of the weight.
  int64_t getNumBytes() const {
    return steps.size() * sizeof(LaneStep) + values.size() * sizeof(float) +
           groups.size() * sizeof(LaneGroup) + rows.size() * sizeof(int32_t);
  }
};

/// Packs the weight. Rows with about as many weights share a group. Fails above
/// 2^20 columns. Linear in the weights but for sorting the rows.
llvm::Expected<LanePermuteWeight> packLanePermute(const CompressedRows &weight);

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_LANEPERMUTE_H
