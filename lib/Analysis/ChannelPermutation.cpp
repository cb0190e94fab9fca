//===- ChannelPermutation.cpp - Orders of channels for n of m -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelPermutation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <numeric>

using namespace mlir;
using namespace mlir::prune;

int64_t ColumnSizes::addRows(int64_t count) {
  int64_t first = rows;
  rows += count;
  while (static_cast<int64_t>(sizes.size()) * kRows < rows)
    sizes.emplace_back(columns * kRows, 0.0f);
  return first;
}

double ColumnSizes::getKept(ArrayRef<int64_t> chosen, int64_t n) const {
  SmallVector<float> sorted(chosen.size() * kRows);
  double kept = 0.0;
  for (const SmallVector<float, 0> &tile : sizes) {
    for (auto [position, column] : llvm::enumerate(chosen))
      std::copy_n(tile.begin() + column * kRows, kRows,
                  sorted.begin() + position * kRows);
    // The n largest of each row go to the front, all rows side by side.
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = chosen.size() - 1; j > i; --j) {
        float *front = &sorted[(j - 1) * kRows], *back = &sorted[j * kRows];
        for (int64_t row = 0; row < kRows; ++row) {
          float larger = std::max(front[row], back[row]);
          back[row] = std::min(front[row], back[row]);
          front[row] = larger;
        }
      }
    float sum = 0.0f;
    for (float size : ArrayRef<float>(sorted).take_front(n * kRows))
      sum += size;
    kept += sum;
  }
  return kept;
}

double ColumnSizes::getTotal() const {
  double total = 0.0;
  for (const SmallVector<float, 0> &tile : sizes)
    total = std::accumulate(tile.begin(), tile.end(), total);
  return total;
}

double mlir::prune::getKept(const ColumnSizes &sizes, ArrayRef<int64_t> order,
                            int64_t n, int64_t m) {
  double kept = 0.0;
  for (; !order.empty(); order = order.drop_front(m))
    kept += sizes.getKept(order.take_front(m), n);
  return kept;
}

namespace {
/// An order on its way to a better one.
class Search {
public:
  Search(const ColumnSizes &sizes, int64_t n, int64_t m)
      : sizes(sizes), n(n), m(m), order(sizes.getNumColumns()) {
    std::iota(order.begin(), order.end(), 0);
    for (int64_t set = 0; set * m < sizes.getNumColumns(); ++set) {
      kept.push_back(sizes.getKept(getSet(set), n));
      changed.push_back(-1);
    }
  }

  SmallVector<int64_t> run(int64_t sweeps) {
    int64_t count = kept.size();
    // Pairs that have not changed since they were tried gain nothing now.
    for (int64_t sweep = 0; sweep < sweeps; ++sweep) {
      bool hasGained = false;
      for (int64_t a = 0; a < count; ++a)
        for (int64_t b = a + 1; b < count; ++b)
          if (std::max(changed[a], changed[b]) >= sweep - 1 && gain(a, b)) {
            changed[a] = changed[b] = sweep;
            hasGained = true;
          }
      if (!hasGained)
        break;
    }
    return order;
  }

private:
  ArrayRef<int64_t> getSet(int64_t set) const {
    return ArrayRef<int64_t>(order).slice(set * m, m);
  }

  /// Exchanges the columns of two sets that gain most; false where none gains.
  bool gain(int64_t a, int64_t b) {
    // Less is rounding.
    constexpr double kLeast = 1e-6;
    double before = kept[a] + kept[b], best = before * (1.0 + kLeast);
    std::pair<int64_t, int64_t> found = {-1, -1};
    double keptA = 0.0, keptB = 0.0;
    for (int64_t i = a * m; i < (a + 1) * m; ++i)
      for (int64_t j = b * m; j < (b + 1) * m; ++j) {
        std::swap(order[i], order[j]);
        double newA = sizes.getKept(getSet(a), n);
        double newB = sizes.getKept(getSet(b), n);
        if (newA + newB > best) {
          best = newA + newB;
          found = {i, j};
          keptA = newA, keptB = newB;
        }
        std::swap(order[i], order[j]);
      }
    if (found.first < 0)
      return false;
    std::swap(order[found.first], order[found.second]);
    kept[a] = keptA, kept[b] = keptB;
    return true;
  }

  const ColumnSizes &sizes;
  int64_t n, m;
  SmallVector<int64_t> order;
  /// Of each set what is kept, and the last sweep that changed it.
  SmallVector<double> kept;
  SmallVector<int64_t> changed;
};
} // namespace

SmallVector<int64_t> mlir::prune::findOrder(const ColumnSizes &sizes, int64_t n,
                                            int64_t m, int64_t sweeps) {
  return Search(sizes, n, m).run(sweeps);
}
