//===- Im2colProduct.cpp - Products of unpadded extents -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Up to 6 rows times 64 columns stay in registers. A panel of b, 96 rows of 64
// columns, stays in the first cache while all rows of a pass over it.
//
//===----------------------------------------------------------------------===//

#include "Im2colProduct.h"

#include <algorithm>

using namespace prune_rt;

namespace {
constexpr int64_t kRows = 6, kVectors = 4, kInner = 96;
} // namespace

/// The tile of `Rows` rows and `Vectors` vectors at the start of c.
template <int Rows, int Vectors>
PRUNE_RT_INLINE static void runTile(const Im2colProduct &p) {
  Lanes sums[Rows][Vectors] = {};
  if (p.accumulates)
    for (int r = 0; r < Rows; ++r)
      for (int v = 0; v < Vectors; ++v)
        sums[r][v] =
            *reinterpret_cast<const Lanes *>(p.c + r * p.strideC + v * kLanes);
  ProductLoop outer = p.inner[0], middle = p.inner[1], inner = p.inner[2];
  for (int64_t i = 0; i < outer.count; ++i) {
    for (int64_t j = 0; j < middle.count; ++j) {
      const float *a = p.a + i * outer.a + j * middle.a;
      const float *b = p.b + i * outer.b + j * middle.b;
      for (int64_t l = 0; l < inner.count; ++l, a += inner.a, b += inner.b) {
        Lanes row[Vectors];
        for (int v = 0; v < Vectors; ++v)
          row[v] = *reinterpret_cast<const Lanes *>(b + v * kLanes);
        for (int r = 0; r < Rows; ++r)
          for (int v = 0; v < Vectors; ++v)
            sums[r][v] += a[r * p.rowA] * row[v];
      }
    }
  }
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v)
      *reinterpret_cast<Lanes *>(p.c + r * p.strideC + v * kLanes) = sums[r][v];
}

template <int Vectors>
PRUNE_RT_INLINE static void runRows(const Im2colProduct &p, int64_t rows) {
  switch (rows) {
  case 6:
    return runTile<6, Vectors>(p);
  case 5:
    return runTile<5, Vectors>(p);
  case 4:
    return runTile<4, Vectors>(p);
  case 3:
    return runTile<3, Vectors>(p);
  case 2:
    return runTile<2, Vectors>(p);
  default:
    return runTile<1, Vectors>(p);
  }
}

/// All rows of a over one panel of b; the rows are cut into about equal tiles.
PRUNE_RT_CLONES
static void runPanel(Im2colProduct p) {
  int64_t tiles = (p.rows + kRows - 1) / kRows;
  const float *a = p.a;
  float *c = p.c;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    int64_t begin = p.rows * tile / tiles, end = p.rows * (tile + 1) / tiles;
    p.a = a + begin * p.rowA;
    p.c = c + begin * p.strideC;
    switch ((p.columns + kLanes - 1) / kLanes) {
    case 4:
      runRows<4>(p, end - begin);
      break;
    case 3:
      runRows<3>(p, end - begin);
      break;
    case 2:
      runRows<2>(p, end - begin);
      break;
    default:
      runRows<1>(p, end - begin);
    }
  }
}

void prune_rt::runProduct(const Im2colProduct &product) {
  ProductLoop outer = product.inner[0];
  int64_t rest = product.inner[1].count * product.inner[2].count;
  int64_t blocks =
      std::clamp<int64_t>((outer.count * rest + kInner - 1) / kInner, 1,
                          std::max<int64_t>(1, outer.count));
  for (int64_t block = 0; block < blocks; ++block) {
    int64_t begin = outer.count * block / blocks;
    int64_t end = outer.count * (block + 1) / blocks;
    for (int64_t j = 0; j < product.columns; j += kVectors * kLanes) {
      Im2colProduct panel = product;
      panel.a += begin * outer.a;
      panel.b += begin * outer.b + j;
      panel.c += j;
      panel.columns = std::min(kVectors * kLanes, product.columns - j);
      panel.inner[0].count = end - begin;
      panel.accumulates = product.accumulates || block > 0;
      runPanel(panel);
    }
  }
}
