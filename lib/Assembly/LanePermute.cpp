//===- LanePermute.cpp - Sparse weights for few columns -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are sorted by their number of weights and cut into groups of 16. Of a
// group the steps are made greedily: the window begins at the block of 16
// inputs that holds the first weight not taken yet, and each row whose next
// weight lies in the window gives it. No other order of windows has fewer
// steps, because a window that begins later would miss that first weight.
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/LanePermute.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <array>

using namespace mlir::prune::assembly;

static constexpr int64_t kGroupRows = 16, kBlock = 16, kWindow = 2 * kBlock;
/// Zeros after the last value: a vector is read wherever one value is left.
static constexpr int64_t kSlack = 15;

namespace {
/// The rows of one group, each with the place of its next weight.
class Group {
public:
  Group(const CompressedRows &weight, llvm::ArrayRef<int32_t> rows)
      : weight(weight), numRows(rows.size()) {
    for (auto [lane, row] : llvm::enumerate(rows)) {
      next[lane] = weight.pointers[row];
      end[lane] = weight.pointers[row + 1];
    }
  }

  /// Appends all steps and their values.
  void pack(LanePermuteWeight &result) {
    int32_t first = getFirstColumn();
    for (; first < weight.numColumns; first = getFirstColumn())
      result.steps.push_back(takeStep(first / kBlock, result.values));
  }

private:
  /// The first column that a row waits for; the number of columns at the end.
  int32_t getFirstColumn() const {
    auto first = static_cast<int32_t>(weight.numColumns);
    for (int64_t lane = 0; lane < numRows; ++lane)
      if (next[lane] < end[lane])
        first = std::min(first, weight.columns[next[lane]]);
    return first;
  }

  LaneStep takeStep(int32_t window, llvm::SmallVectorImpl<float> &values) {
    LaneStep step = {static_cast<uint16_t>(window), 0, 0, {}};
    for (int64_t lane = 0; lane < numRows; ++lane) {
      if (next[lane] == end[lane])
        continue;
      int64_t place = weight.columns[next[lane]] - window * kBlock;
      if (place >= kWindow)
        continue;
      step.taken |= 1u << lane;
      step.high |= (place / kBlock) << lane;
      step.places[lane % 2 * 2 + lane / 8] |= (place % kBlock)
                                              << (lane / 2 % 4 * 4);
      values.push_back(weight.values[next[lane]++]);
    }
    return step;
  }

  const CompressedRows &weight;
  int64_t numRows;
  std::array<int32_t, kGroupRows> next, end;
};
} // namespace

llvm::Expected<LanePermuteWeight>
mlir::prune::assembly::packLanePermute(const CompressedRows &weight) {
  if (weight.numColumns > (int64_t(1) << 16) * kBlock)
    return llvm::createStringError(
        "expected at most 1048576 columns, found %lld",
        static_cast<long long>(weight.numColumns));
  int64_t numRows = weight.getNumRows();
  LanePermuteWeight result;
  llvm::append_range(result.rows,
                     llvm::seq(int32_t(0), static_cast<int32_t>(numRows)));
  auto getKey = [&](int32_t row) {
    return std::pair(weight.pointers[row] - weight.pointers[row + 1], row);
  };
  llvm::sort(result.rows,
             [&](int32_t a, int32_t b) { return getKey(a) < getKey(b); });
  auto addGroup = [&] {
    result.groups.push_back({static_cast<int32_t>(result.steps.size()),
                             static_cast<int32_t>(result.values.size())});
  };
  result.values.reserve(weight.values.size() + kSlack);
  llvm::ArrayRef<int32_t> rows = result.rows;
  for (int64_t row = 0; row < numRows; row += kGroupRows) {
    addGroup();
    Group group(weight, rows.slice(row, std::min(kGroupRows, numRows - row)));
    group.pack(result);
  }
  addGroup();
  result.values.append(kSlack, 0.0f);
  return result;
}
