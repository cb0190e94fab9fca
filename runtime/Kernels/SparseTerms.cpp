//===- SparseTerms.cpp - Weights in the order of their use ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Terms are counted for each block and row, and then go to their places, in the
// order that they have in the row.
//
//===----------------------------------------------------------------------===//

#include "SparseTerms.h"

#include <cstdlib>

using namespace prune_rt;

/// Terms of a row that a block should have: for each block, sums are read and
/// written.
static constexpr int64_t kMinTerms = 8;

namespace {

/// The blocks of terms, of one tap each or merged.
struct Blocks {
  Blocks(const TermSource &source, int64_t taps, int64_t lines)
      : source(source), merges(taps == 1), taps(taps) {
    const LanePlanes &planes = source.planes;
    int64_t together = getPlanesTogether(planes, lines);
    int64_t terms = source.elements() / (source.rows * taps);
    int64_t most = std::max<int64_t>(1, terms / kMinTerms);
    count = std::clamp<int64_t>((planes.channels + together - 1) / together, 1,
                                most);
    planesTogether =
        std::max<int64_t>(1, (planes.channels + count - 1) / count);
  }

  /// Which list of terms an element is in.
  int64_t getList(int64_t row, int64_t plane, WindowTap tap) const {
    int64_t block = (merges ? 0 : tap.tap) * count + plane / planesTogether;
    return block * source.rows + row;
  }
  int64_t getOffset(int64_t plane, WindowTap tap) const {
    int64_t line = merges ? source.tapLines[tap.tap] * source.planes.line() : 0;
    return plane * source.planes.plane() + line + tap.offset;
  }
  int64_t lists() const { return taps * count * source.rows; }

  const TermSource &source;
  bool merges;
  int64_t taps, count, planesTogether;
};

} // namespace

/// Calls visit(element, row, plane, tap) for all elements that are read.
template <typename Visit>
static void forEachTerm(const TermSource &source, Visit visit) {
  const SparsePattern &pattern = source.pattern;
  for (int64_t row = 0; row < source.rows; ++row)
    for (int64_t p = pattern.pointers[row]; p < pattern.pointers[row + 1];
         ++p) {
      int64_t plane = pattern.indices[p] / source.window;
      WindowTap tap = source.windowTaps[pattern.indices[p] % source.window];
      if (tap.tap >= 0)
        visit(p, row, plane, tap);
    }
}

static SparseTerms list(const TermSource &source, const Blocks &blocks,
                        Regions &regions) {
  auto *terms = regions.take<Term>(source.elements());
  // What is counted for list i at i + 2 is where it begins, at i + 1, once it
  // is summed, and where it ends once its terms are in place.
  int64_t size = blocks.lists() + 2;
  auto *pointers = regions.take<int32_t>(size);
  std::fill_n(pointers, size, 0);
  forEachTerm(source, [&](int64_t, int64_t row, int64_t plane, WindowTap tap) {
    ++pointers[blocks.getList(row, plane, tap) + 2];
  });
  for (int64_t i = 1; i < size; ++i)
    pointers[i] += pointers[i - 1];
  forEachTerm(
      source, [&](int64_t p, int64_t row, int64_t plane, WindowTap tap) {
        int32_t place = pointers[blocks.getList(row, plane, tap) + 1]++;
        terms[place] = {static_cast<int32_t>(blocks.getOffset(plane, tap)),
                        source.values[p]};
      });
  return {terms, pointers, blocks.count};
}

size_t prune_rt::getTermBytes(const TermSource &source, int64_t taps) {
  // As many as Blocks makes: one where there are no planes.
  int64_t blocks = std::max<int64_t>(1, source.planes.channels);
  return 2 * Regions::getBytes<Term>(source.elements()) +
         Regions::getBytes<int32_t>(blocks * source.rows + 2) +
         Regions::getBytes<int32_t>(taps * blocks * source.rows + 2);
}

void prune_rt::listTerms(const TermSource &source, Regions &regions,
                         LineSums &sums) {
  int64_t lines = 1;
  if (source.taps > 0)
    lines += std::abs(source.tapLines[source.taps - 1] - source.tapLines[0]);
  sums.tapLines = source.tapLines;
  sums.taps = source.taps;
  sums.rows = source.rows;
  // The only tap of a line is read or none, so it is as good as merged.
  sums.merged = list(source, Blocks(source, 1, lines), regions);
  sums.byTap = sums.merged;
  if (source.taps > 1)
    sums.byTap = list(source, Blocks(source, source.taps, 1), regions);
}
