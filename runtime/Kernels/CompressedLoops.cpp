//===- CompressedLoops.cpp - Products with values that change -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The products of a training step with a compressed weight: y = w x, and
// elements of dy x^T. Rows of x hold a batch, say 100 images. Up to eight
// vectors of a row are taken together and stay in registers; the last ends
// where the row ends and overlaps the one before when the batch is no multiple
// of a vector: the columns of y that it repeats get the same bits, and in a sum
// over the batch the lanes that were counted before are zero. So there are no
// partly filled vectors, and index and value are read once for each non-zero.
//
// Rows of 100 elements lie across lines of the cache. Where rows are read often
// they are copied first, each vector to a line of its own: a quarter faster at
// 300x784 and 80 % zeros. The rows of w are then walked in turns, each over as
// many columns as have their rows of x in the first-level cache, with the sums
// in y in between: a third faster at half zeros, nothing at 90 %.
//
//===----------------------------------------------------------------------===//

#include "CompressedLoops.h"

#include "Blocks.h"
#include "CsrLoops.h"
#include "Scratch.h"
#include "Threads.h"

#include <cstring>

using namespace prune_rt;

namespace {

/// Reads of each row, on average, from which a copy is faster.
constexpr int64_t kMinReads = 8;
/// Bytes of the panel that one turn reads, and non-zeros of a row in it from
/// which turns are faster.
constexpr int64_t kTurnBytes = 32 << 10, kMinTurn = 8;
/// Elements of a copy from which it is worth more than one thread.
constexpr int64_t kMinThreadedCopy = 1 << 16;

/// Walks rows [begin, end) of w in turns, each up to a column, so that the rows
/// of the panel that a turn reads stay in the first-level cache. One turn where
/// that is too few non-zeros for what a turn costs.
struct Cursors {
  Cursors(const int32_t *pointers, int64_t rows, int64_t columns,
          const Panel &panel, int64_t vectors, int64_t begin, int64_t end)
      : begin(begin), end(end), pointers(pointers), columns(columns) {
    int64_t fitting = kTurnBytes / (vectors * kLanes * sizeof(float));
    count = (columns + fitting - 1) / fitting;
    int64_t nonZeros = pointers[rows] - pointers[0];
    if (!panel.isAligned || nonZeros < kMinTurn * rows * count)
      count = 1;
    if (count > 1)
      places = Buffer((end - begin) * sizeof(int32_t));
  }

  /// Begins the next turn; false after the last.
  bool next() {
    if (turn == count)
      return false;
    ++turn;
    limit = static_cast<int32_t>(columns * turn / count);
    return true;
  }
  bool isFirst() const { return turn == 1; }
  int64_t get(int64_t row) const {
    return isFirst() ? pointers[row]
                     : static_cast<int32_t *>(places.data())[row - begin];
  }
  void set(int64_t row, int64_t place) {
    if (count > 1)
      static_cast<int32_t *>(places.data())[row - begin] =
          static_cast<int32_t>(place);
  }

  int64_t begin, end;
  int32_t limit = 0;
  int64_t count;

private:
  const int32_t *pointers;
  int64_t columns, turn = 0;
  Buffer places;
};

} // namespace

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

PRUNE_RT_CLONES
static void copyRows(const float *matrix, int64_t stride, const Blocks &blocks,
                     float *panel, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row)
    for (int64_t v = 0; v < blocks.vectors; ++v)
      std::memcpy(panel + (row * blocks.vectors + v) * kLanes,
                  matrix + row * stride + blocks.getStart(v), sizeof(Lanes));
}

Panel prune_rt::makePanel(const float *matrix, int64_t rows, int64_t columns,
                          int64_t stride, int64_t nonZeros, int64_t threads) {
  constexpr int64_t kLine = kLanes * sizeof(float);
  bool isAligned = stride % kLanes == 0 && columns % kLanes == 0 &&
                   reinterpret_cast<uintptr_t>(matrix) % kLine == 0;
  if (columns < kLanes || isAligned || nonZeros < kMinReads * rows)
    return {matrix, stride, /*isCopied=*/false, isAligned};
  Blocks blocks(columns);
  int64_t size = rows * blocks.vectors * kLanes;
  auto address =
      reinterpret_cast<uintptr_t>(getScratchpad(size * sizeof(float) + kLine));
  auto *panel =
      reinterpret_cast<float *>((address + kLine - 1) / kLine * kLine);
  forRanges(rows, size < kMinThreadedCopy ? 1 : threads,
            [&](int64_t begin, int64_t end) {
              copyRows(matrix, stride, blocks, panel, begin, end);
            });
  return {panel, blocks.vectors * kLanes, /*isCopied=*/true,
          /*isAligned=*/true};
}

//===----------------------------------------------------------------------===//
// y = w x
//===----------------------------------------------------------------------===//

/// Goes on with each row of the range at its cursor, up to column `limit` of w.
template <int Vectors>
static PRUNE_RT_INLINE void runRows(const CsrCall &call, const Panel &panel,
                                    Cursors &cursors, Block block) {
  for (int64_t row = cursors.begin; row < cursors.end; ++row) {
    float *y = call.y + row * call.ldy;
    Lanes sums[Vectors];
    float bias = call.bias ? call.bias[row] : 0.0f;
    for (int v = 0; v < Vectors; ++v)
      sums[v] = cursors.isFirst()
                    ? Lanes{} + bias
                    : load(y + (v < Vectors - 1 ? block.first + v * kLanes
                                                : block.last));
    int64_t p = cursors.get(row), stop = call.pointers[row + 1];
    for (; p < stop && call.indices[p] < cursors.limit; ++p) {
      const float *x = panel.rows + call.indices[p] * panel.stride;
      float value = call.values[p];
      for (int v = 0; v < Vectors - 1; ++v)
        sums[v] += value * load(x + block.first + v * kLanes);
      sums[Vectors - 1] += value * load(x + block.panelLast);
    }
    cursors.set(row, p);
    for (int v = 0; v < Vectors - 1; ++v)
      store(y + block.first + v * kLanes, sums[v]);
    store(y + block.last, sums[Vectors - 1]);
  }
}

PRUNE_RT_CLONES
static void runBlock(const CsrCall &call, const Panel &panel, Cursors &cursors,
                     Block block) {
  switch (block.vectors) {
  case 1:
    return runRows<1>(call, panel, cursors, block);
  case 2:
    return runRows<2>(call, panel, cursors, block);
  case 3:
    return runRows<3>(call, panel, cursors, block);
  case 4:
    return runRows<4>(call, panel, cursors, block);
  case 5:
    return runRows<5>(call, panel, cursors, block);
  case 6:
    return runRows<6>(call, panel, cursors, block);
  case 7:
    return runRows<7>(call, panel, cursors, block);
  default:
    return runRows<8>(call, panel, cursors, block);
  }
}

void prune_rt::runPackedRows(const CsrCall &call, const Panel &panel,
                             int64_t begin, int64_t end) {
  if (call.n < kLanes)
    return runCsrRows(call, begin, end);
  Blocks blocks(call.n);
  for (int64_t i = 0; i < blocks.count; ++i) {
    Block block = blocks.get(i, panel.isCopied);
    Cursors cursors(call.pointers, call.m, call.k, panel, block.vectors, begin,
                    end);
    while (cursors.next())
      runBlock(call, panel, cursors, block);
  }
}
