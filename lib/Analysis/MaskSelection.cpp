//===- MaskSelection.cpp - Masks from scores ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The rules that turn scores into masks. Every rule ends in places of a ranking
// (Ranking.cpp); masks are written from these, reading the scores once more.
// Nothing here knows the IR, so that unit tests reach it directly.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/MaskSelection.h"

#include "MagnitudeRanking.h"
#include "Ranking.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::prune;

/// Groups, or elements, that are read at a time.
static constexpr int64_t kPiece = 2048;

Cut mlir::prune::selectByThreshold(double threshold) {
  return threshold != threshold ? Cut() : Cut{getRankKey(threshold), Cut::kAll};
}

SmallVector<Cut> mlir::prune::selectBySparsity(ArrayRef<RankedScores> weights,
                                               double sparsity,
                                               unsigned threads) {
  int64_t total = 0;
  for (const RankedScores &weight : weights)
    total += weight.scores->getNumElements();
  return findCuts(weights, std::llround(sparsity * static_cast<double>(total)),
                  Rounding::Nearest, threads);
}

/// Whole elements of a share; a product that is a whole number but for rounding
/// is that number.
static int64_t getShare(double share, int64_t total) {
  return static_cast<int64_t>(
      std::floor(share * static_cast<double>(total) * (1.0 + 1e-15)));
}

Cut mlir::prune::getLimit(const GroupScores &weight, double cap,
                          unsigned threads) {
  if (cap >= 1.0)
    return Cut::getAll();
  return findCuts(RankedScores{&weight}, getShare(cap, weight.getNumElements()),
                  Rounding::Down, threads)
      .front();
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

namespace {
/// A group in the ranking of its row.
struct RowEntry {
  uint64_t key;
  int64_t group, size;
};
} // namespace

/// The groups of a row in their order, and the number of elements.
static int64_t readRow(const GroupScores &weight, int64_t row, int64_t rows,
                       int64_t stride, SmallVectorImpl<RowEntry> &entries) {
  const GroupLayout &layout = weight.getLayout();
  std::optional<int64_t> uniform = layout.getUniformSize();
  SmallVector<double, 0> scores(stride);
  int64_t total = 0;
  entries.clear();
  for (int64_t first = row * stride; first < weight.getNumGroups();
       first += rows * stride) {
    weight.read(first, scores);
    for (auto [i, score] : llvm::enumerate(scores)) {
      int64_t group = first + static_cast<int64_t>(i);
      int64_t size = uniform ? *uniform : layout.getSize(group);
      if (size != 0)
        entries.push_back({getRankKey(score), group, size});
      total += size;
    }
  }
  return total;
}

/// Where the pruned groups of a row end.
static Cut cutRow(SmallVectorImpl<RowEntry> &entries, int64_t target,
                  Rounding rounding) {
  llvm::sort(entries, [](const RowEntry &a, const RowEntry &b) {
    return std::tie(a.key, a.group) < std::tie(b.key, b.group);
  });
  int64_t pruned = 0;
  for (const RowEntry &entry : entries) {
    if (endsRanking(pruned, entry.size, target, rounding))
      return {entry.key, entry.group};
    pruned += entry.size;
  }
  return Cut::getAll();
}

Selection mlir::prune::selectBySparsityInRows(const GroupScores &weight,
                                              int64_t dim, double sparsity,
                                              double cap, unsigned threads) {
  const GroupLayout &layout = weight.getLayout();
  int64_t rows = layout.getCount(dim), stride = layout.getStride(dim);
  Selection selection;
  if (weight.getNumGroups() == 0)
    return selection;
  selection.stride = stride;
  selection.cuts.resize(rows);
  unsigned tasks = std::min<int64_t>(rows, threads);
  forEachTask(threads, tasks, [&](unsigned task) {
    SmallVector<RowEntry, 0> entries;
    for (int64_t row = rows * task / tasks; row < rows * (task + 1) / tasks;
         ++row) {
      int64_t total = readRow(weight, row, rows, stride, entries);
      int64_t target = std::llround(sparsity * static_cast<double>(total));
      bool isCapped = getShare(cap, total) < target || cap < sparsity;
      selection.cuts[row] =
          isCapped ? cutRow(entries, getShare(cap, total), Rounding::Down)
                   : cutRow(entries, target, Rounding::Nearest);
    }
  });
  return selection;
}

//===----------------------------------------------------------------------===//
// Multiples
//===----------------------------------------------------------------------===//

Cut mlir::prune::roundKept(const GroupScores &weight, Cut cut, int64_t multiple,
                           int64_t least) {
  int64_t numGroups = weight.getNumGroups();
  SmallVector<double, 0> scores(numGroups);
  weight.read(0, scores);
  // Those that no mask prunes wholly, from the smallest score up.
  SmallVector<Cut, 0> order;
  int64_t kept = 0;
  for (auto [group, score] : llvm::enumerate(scores)) {
    if (score == -1.0)
      continue;
    order.push_back({getRankKey(score), static_cast<int64_t>(group)});
    kept += !cut.isPruned(order.back().key, order.back().group);
  }
  llvm::sort(order);
  int64_t inEffect = order.size();
  int64_t wanted = std::min<int64_t>(
      llvm::divideCeil(std::max(kept, least), multiple) * multiple, inEffect);
  return wanted == kept ? cut : std::min(cut, order[inEffect - wanted]);
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

int64_t mlir::prune::countKept(ArrayRef<char> kept) {
  return std::accumulate(kept.begin(), kept.end(), int64_t(0));
}

namespace {
/// The part of a mask that one task writes.
class MaskWriter {
public:
  MaskWriter(const GroupScores &weight, const Selection &selection,
             MutableArrayRef<char> kept)
      : weight(weight), selection(selection), kept(kept) {}

  /// Writes 1 for the groups that stay, one byte for each group.
  void selectGroups(int64_t first, int64_t end, MutableArrayRef<char> stays) {
    double scores[kPiece];
    for (; first < end; first += kPiece) {
      int64_t count = std::min(kPiece, end - first);
      weight.read(first, MutableArrayRef(scores, count));
      for (int64_t i = 0; i < count; ++i) {
        uint64_t key = getRankKey(scores[i]);
        bool isPruned = selection.getCut(first + i).isPruned(key, first + i);
        stays[first + i] = !isPruned;
        lastPruned = isPruned ? std::max(lastPruned, key) : lastPruned;
      }
    }
  }

  /// Writes the elements, given which groups stay; both are one where every
  /// element is a group.
  void writeElements(int64_t first, int64_t end, ArrayRef<char> stays) {
    int64_t groups[kPiece];
    char before[kPiece];
    bool isSingle = weight.getLayout().isSingle();
    for (; first < end; first += kPiece) {
      int64_t size = std::min(kPiece, end - first);
      if (!isSingle)
        weight.getLayout().getGroups(first, MutableArrayRef(groups, size));
      weight.readMask(first, MutableArrayRef(before, size));
      for (int64_t i = 0; i < size; ++i) {
        char isIn = before[i];
        char stay = stays[isSingle ? first + i : groups[i]];
        counts.before += isIn;
        counts.kept += isIn & stay;
        kept[first + i] = isIn & stay;
      }
    }
  }

  /// Writes elements that are groups with their magnitudes as scores.
  void selectMagnitudes(const char *data, int64_t first, int64_t end) {
    Cut cut = selection.cuts.front();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (cut.key > getRankKey(infinite))
      cut = {getRankKey(infinite), Cut::kAll};
    // A key below that of any score is one of a NaN, which nothing is below.
    double score = getScoreOfKey(cut.key);
    // Below the group of the cut equal scores are pruned, too.
    int64_t middle = std::clamp(cut.group, first, end);
    uint32_t last = 0;
    int64_t stayed = 0;
    auto select = [&](int64_t from, int64_t to, auto isPruned) {
      for (int64_t i = from; i < to; ++i) {
        uint32_t key = getMagnitudeKey(data, i);
        bool pruned = isPruned(getMagnitude(key));
        kept[i] = !pruned;
        stayed += !pruned;
        last = std::max(last, pruned ? key : 0u);
      }
    };
    select(first, middle, [score](double value) { return value <= score; });
    select(middle, end, [score](double value) { return value < score; });
    counts.before += end - first;
    counts.kept += stayed;
    if (stayed < end - first)
      lastPruned = std::max(lastPruned, getRankKey(getMagnitude(last)));
  }

  MaskCounts counts;
  /// The largest key of a group that is pruned.
  uint64_t lastPruned = 0;

private:
  const GroupScores &weight;
  const Selection &selection;
  MutableArrayRef<char> kept;
};
} // namespace

static MaskCounts addUp(ArrayRef<MaskWriter> writers) {
  MaskCounts counts;
  uint64_t last = 0;
  for (const MaskWriter &writer : writers) {
    counts.before += writer.counts.before;
    counts.kept += writer.counts.kept;
    last = std::max(last, writer.lastPruned);
  }
  if (last != 0)
    counts.lastPruned = getScoreOfKey(last);
  return counts;
}

static MaskCounts writeMagnitudes(ArrayRef<char> raw,
                                  MutableArrayRef<MaskWriter> writers,
                                  int64_t size, unsigned threads) {
  unsigned tasks = writers.size();
  forEachTask(threads, tasks, [&](unsigned task) {
    writers[task].selectMagnitudes(raw.data(), size * task / tasks,
                                   size * (task + 1) / tasks);
  });
  return addUp(writers);
}

MaskCounts mlir::prune::writeMask(const GroupScores &weight,
                                  const Selection &selection,
                                  MutableArrayRef<char> kept,
                                  unsigned threads) {
  int64_t numGroups = weight.getNumGroups(), size = weight.getNumElements();
  unsigned tasks = size < kPiece * threads ? 1 : threads;
  SmallVector<MaskWriter> writers;
  for (unsigned task = 0; task < tasks; ++task)
    writers.emplace_back(weight, selection, kept);
  if (std::optional<ArrayRef<char>> raw = weight.getRawMagnitudes();
      raw && selection.cuts.size() == 1)
    return writeMagnitudes(*raw, writers, size, threads);
  bool isSingle = weight.getLayout().isSingle();
  SmallVector<char, 0> groups(isSingle ? 0 : numGroups);
  MutableArrayRef<char> stays = isSingle ? kept : MutableArrayRef(groups);
  forEachTask(threads, tasks, [&](unsigned task) {
    int64_t first = numGroups * task / tasks;
    writers[task].selectGroups(first, numGroups * (task + 1) / tasks, stays);
  });
  forEachTask(threads, tasks, [&](unsigned task) {
    int64_t first = size * task / tasks;
    writers[task].writeElements(first, size * (task + 1) / tasks, stays);
  });
  return addUp(writers);
}

void mlir::prune::keepLargest(const GroupScores &weight,
                              MutableArrayRef<char> kept) {
  Cut best;
  double scores[kPiece];
  for (int64_t first = 0; first < weight.getNumGroups(); first += kPiece) {
    int64_t count = std::min(kPiece, weight.getNumGroups() - first);
    weight.read(first, MutableArrayRef(scores, count));
    for (int64_t i = 0; i < count; ++i)
      best = std::max(best, Cut{getRankKey(scores[i]), first + i});
  }
  Selection selection;
  selection.cuts = {best};
  writeMask(weight, selection, kept);
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

/// Drops elements of a window of kept ones, from the smallest score up, until
/// `n` are left.
static void limitWindow(MutableArrayRef<Cut> window, int64_t n,
                        MutableArrayRef<char> kept) {
  int64_t excess = static_cast<int64_t>(window.size()) - n;
  if (excess <= 0)
    return;
  llvm::sort(window);
  for (const Cut &element : window.take_front(excess))
    kept[element.group] = 0;
}

void mlir::prune::limitNOfM(const GroupScores &weight,
                            GranularityAttr granularity,
                            MutableArrayRef<char> kept, unsigned threads) {
  int64_t axis = granularity.getAxis();
  int64_t n = granularity.getShape()[0], m = granularity.getShape()[1];
  ArrayRef<int64_t> shape = weight.getShape();
  int64_t extent = shape[axis], inner = 1;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  if (weight.getNumElements() == 0)
    return;
  int64_t windows = llvm::divideCeil(extent, m);
  int64_t slabs = weight.getNumElements() / (extent * inner) * windows;
  unsigned tasks = std::min<int64_t>(threads, slabs);
  forEachTask(threads, tasks, [&](unsigned task) {
    SmallVector<double, 0> scores;
    SmallVector<Cut> window;
    // A slab holds the windows of one place along the axis, side by side.
    for (int64_t slab = slabs * task / tasks; slab < slabs * (task + 1) / tasks;
         ++slab) {
      int64_t start = slab % windows * m;
      int64_t first = (slab / windows * extent + start) * inner;
      int64_t length = std::min(m, extent - start);
      scores.resize(length * inner);
      weight.read(first, scores);
      for (int64_t column = 0; column < inner; ++column) {
        window.clear();
        for (int64_t i = column; i < length * inner; i += inner)
          if (kept[first + i])
            window.push_back({getRankKey(scores[i]), first + i});
        limitWindow(window, n, kept);
      }
    }
  });
}
