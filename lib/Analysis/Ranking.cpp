//===- Ranking.cpp - Where a ranking of groups ends -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Radix selection. Scores become keys of 64 bits that order as they do. A
// histogram of the leading 16 bits, weighed by the sizes of the groups, says
// which digit the last group pruned has; the next histogram is over the groups
// that share it. When few are left they are gathered and sorted. When all bits
// are known, what is left is equal and decided by position. Every pass reads
// the scores once, in pieces, and the numbers that it adds up are integers, so
// that the result is the same for any number of threads. O(groups) a pass.
//
//===----------------------------------------------------------------------===//

#include "Ranking.h"

#include "MagnitudeRanking.h"

#include <numeric>

using namespace mlir;
using namespace mlir::prune;

namespace {

constexpr int64_t kPiece = 2048;
constexpr int kDigitBits = 16;
/// So many elements are gathered and sorted.
constexpr int64_t kGathered = 1 << 16;

/// A group in a ranking.
struct Entry {
  uint64_t key;
  unsigned weight;
  int64_t group, size;
};

/// The groups of all weights, one behind the other, read by several tasks.
class Groups {
public:
  Groups(ArrayRef<RankedScores> weights, unsigned threads)
      : weights(weights), threads(threads) {
    for (const RankedScores &weight : weights) {
      starts.push_back(total);
      total += weight.scores->getNumGroups();
      sizes.push_back(weight.scores->getLayout().getUniformSize());
    }
    numTasks = total < kGathered ? 1 : std::max(threads, 1u);
  }

  unsigned getNumTasks() const { return numTasks; }
  int64_t getTotal() const { return total; }

  /// Calls `body` with the task, and with key, weight, group and size of each
  /// group that may be pruned and has elements, in order within a task; tasks
  /// are in order, too.
  template <typename Body>
  void forEach(Body body) const {
    forEachTask(threads, numTasks,
                [&](unsigned task) { forEachOf(task, body); });
  }

  template <typename Body>
  void forEachOf(unsigned task, Body body) const {
    int64_t first = total * task / numTasks;
    int64_t end = total * (task + 1) / numTasks;
    for (auto [i, weight] : llvm::enumerate(weights)) {
      int64_t numGroups = weight.scores->getNumGroups();
      int64_t from = std::max(first - starts[i], int64_t(0));
      int64_t to = std::min(end - starts[i], numGroups);
      for (; from < to; from += kPiece)
        readPiece(i, from, std::min(kPiece, to - from), task, body);
    }
  }

private:
  template <typename Body>
  void readPiece(unsigned weight, int64_t first, int64_t count, unsigned task,
                 Body &body) const {
    double scores[kPiece];
    const RankedScores &ranked = weights[weight];
    ranked.scores->read(first, MutableArrayRef(scores, count));
    std::optional<int64_t> size = sizes[weight];
    for (int64_t i = 0; i < count; ++i) {
      uint64_t key = getRankKey(scores[i]);
      int64_t group = first + i;
      int64_t elements =
          size ? *size : ranked.scores->getLayout().getSize(group);
      if (elements != 0 && ranked.limit.isPruned(key, group))
        body(task, key, weight, group, elements);
    }
  }

  ArrayRef<RankedScores> weights;
  unsigned threads, numTasks;
  SmallVector<int64_t> starts;
  SmallVector<std::optional<int64_t>> sizes;
  int64_t total = 0;
};

/// The first group that stays. `pruned` elements come before those that share
/// the known bits of its key.
struct Boundary {
  uint64_t key = 0;
  int64_t pruned = 0;
};

} // namespace

bool mlir::prune::endsRanking(int64_t pruned, int64_t size, int64_t target,
                              Rounding rounding) {
  int64_t missing = target - pruned;
  return rounding == Rounding::Down
             ? size > missing
             : std::abs(missing - size) >= std::abs(missing);
}

/// Elements by the digit at `shift` of the keys that agree above it.
static SmallVector<int64_t, 0> countDigits(const Groups &groups, uint64_t key,
                                           int shift) {
  constexpr int64_t numDigits = 1 << kDigitBits;
  SmallVector<SmallVector<int64_t, 0>> counts(groups.getNumTasks());
  for (SmallVector<int64_t, 0> &count : counts)
    count.assign(numDigits, 0);
  int above = shift + kDigitBits;
  auto hasPrefix = [&](uint64_t other) {
    return above == 64 || (other >> above) == (key >> above);
  };
  groups.forEach(
      [&](unsigned task, uint64_t other, unsigned, int64_t, int64_t size) {
        if (hasPrefix(other))
          counts[task][(other >> shift) & (numDigits - 1)] += size;
      });
  SmallVector<int64_t, 0> sum = std::move(counts.front());
  for (const SmallVector<int64_t, 0> &count : ArrayRef(counts).drop_front())
    for (auto [all, own] : llvm::zip_equal(sum, count))
      all += own;
  return sum;
}

/// The groups whose keys agree with `key` from `shift` on, sorted.
static SmallVector<Entry, 0> gather(const Groups &groups, uint64_t key,
                                    int shift) {
  SmallVector<SmallVector<Entry, 0>> parts(groups.getNumTasks());
  groups.forEach([&](unsigned task, uint64_t other, unsigned weight,
                     int64_t group, int64_t size) {
    if (shift == 64 || (other >> shift) == (key >> shift))
      parts[task].push_back({other, weight, group, size});
  });
  SmallVector<Entry, 0> entries;
  for (SmallVector<Entry, 0> &part : parts)
    llvm::append_range(entries, part);
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::tie(a.key, a.weight, a.group) <
           std::tie(b.key, b.weight, b.group);
  });
  return entries;
}

/// The cut of each weight when the group at `entry` is the first that stays.
static SmallVector<Cut> cutBefore(const Entry &entry, unsigned numWeights) {
  SmallVector<Cut> cuts;
  for (unsigned weight = 0; weight < numWeights; ++weight)
    cuts.push_back({entry.key, weight < entry.weight    ? Cut::kAll
                               : weight == entry.weight ? entry.group
                                                        : 0});
  return cuts;
}

static Entry getNext(Entry entry) {
  ++entry.group;
  return entry;
}

/// Walks along sorted groups; `pruned` elements come before them.
static Entry walk(ArrayRef<Entry> entries, int64_t pruned, int64_t target,
                  Rounding rounding) {
  for (const Entry &entry : entries) {
    if (endsRanking(pruned, entry.size, target, rounding))
      return entry;
    pruned += entry.size;
  }
  return getNext(entries.back());
}

/// Decides among groups of one key by position. Tasks hold them in order, so
/// the one in which the target lies is found from their numbers of elements.
static Entry walkEqual(const Groups &groups, Boundary boundary, int64_t target,
                       Rounding rounding) {
  SmallVector<int64_t> elements(groups.getNumTasks(), 0);
  groups.forEach(
      [&](unsigned task, uint64_t key, unsigned, int64_t, int64_t size) {
        elements[task] += key == boundary.key ? size : 0;
      });
  unsigned task = 0;
  while (boundary.pruned + elements[task] <= target)
    boundary.pruned += elements[task++];
  std::optional<Entry> found;
  Entry last{};
  groups.forEachOf(task, [&](unsigned, uint64_t key, unsigned weight,
                             int64_t group, int64_t size) {
    if (key != boundary.key || found)
      return;
    last = {key, weight, group, size};
    if (endsRanking(boundary.pruned, size, target, rounding))
      found = last;
    boundary.pruned += size;
  });
  return found ? *found : getNext(last);
}

/// The first element that stays where scores are the magnitudes of floats,
/// which are read faster so.
static std::optional<Entry> findFirstMagnitude(ArrayRef<RankedScores> weights,
                                               int64_t target,
                                               unsigned threads) {
  SmallVector<ArrayRef<char>> arrays;
  for (const RankedScores &weight : weights) {
    std::optional<ArrayRef<char>> raw = weight.scores->getRawMagnitudes();
    if (!raw || weight.limit < Cut::getAll())
      return std::nullopt;
    arrays.push_back(*raw);
  }
  RankedMagnitude found = findMagnitude(arrays, target, threads);
  return Entry{getRankKey(getMagnitude(found.key)), found.array, found.index,
               1};
}

/// The first group that stays, where not all go.
static std::optional<Entry> findFirstKept(const Groups &groups, int64_t target,
                                          Rounding rounding) {
  if (groups.getTotal() <= kGathered) {
    SmallVector<Entry, 0> entries = gather(groups, 0, 64);
    if (entries.empty())
      return std::nullopt;
    return walk(entries, 0, target, rounding);
  }
  Boundary boundary;
  for (int shift = 64 - kDigitBits; shift >= 0; shift -= kDigitBits) {
    SmallVector<int64_t, 0> counts = countDigits(groups, boundary.key, shift);
    bool isFirst = shift == 64 - kDigitBits;
    if (isFirst &&
        std::accumulate(counts.begin(), counts.end(), int64_t(0)) <= target)
      return std::nullopt;
    uint64_t digit = 0;
    while (boundary.pruned + counts[digit] <= target)
      boundary.pruned += counts[digit++];
    boundary.key |= digit << shift;
    if (counts[digit] <= kGathered)
      return walk(gather(groups, boundary.key, shift), boundary.pruned, target,
                  rounding);
  }
  return walkEqual(groups, boundary, target, rounding);
}

SmallVector<Cut> mlir::prune::findCuts(ArrayRef<RankedScores> weights,
                                       int64_t target, Rounding rounding,
                                       unsigned threads) {
  Groups groups(weights, threads);
  std::optional<Entry> first;
  if (groups.getTotal() > kGathered && target < groups.getTotal())
    first = findFirstMagnitude(weights, std::max(target, int64_t(0)), threads);
  if (!first)
    first = findFirstKept(groups, target, rounding);
  SmallVector<Cut> cuts;
  if (first)
    cuts = cutBefore(*first, weights.size());
  else
    cuts.assign(weights.size(), Cut::getAll());
  for (auto [cut, weight] : llvm::zip_equal(cuts, weights))
    cut = std::min(cut, weight.limit);
  return cuts;
}
