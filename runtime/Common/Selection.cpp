//===- Selection.cpp - The smallest scores --------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Radix selection: scores become unsigned keys of the same order, and three
// histograms of digits, from the highest on, narrow down the key at which the
// number of pruned elements reaches the target. Smaller keys are pruned, larger
// ones kept, and equal ones decided one by one in order. Nothing is sorted and
// nothing allocated, and the result depends on nothing but the arguments.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace prune_rt;

namespace {

/// The scores of all groups, and how many elements each group has.
struct Groups {
  const float *scores;
  const int64_t *table;
  int64_t parts;

  int64_t count(int64_t part) const { return table[2 * part]; }
  int64_t size(int64_t part) const { return table[2 * part + 1]; }
};

/// Where the selection ends: keys below are pruned, `pruned` elements so far.
struct Boundary {
  uint32_t key = 0;
  int64_t pruned = 0;
};

constexpr int kDigitBits = 11;
constexpr int kNumDigits = 1 << kDigitBits;

} // namespace

/// A key that orders as the score does. Works on bits: sub-normal scores count,
/// though the floating-point unit flushes them.
static uint32_t getKey(float score) {
  constexpr uint32_t infinity = 0x7f800000, sign = 0x80000000;
  uint32_t bits;
  std::memcpy(&bits, &score, sizeof bits);
  uint32_t magnitude = bits & ~sign;
  if (magnitude == 0)
    bits = 0;
  if (magnitude > infinity)
    bits = infinity;
  return bits & sign ? ~bits : bits | sign;
}

/// Elements of the groups whose key agrees with `prefix` above `shift + bits`,
/// by the digit at `shift`.
static void countDigits(const Groups &groups, uint32_t prefix, int shift,
                        int bits, int64_t *elements) {
  std::memset(elements, 0, sizeof(int64_t) << bits);
  uint32_t mask = (uint32_t(1) << bits) - 1;
  // Shifted in 64 bits, because the first digit leaves no prefix at all.
  uint64_t expected = uint64_t(prefix) >> (shift + bits);
  const float *scores = groups.scores;
  for (int64_t part = 0; part < groups.parts; ++part) {
    int64_t size = groups.size(part);
    for (int64_t i = 0, e = groups.count(part); i < e; ++i) {
      uint32_t key = getKey(scores[i]);
      if (uint64_t(key) >> (shift + bits) == expected)
        elements[key >> shift & mask] += size;
    }
    scores += groups.count(part);
  }
}

/// The smallest key whose groups cannot all be pruned within the target, which
/// is smaller than the number of all elements.
static Boundary findBoundary(const Groups &groups, int64_t target) {
  int64_t elements[kNumDigits];
  Boundary boundary;
  for (int shift = 32; shift > 0;) {
    int bits = shift < kDigitBits ? shift : kDigitBits;
    shift -= bits;
    countDigits(groups, boundary.key, shift, bits, elements);
    uint32_t digit = 0;
    while (boundary.pruned + elements[digit] <= target)
      boundary.pruned += elements[digit++];
    boundary.key |= digit << shift;
  }
  return boundary;
}

/// Prunes groups at the boundary, in order, as long as the number of pruned
/// elements comes nearer to the target.
static void pruneEqual(const Groups &groups, Boundary boundary, int64_t target,
                       uint8_t *kept) {
  const float *scores = groups.scores;
  for (int64_t part = 0; part < groups.parts; ++part) {
    for (int64_t i = 0, e = groups.count(part); i < e; ++i) {
      if (getKey(scores[i]) != boundary.key)
        continue;
      int64_t missing = target - boundary.pruned;
      if (std::llabs(missing - groups.size(part)) >= std::llabs(missing))
        return;
      boundary.pruned += groups.size(part);
      kept[i] = 0;
    }
    scores += groups.count(part);
    kept += groups.count(part);
  }
}

void prune_rt_select_groups_f32(const float *scores, uint8_t *kept,
                                const int64_t *table, int64_t parts,
                                double sparsity) {
  constexpr const char *name = "prune_rt_select_groups_f32";
  if (parts < 0 || (parts > 0 && !table))
    fail(name, "expected a table of parts");
  Groups groups{scores, table, parts};
  int64_t count = 0, total = 0;
  for (int64_t part = 0; part < parts; ++part) {
    if (groups.count(part) < 0 || groups.size(part) <= 0)
      fail(name, "expected groups of at least one element");
    count += groups.count(part);
    total += groups.count(part) * groups.size(part);
  }
  if (count == 0)
    return;
  if (!scores || !kept)
    fail(name, "expected scores and a destination");

  // Written so that a NaN fails the first comparison.
  double share = sparsity > 0.0 ? (sparsity < 1.0 ? sparsity : 1.0) : 0.0;
  int64_t target = std::llround(share * static_cast<double>(total));
  if (target >= total) {
    std::memset(kept, 0, count);
    return;
  }
  Boundary boundary = findBoundary(groups, target);
  for (int64_t i = 0; i < count; ++i)
    kept[i] = getKey(scores[i]) >= boundary.key;
  pruneEqual(groups, boundary, target, kept);
}
