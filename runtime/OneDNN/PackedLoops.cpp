//===- PackedLoops.cpp - Products with values that change -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The products of a training step with a packed weight: y = w x, and elements
// of dy x^T. Rows of x hold a batch, say 100 images. Up to eight vectors of a
// row are taken together and stay in registers; the last ends where the row
// ends and overlaps the one before when the batch is no multiple of a vector:
// the columns of y that it repeats get the same bits, and in a sum over the
// batch the lanes that were counted before are zero. So there are no partly
// filled vectors, and index and value are read once for each non-zero.
//
//===----------------------------------------------------------------------===//

#include "PackedLoops.h"

#include "CsrLoops.h"
#include "Lanes.h"

#include <cstring>

using namespace prune_rt;

namespace {

/// Vectors that are taken together at most.
constexpr int64_t kMaxVectors = 8;
/// Sums over the batch whose lanes are added together.
constexpr int64_t kGroup = 8;

/// Columns [first, first + 16 (vectors - 1)) and [last, last + 16).
struct Block {
  int64_t first, last, vectors;
};

/// Cuts at least 16 columns into blocks of about the same size.
struct Blocks {
  explicit Blocks(int64_t columns)
      : columns(columns), vectors((columns + kLanes - 1) / kLanes),
        count((vectors + kMaxVectors - 1) / kMaxVectors) {}

  Block get(int64_t i) const {
    int64_t begin = vectors * i / count, end = vectors * (i + 1) / count;
    return {begin * kLanes, std::min(end * kLanes, columns) - kLanes,
            end - begin};
  }

  int64_t columns, vectors, count;
};

} // namespace

static PRUNE_RT_INLINE Lanes load(const float *source) {
  return *reinterpret_cast<const Lanes *>(source);
}

static PRUNE_RT_INLINE void store(float *target, Lanes lanes) {
  *reinterpret_cast<Lanes *>(target) = lanes;
}

//===----------------------------------------------------------------------===//
// y = w x
//===----------------------------------------------------------------------===//

template <int Vectors>
static PRUNE_RT_INLINE void runRows(const CsrCall &call, int64_t begin,
                                    int64_t end, Block block) {
  for (int64_t row = begin; row < end; ++row) {
    Lanes sums[Vectors];
    float bias = call.bias ? call.bias[row] : 0.0f;
    for (int v = 0; v < Vectors; ++v)
      sums[v] = Lanes{} + bias;
    int64_t stop = call.pointers[row + 1];
    for (int64_t p = call.pointers[row]; p < stop; ++p) {
      const float *x = call.x + call.indices[p] * call.ldx;
      float value = call.values[p];
      for (int v = 0; v < Vectors - 1; ++v)
        sums[v] += value * load(x + block.first + v * kLanes);
      sums[Vectors - 1] += value * load(x + block.last);
    }
    float *y = call.y + row * call.ldy;
    for (int v = 0; v < Vectors - 1; ++v)
      store(y + block.first + v * kLanes, sums[v]);
    store(y + block.last, sums[Vectors - 1]);
  }
}

PRUNE_RT_CLONES
static void runBlock(const CsrCall &call, int64_t begin, int64_t end,
                     Block block) {
  switch (block.vectors) {
  case 1:
    return runRows<1>(call, begin, end, block);
  case 2:
    return runRows<2>(call, begin, end, block);
  case 3:
    return runRows<3>(call, begin, end, block);
  case 4:
    return runRows<4>(call, begin, end, block);
  case 5:
    return runRows<5>(call, begin, end, block);
  case 6:
    return runRows<6>(call, begin, end, block);
  case 7:
    return runRows<7>(call, begin, end, block);
  default:
    return runRows<8>(call, begin, end, block);
  }
}

void prune_rt::runPackedRows(const CsrCall &call, int64_t begin, int64_t end) {
  if (call.n < kLanes)
    return runCsrRows(call, begin, end);
  Blocks blocks(call.n);
  for (int64_t i = 0; i < blocks.count; ++i)
    runBlock(call, begin, end, blocks.get(i));
}

//===----------------------------------------------------------------------===//
// Elements of a b^T
//===----------------------------------------------------------------------===//

// Each fold adds the halves of what a vector holds of one sum, so that two
// vectors become one.

static PRUNE_RT_INLINE Lanes foldTo8(Lanes x, Lanes y) {
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19,
                                 20, 21, 22, 23) +
         __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26,
                                 27, 28, 29, 30, 31);
}

static PRUNE_RT_INLINE Lanes foldTo4(Lanes x, Lanes y) {
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19,
                                 24, 25, 26, 27) +
         __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22,
                                 23, 28, 29, 30, 31);
}

static PRUNE_RT_INLINE Lanes foldTo2(Lanes x, Lanes y) {
  return __builtin_shufflevector(x, y, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21,
                                 24, 25, 28, 29) +
         __builtin_shufflevector(x, y, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22,
                                 23, 26, 27, 30, 31);
}

/// The sums of the lanes of eight vectors, in the first eight lanes.
static PRUNE_RT_INLINE Lanes addLanes(const Lanes (&s)[kGroup]) {
  Lanes low = foldTo4(foldTo8(s[0], s[1]), foldTo8(s[2], s[3]));
  Lanes high = foldTo4(foldTo8(s[4], s[5]), foldTo8(s[6], s[7]));
  Lanes pairs = foldTo2(low, high);
  return __builtin_shufflevector(pairs, pairs, 0, 2, 4, 6, 8, 10, 12, 14, 0, 2,
                                 4, 6, 8, 10, 12, 14) +
         __builtin_shufflevector(pairs, pairs, 1, 3, 5, 7, 9, 11, 13, 15, 1, 3,
                                 5, 7, 9, 11, 13, 15);
}

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

template <int Vectors>
static PRUNE_RT_INLINE void runSamples(const SampledCall &call, int64_t begin,
                                       int64_t end, Block block) {
  for (int64_t row = begin; row < end; ++row) {
    Lanes a[Vectors];
    loadRow<Vectors>(call.a + row * call.lda, block, a);
    int64_t stop = call.pointers[row + 1];
    for (int64_t p = call.pointers[row]; p < stop; p += kGroup) {
      int64_t count = std::min(stop - p, kGroup);
      Lanes sums[kGroup];
      for (int64_t i = 0; i < kGroup; ++i) {
        // What is not there is computed as the first and not stored.
        const float *b =
            call.b + call.indices[i < count ? p + i : p] * call.ldb;
        Lanes sum = a[Vectors - 1] * load(b + block.last);
        for (int v = 0; v < Vectors - 1; ++v)
          sum += a[v] * load(b + block.first + v * kLanes);
        sums[i] = sum;
      }
      Lanes values = addLanes(sums);
      if (block.first != 0) {
        Lanes before = {};
        std::memcpy(&before, call.values + p, count * sizeof(float));
        values += before;
      }
      std::memcpy(call.values + p, &values, count * sizeof(float));
    }
  }
}

PRUNE_RT_CLONES
static void runSampleBlock(const SampledCall &call, int64_t begin, int64_t end,
                           Block block) {
  switch (block.vectors) {
  case 1:
    return runSamples<1>(call, begin, end, block);
  case 2:
    return runSamples<2>(call, begin, end, block);
  case 3:
    return runSamples<3>(call, begin, end, block);
  case 4:
    return runSamples<4>(call, begin, end, block);
  case 5:
    return runSamples<5>(call, begin, end, block);
  case 6:
    return runSamples<6>(call, begin, end, block);
  case 7:
    return runSamples<7>(call, begin, end, block);
  default:
    return runSamples<8>(call, begin, end, block);
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

void prune_rt::runSampledRows(const SampledCall &call, int64_t begin,
                              int64_t end) {
  if (call.k < kLanes)
    return runShortSamples(call, begin, end);
  Blocks blocks(call.k);
  for (int64_t i = 0; i < blocks.count; ++i)
    runSampleBlock(call, begin, end, blocks.get(i));
}
