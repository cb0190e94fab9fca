//===- SddmmLoops.cpp - Elements of a product over a batch ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row of a stays in registers while rows of the panel stream by. Eight sums
// over the batch are vectors first, and their lanes are added together: two
// shuffles a sum.
//
//===----------------------------------------------------------------------===//

#include "AddLanes.h"
#include "Blocks.h"
#include "CompressedLoops.h"

#include <cstring>

using namespace prune_rt;

/// The part of a row of a, with zeros for what the vector before has.
template <int Vectors>
static PRUNE_RT_INLINE void loadRow(const float *a, Block block,
                                    Lanes (&row)[Vectors]) {
  for (int v = 0; v < Vectors - 1; ++v)
    row[v] = load(a + block.first + v * kLanes);
  row[Vectors - 1] = load(a + block.last);
  int64_t covered = block.first + (Vectors - 1) * kLanes - block.last;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    row[Vectors - 1][lane] = lane < covered ? 0.0f : row[Vectors - 1][lane];
}

/// The sums of `a` with eight rows of the panel, in the first eight lanes.
template <int Vectors>
static PRUNE_RT_INLINE Lanes sumGroup(const Lanes (&a)[Vectors],
                                      const Panel &panel,
                                      const int32_t (&indices)[kGroup],
                                      Block block) {
  Lanes sums[kGroup];
  for (int64_t i = 0; i < kGroup; ++i) {
    const float *b = panel.rows + indices[i] * panel.stride;
    Lanes sum = a[Vectors - 1] * load(b + block.panelLast);
    for (int v = 0; v < Vectors - 1; ++v)
      sum += a[v] * load(b + block.first + v * kLanes);
    sums[i] = sum;
  }
  return addLanes(sums);
}

/// Stores `count` sums, or adds them to those of the blocks before.
static PRUNE_RT_INLINE void storeSums(float *values, Lanes sums, int64_t count,
                                      bool isFirst) {
  if (!isFirst) {
    Lanes before = {};
    std::memcpy(&before, values, count * sizeof(float));
    sums += before;
  }
  std::memcpy(values, &sums, count * sizeof(float));
}

template <int Vectors>
static PRUNE_RT_INLINE void runSamples(const SampledCall &call,
                                       const Panel &panel, int64_t begin,
                                       int64_t end, Block block) {
  bool isFirst = block.first == 0;
  for (int64_t row = begin; row < end; ++row) {
    int64_t p = call.pointers[row], stop = call.pointers[row + 1];
    Lanes a[Vectors];
    loadRow<Vectors>(call.a + row * call.lda, block, a);
    int32_t indices[kGroup];
    for (; p + kGroup <= stop; p += kGroup) {
      std::memcpy(indices, call.indices + p, sizeof(indices));
      Lanes sums = sumGroup<Vectors>(a, panel, indices, block);
      storeSums(call.values + p, sums, kGroup, isFirst);
    }
    if (p == stop)
      continue;
    // What is not there is computed as the first and not stored.
    for (int64_t i = 0; i < kGroup; ++i)
      indices[i] = call.indices[p + i < stop ? p + i : p];
    Lanes sums = sumGroup<Vectors>(a, panel, indices, block);
    storeSums(call.values + p, sums, stop - p, isFirst);
  }
}

PRUNE_RT_CLONES
static void runSampleBlock(const SampledCall &call, const Panel &panel,
                           int64_t begin, int64_t end, Block block) {
  switch (block.vectors) {
  case 1:
    return runSamples<1>(call, panel, begin, end, block);
  case 2:
    return runSamples<2>(call, panel, begin, end, block);
  case 3:
    return runSamples<3>(call, panel, begin, end, block);
  case 4:
    return runSamples<4>(call, panel, begin, end, block);
  case 5:
    return runSamples<5>(call, panel, begin, end, block);
  case 6:
    return runSamples<6>(call, panel, begin, end, block);
  case 7:
    return runSamples<7>(call, panel, begin, end, block);
  default:
    return runSamples<8>(call, panel, begin, end, block);
  }
}

/// A batch smaller than a vector.
static void runShortSamples(const SampledCall &call, int64_t begin,
                            int64_t end) {
  for (int64_t row = begin; row < end; ++row)
    for (int64_t p = call.pointers[row]; p < call.pointers[row + 1]; ++p) {
      const float *a = call.a + row * call.lda;
      const float *b = call.b + call.indices[p] * call.ldb;
      float sum = 0.0f;
      for (int64_t l = 0; l < call.k; ++l)
        sum += a[l] * b[l];
      call.values[p] = sum;
    }
}

void prune_rt::runSampledRows(const SampledCall &call, const Panel &panel,
                              int64_t begin, int64_t end) {
  if (call.k < kLanes)
    return runShortSamples(call, begin, end);
  Blocks blocks(call.k);
  for (int64_t i = 0; i < blocks.count; ++i)
    runSampleBlock(call, panel, begin, end, blocks.get(i, panel.isCopied));
}
