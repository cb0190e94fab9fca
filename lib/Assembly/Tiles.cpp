//===- Tiles.cpp - Parts of a sparse product ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are cut into tiles of equal size, and inputs into ranges, so that the
// code of a tile and a range stays in the instruction cache.
//
//===----------------------------------------------------------------------===//

#include "Tiles.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace mlir::prune::assembly;

/// Cuts the rows of a group into tiles of about equal numbers of rows, with
/// sorted terms.
static llvm::SmallVector<Tile, 0> makeTiles(const PanelProduct &product,
                                            int64_t group, int64_t tileRows) {
  int64_t rows = product.getNumRows() / product.groups;
  int64_t first = group * rows, count = llvm::divideCeil(rows, tileRows);
  llvm::SmallVector<Tile, 0> tiles;
  for (int64_t i = 0; i < count; ++i) {
    Tile tile{first + rows * i / count, first + rows * (i + 1) / count, {}};
    tile.terms.reserve(product.pointers[tile.end] -
                       product.pointers[tile.begin]);
    for (int64_t row = tile.begin; row < tile.end; ++row)
      for (int32_t p = product.pointers[row]; p < product.pointers[row + 1];
           ++p)
        tile.terms.push_back({product.inputs[p],
                              static_cast<int32_t>(row - tile.begin),
                              product.values[p]});
    llvm::sort(tile.terms);
    tiles.push_back(std::move(tile));
  }
  return tiles;
}

/// About the bytes of code of terms: 8 per value and 8 per input.
static int64_t estimateBytes(llvm::ArrayRef<Term> terms) {
  int64_t inputs = 0;
  for (size_t i = 0; i < terms.size(); ++i)
    inputs += i == 0 || terms[i].input != terms[i - 1].input;
  return 8 * (static_cast<int64_t>(terms.size()) + inputs);
}

/// Where ranges of inputs end, the same for all tiles, so that each range of
/// inputs is read by one tile after the other.
static llvm::SmallVector<int32_t> cutInputs(llvm::ArrayRef<Tile> tiles,
                                            int64_t segmentBytes) {
  int64_t bytes = 0;
  llvm::SmallVector<int32_t, 0> inputs;
  for (const Tile &tile : tiles) {
    bytes = std::max(bytes, estimateBytes(tile.terms));
    for (const Term &term : tile.terms)
      inputs.push_back(term.input);
  }
  int64_t count = std::max<int64_t>(llvm::divideCeil(bytes, segmentBytes), 1);
  llvm::SmallVector<int32_t> cuts;
  for (int64_t i = 1; i < count; ++i) {
    auto *place = inputs.begin() + inputs.size() * i / count;
    std::nth_element(inputs.begin(), place, inputs.end());
    if (cuts.empty() || *place > cuts.back())
      cuts.push_back(*place);
  }
  cuts.push_back(std::numeric_limits<int32_t>::max());
  return cuts;
}

llvm::SmallVector<Group, 0>
mlir::prune::assembly::makeGroups(const PanelProduct &product,
                                  const StraightLineOptions &options) {
  llvm::SmallVector<Group, 0> groups;
  size_t ranges = 1;
  for (int64_t i = 0; i < product.groups; ++i) {
    Group group;
    group.tiles = makeTiles(product, i, options.tileRows);
    group.cuts = cutInputs(group.tiles, options.segmentBytes);
    ranges = std::max(ranges, group.cuts.size());
    groups.push_back(std::move(group));
  }
  for (Group &group : groups)
    group.cuts.resize(ranges, group.cuts.back());
  return groups;
}
