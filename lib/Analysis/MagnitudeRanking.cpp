//===- MagnitudeRanking.cpp - Ranking of single float weights -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Radix selection on the 31 bits of a magnitude, which order as the numbers do.
// The first histogram has the leading 16 bits. Of a usual weight a hundredth of
// the numbers shares them with the one that is looked for: these are gathered,
// and the one of the right rank is found among them. Where they are too many
// another histogram has the rest of the bits, and what is left is equal and
// decided by position. Counts are integers, so threads change nothing.
//
//===----------------------------------------------------------------------===//

#include "MagnitudeRanking.h"

#include "Prune/Analysis/GroupScores.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using namespace llvm;
using namespace mlir::prune;

namespace {

constexpr int kLowBits = 15;
constexpr uint32_t kLowMask = (1u << kLowBits) - 1;
constexpr int64_t kDigits = 1 << 16;

/// The numbers of all arrays, one behind the other, read by several tasks.
class Numbers {
public:
  Numbers(ArrayRef<ArrayRef<char>> arrays, unsigned threads)
      : arrays(arrays), threads(std::max(threads, 1u)) {
    for (ArrayRef<char> array : arrays) {
      starts.push_back(total);
      total += static_cast<int64_t>(array.size() / sizeof(float));
    }
  }

  int64_t getTotal() const { return total; }
  unsigned getNumTasks() const { return threads; }

  /// Calls `body` with the task, the raw data of an array, its number and a
  /// range of indices; those of a task are in order, and so are tasks.
  template <typename Body>
  void forEachRange(Body body) const {
    forEachTask(threads, threads, [&](unsigned task) {
      int64_t first = total * task / threads;
      int64_t end = total * (task + 1) / threads;
      for (auto [i, array] : enumerate(arrays)) {
        int64_t size = static_cast<int64_t>(array.size() / sizeof(float));
        int64_t from = std::max(first - starts[i], int64_t(0));
        int64_t to = std::min(end - starts[i], size);
        if (from < to)
          body(task, array.data(), static_cast<unsigned>(i), from, to);
      }
    });
  }

private:
  ArrayRef<ArrayRef<char>> arrays;
  unsigned threads;
  SmallVector<int64_t> starts;
  int64_t total = 0;
};

using Counts = SmallVector<int64_t, 0>;

} // namespace

/// How many numbers have each digit; `digit` gives that of a key, or nothing.
template <typename Digit>
static Counts countDigits(const Numbers &numbers, Digit digit) {
  SmallVector<Counts> counts(numbers.getNumTasks(), Counts(kDigits, 0));
  numbers.forEachRange(
      [&](unsigned task, const char *data, unsigned, int64_t from, int64_t to) {
        int64_t *own = counts[task].data();
        for (int64_t i = from; i < to; ++i)
          digit(getMagnitudeKey(data, i), own);
      });
  Counts sum = std::move(counts.front());
  for (const Counts &own : ArrayRef(counts).drop_front())
    for (auto [all, part] : zip_equal(sum, own))
      all += part;
  return sum;
}

/// The digit in which a rank lies; takes the numbers of smaller ones off it.
static uint32_t findDigit(const Counts &counts, int64_t &rank) {
  uint32_t digit = 0;
  while (counts[digit] <= rank)
    rank -= counts[digit++];
  return digit;
}

/// The number of a rank among those with some leading bits.
static RankedMagnitude findAmong(const Numbers &numbers, uint32_t high,
                                 int64_t rank) {
  SmallVector<SmallVector<RankedMagnitude, 0>> parts(numbers.getNumTasks());
  numbers.forEachRange([&](unsigned task, const char *data, unsigned array,
                           int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i)
      if (uint32_t key = getMagnitudeKey(data, i); key >> kLowBits == high)
        parts[task].push_back({key, array, i});
  });
  SmallVector<RankedMagnitude, 0> found = std::move(parts.front());
  for (SmallVector<RankedMagnitude, 0> &part :
       MutableArrayRef(parts).drop_front()) {
    append_range(found, part);
    part = {};
  }
  std::nth_element(found.begin(), found.begin() + rank, found.end(),
                   [](const RankedMagnitude &a, const RankedMagnitude &b) {
                     return std::tie(a.key, a.array, a.index) <
                            std::tie(b.key, b.array, b.index);
                   });
  return found[rank];
}

/// The number of a rank among equal ones, in the order of their positions.
static RankedMagnitude findEqual(const Numbers &numbers, uint32_t key,
                                 int64_t rank) {
  SmallVector<int64_t> counts(numbers.getNumTasks(), 0);
  numbers.forEachRange(
      [&](unsigned task, const char *data, unsigned, int64_t from, int64_t to) {
        int64_t own = 0;
        for (int64_t i = from; i < to; ++i)
          own += getMagnitudeKey(data, i) == key;
        counts[task] += own;
      });
  unsigned holder = 0;
  while (counts[holder] <= rank)
    rank -= counts[holder++];
  RankedMagnitude found{key, 0, 0};
  numbers.forEachRange([&](unsigned task, const char *data, unsigned array,
                           int64_t from, int64_t to) {
    for (int64_t i = from; task == holder && i < to && rank >= 0; ++i)
      if (getMagnitudeKey(data, i) == key && rank-- == 0)
        found = {key, array, i};
  });
  return found;
}

RankedMagnitude mlir::prune::findMagnitude(ArrayRef<ArrayRef<char>> arrays,
                                           int64_t rank, unsigned threads) {
  Numbers numbers(arrays, threads);
  Counts counts = countDigits(
      numbers, [](uint32_t key, int64_t *own) { ++own[key >> kLowBits]; });
  uint32_t high = findDigit(counts, rank);
  if (counts[high] <= std::max<int64_t>(numbers.getTotal() / 64, 1 << 16))
    return findAmong(numbers, high, rank);
  counts = countDigits(numbers, [high](uint32_t key, int64_t *own) {
    if (key >> kLowBits == high)
      ++own[key & kLowMask];
  });
  uint32_t low = findDigit(counts, rank);
  return findEqual(numbers, high << kLowBits | low, rank);
}
