//===- ChannelPermutation.h - Orders of channels for n of m -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELPERMUTATION_H
#define PRUNE_ANALYSIS_CHANNELPERMUTATION_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::prune {

/// Sizes of the weights that read some channels: one column for each channel,
/// one row for each place that all channels are multiplied with.
class ColumnSizes {
public:
  explicit ColumnSizes(int64_t columns) : columns(columns) {}

  int64_t getNumColumns() const { return columns; }
  int64_t getNumRows() const { return rows; }

  /// Adds rows of zeros and returns the position of the first.
  int64_t addRows(int64_t count);
  float &at(int64_t row, int64_t column) {
    return sizes[row / kRows][(column * kRows) + row % kRows];
  }

  /// What is kept of some columns if of each row the `n` largest stay.
  double getKept(ArrayRef<int64_t> chosen, int64_t n) const;

  /// The sum of all sizes.
  double getTotal() const;

private:
  /// Rows of a tile, which is [columns][kRows].
  static constexpr int64_t kRows = 64;

  int64_t columns, rows = 0;
  SmallVector<SmallVector<float, 0>, 0> sizes;
};

/// What is kept of all columns in an order, of each `m` neighbors in each row
/// the `n` largest.
double getKept(const ColumnSizes &sizes, ArrayRef<int64_t> order, int64_t n,
               int64_t m);

/// An order of the columns that keeps at least as much as they do as they are:
/// columns of two sets of `m` neighbors change places, the pair that gains
/// most first, until no pair gains (Pool and Yu 2021, "Channel Permutations for
/// N:M Sparsity", section 3), for at most `sweeps` rounds over all pairs of
/// sets. `m` divides the number of columns. Deterministic.
/// O(sweeps * columns^2 * rows * m^2).
SmallVector<int64_t> findOrder(const ColumnSizes &sizes, int64_t n, int64_t m,
                               int64_t sweeps);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELPERMUTATION_H
