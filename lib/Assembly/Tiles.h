//===- Tiles.h - Parts of a sparse product ----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_TILES_H
#define PRUNE_LIB_ASSEMBLY_TILES_H

#include "Prune/Assembly/StraightLine.h"

#include <tuple>

namespace mlir::prune::assembly {

/// A value of a tile.
struct Term {
  /// Where its place is in the order of the sum, and where its input lies.
  int32_t rank, input;
  /// Which of the masks of a panel says where the input is one; 0 for none.
  int32_t mask;
  int32_t row;
  float value;

  bool operator<(const Term &other) const {
    return std::tie(rank, mask, row) <
           std::tie(other.rank, other.mask, other.row);
  }
  bool hasSameInput(const Term &other) const {
    return input == other.input && mask == other.mask;
  }
};

/// A range of rows and what it multiplies, by input.
struct Tile {
  int64_t begin, end;
  llvm::SmallVector<Term, 0> terms;
  /// Each kBlockRows rows read the same inputs.
  bool isBlocked = false;
};

/// Rows of a block.
inline constexpr int64_t kBlockRows = 4;

/// Floats from the results of a row to those of the next; 0 when they differ.
int64_t getRowStep(const PanelProduct &product);

/// About the bytes of straight-line code of terms: with AVX-512 8 per value and
/// 8 per input, with AVX2, where a vector is two registers, twice as many; of a
/// stream 8 per value.
int64_t estimateBytes(llvm::ArrayRef<Term> terms, VectorSet set);

/// The tiles of a group, and where their ranges of inputs end, by rank.
struct Group {
  llvm::SmallVector<Tile, 0> tiles;
  llvm::SmallVector<int32_t> cuts;
};

/// The groups, with equal numbers of segments. The tiles are blocks where all
/// rows, but some at the end of a group, read the same inputs as their
/// neighbors.
llvm::SmallVector<Group, 0> makeGroups(const PanelProduct &product,
                                       const StraightLineOptions &options);

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_TILES_H
