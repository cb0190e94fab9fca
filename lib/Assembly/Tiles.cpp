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
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace mlir::prune::assembly;

/// Rows of a tile of blocks, and floats of inputs that stay in a cache.
static constexpr int64_t kStripRows = 32, kRangeFloats = 1 << 17;

/// A tile with sorted terms.
static Tile makeTile(const PanelProduct &product, int64_t begin, int64_t end) {
  Tile tile{begin, end, {}};
  tile.terms.reserve(product.pointers[end] - product.pointers[begin]);
  for (int64_t row = begin; row < end; ++row)
    for (int32_t p = product.pointers[row]; p < product.pointers[row + 1]; ++p)
      tile.terms.push_back(
          {product.ranks.empty() ? product.inputs[p] : product.ranks[p],
           product.inputs[p], product.masks.empty() ? 0 : product.masks[p],
           static_cast<int32_t>(row - begin), product.values[p]});
  llvm::sort(tile.terms);
  return tile;
}

/// Cuts the rows of a group into tiles of about equal numbers of rows.
static llvm::SmallVector<Tile, 0> makeTiles(const PanelProduct &product,
                                            int64_t group, int64_t tileRows) {
  int64_t rows = product.getNumRows() / product.groups;
  int64_t first = group * rows, count = llvm::divideCeil(rows, tileRows);
  llvm::SmallVector<Tile, 0> tiles;
  for (int64_t i = 0; i < count; ++i)
    tiles.push_back(makeTile(product, first + rows * i / count,
                             first + rows * (i + 1) / count));
  return tiles;
}

int64_t mlir::prune::assembly::getRowStep(const PanelProduct &product) {
  int64_t rows = product.getNumRows() / product.groups;
  if (rows < 2)
    return 0;
  int64_t step = int64_t(product.outputs[1]) - product.outputs[0];
  for (int64_t row = 1; row < product.getNumRows(); ++row)
    if (row % rows != 0 &&
        int64_t(product.outputs[row]) - product.outputs[row - 1] != step)
      return 0;
  return step;
}

/// True when each kBlockRows rows of a tile read the same inputs.
static bool areBlocks(const Tile &tile) {
  if ((tile.end - tile.begin) % kBlockRows != 0 ||
      tile.terms.size() % kBlockRows != 0)
    return false;
  for (auto [i, term] : llvm::enumerate(tile.terms)) {
    const Term &first = tile.terms[i - i % kBlockRows];
    if (term.row != first.row + int64_t(i) % kBlockRows ||
        first.row % kBlockRows != 0 || !term.hasSameInput(first))
      return false;
  }
  // Numbers in a stream of floats are never those of a NaN. Where there are
  // ranks no input is negative.
  return tile.terms.empty() || tile.terms.front().input >= 0;
}

/// Cuts the rows of a group into blocks and a rest; nothing when some rows do
/// not read the same inputs.
static llvm::SmallVector<Tile, 0> makeBlocks(const PanelProduct &product,
                                             int64_t group) {
  int64_t rows = product.getNumRows() / product.groups;
  int64_t first = group * rows, last = first + rows;
  int64_t end = first + llvm::alignDown(rows, kBlockRows);
  llvm::SmallVector<Tile, 0> tiles;
  for (int64_t begin = first; begin < end; begin += kStripRows) {
    tiles.push_back(
        makeTile(product, begin, std::min(begin + kStripRows, end)));
    tiles.back().isBlocked = areBlocks(tiles.back());
    if (!tiles.back().isBlocked)
      return {};
  }
  if (!tiles.empty() && end < last)
    tiles.push_back(makeTile(product, end, last));
  return tiles;
}

int64_t mlir::prune::assembly::estimateBytes(llvm::ArrayRef<Term> terms,
                                             VectorSet set) {
  int64_t inputs = 0;
  for (size_t i = 0; i < terms.size(); ++i)
    inputs += i == 0 || !terms[i].hasSameInput(terms[i - 1]);
  auto values = static_cast<int64_t>(terms.size());
  switch (set) {
  case VectorSet::Avx512:
    return 8 * (values + inputs);
  case VectorSet::Avx2:
    return 16 * (values + inputs);
  case VectorSet::Portable:
    return 8 * values;
  }
  llvm_unreachable("no other set");
}

/// Floats of what a panel reads, and what lies between it.
static int64_t countFloats(llvm::ArrayRef<Tile> tiles, bool hasRanks) {
  llvm::SmallVector<int32_t, 0> inputs;
  for (const Tile &tile : tiles)
    for (const Term &term : tile.terms)
      inputs.push_back(term.input);
  if (inputs.empty())
    return 0;
  llvm::sort(inputs);
  // Between inputs that are no neighbors lies what other panels read.
  if (hasRanks)
    return (llvm::unique(inputs) - inputs.begin()) * kLanes;
  return int64_t(inputs.back()) - inputs.front();
}

/// How many ranges of inputs there are: code stays in the instruction cache,
/// and what blocks read in the second cache.
static int64_t countRanges(llvm::ArrayRef<Tile> tiles, bool hasRanks,
                           const StraightLineOptions &options) {
  if (tiles.empty() || !tiles.front().isBlocked) {
    int64_t bytes = 1;
    for (const Tile &tile : tiles)
      bytes = std::max(bytes, estimateBytes(tile.terms, options.set));
    return llvm::divideCeil(bytes, options.segmentBytes);
  }
  int64_t panels = std::clamp<int64_t>(options.panels, 1, 16);
  return countFloats(tiles, hasRanks) * panels / kRangeFloats + 1;
}

/// Where ranges of inputs end, the same for all tiles, so that each range of
/// inputs is read by one tile after the other.
static llvm::SmallVector<int32_t>
cutInputs(llvm::ArrayRef<Tile> tiles, bool hasRanks,
          const StraightLineOptions &options) {
  llvm::SmallVector<int32_t, 0> ranks;
  for (const Tile &tile : tiles)
    for (const Term &term : tile.terms)
      ranks.push_back(term.rank);
  int64_t count = countRanges(tiles, hasRanks, options);
  llvm::SmallVector<int32_t> cuts;
  for (int64_t i = 1; i < count; ++i) {
    auto *place = ranks.begin() + ranks.size() * i / count;
    std::nth_element(ranks.begin(), place, ranks.end());
    if (cuts.empty() || *place > cuts.back())
      cuts.push_back(*place);
  }
  cuts.push_back(std::numeric_limits<int32_t>::max());
  return cuts;
}

/// Whether blocks, where they are, are faster than straight-line code. They
/// load an input for each four rows. Where loads cross lines of the cache, that
/// is in windows of more than one element, it takes much code to be worth it.
static bool paysForBlocks(const PanelProduct &product,
                          const StraightLineOptions &options) {
  constexpr size_t kLeastWeights = 1000;
  // The loop loads vectors and stores them in one place.
  if (!options.blocks || options.set == VectorSet::Portable ||
      getRowStep(product) <= 0 || product.inputStep != 1 || product.hasRest)
    return false;
  return product.values.size() >=
             kLeastWeights * std::max<int64_t>(options.panels, 1) ||
         llvm::all_of(product.inputs,
                      [](int32_t input) { return input % kLanes == 0; });
}

/// The tiles of all groups, as many of each.
static llvm::SmallVector<Group, 0> cutRows(const PanelProduct &product,
                                           const StraightLineOptions &options) {
  llvm::SmallVector<Group, 0> groups(product.groups);
  auto makeAll =
      [&](llvm::function_ref<llvm::SmallVector<Tile, 0>(int64_t)> make) {
        for (int64_t i = 0; i < product.groups; ++i) {
          groups[i].tiles = make(i);
          if (groups[i].tiles.empty())
            return false;
        }
        return true;
      };
  if (paysForBlocks(product, options) &&
      makeAll([&](int64_t i) { return makeBlocks(product, i); }))
    return groups;
  makeAll([&](int64_t i) { return makeTiles(product, i, options.tileRows); });
  return groups;
}

llvm::SmallVector<Group, 0>
mlir::prune::assembly::makeGroups(const PanelProduct &product,
                                  const StraightLineOptions &options) {
  llvm::SmallVector<Group, 0> groups = cutRows(product, options);
  size_t ranges = 1;
  for (Group &group : groups) {
    group.cuts = cutInputs(group.tiles, !product.ranks.empty(), options);
    ranges = std::max(ranges, group.cuts.size());
  }
  for (Group &group : groups)
    group.cuts.resize(ranges, group.cuts.back());
  return groups;
}
