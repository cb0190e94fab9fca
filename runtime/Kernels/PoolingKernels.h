//===- PoolingKernels.h - Poolings as vectorized loops ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_POOLINGKERNELS_H
#define PRUNE_RUNTIME_KERNELS_POOLINGKERNELS_H

#include "../Common/ConvolutionShape.h"
#include "../Common/Lanes.h"

namespace prune_rt {

/// The poolings of the images from `begin` to before `end`; each element is
/// summed in row-major order of windows.
void runMaxPool(const PoolCall &call, int64_t begin, int64_t end);
void runMaxPool(const PoolBackwardCall &call, int64_t begin, int64_t end);
void runAveragePool(const PoolCall &call, int64_t begin, int64_t end);
void runAveragePool(const PoolBackwardCall &call, int64_t begin, int64_t end);

/// True for windows of 2x2 that lie side by side in im2col.
bool isHalving(const ConvolutionShape &shape);

/// The poolings of isHalving().
void runHalving(const PoolCall &call, int64_t begin, int64_t end);
void runHalving(const PoolBackwardCall &call, int64_t begin, int64_t end);

/// True for images by channel without a workspace, and the maxima of such.
bool isByRows(const PoolCall &call);
void runByRows(const PoolCall &call, int64_t begin, int64_t end);

/// Vector types by their number of elements; they may lie at any address.
/// Written out, because g++ forgets the size of a vector that depends on a
/// parameter.
template <int Width>
struct PoolVectors;
template <>
struct PoolVectors<16> {
  typedef float Floats __attribute__((vector_size(64), aligned(4)));
  typedef int32_t Places __attribute__((vector_size(64), aligned(4)));
  typedef uint8_t Bytes __attribute__((vector_size(16), aligned(1)));
};
template <>
struct PoolVectors<4> {
  typedef float Floats __attribute__((vector_size(16), aligned(4)));
  typedef int32_t Places __attribute__((vector_size(16), aligned(4)));
  typedef uint8_t Bytes __attribute__((vector_size(4), aligned(1)));
};

/// `Width` floats, places as integers, and places as bytes; scalars for 1.
template <int Width>
struct PoolLanes {
  static constexpr int kWidth = Width;
  using Floats = typename PoolVectors<Width>::Floats;
  using Places = typename PoolVectors<Width>::Places;
  using Bytes = typename PoolVectors<Width>::Bytes;

  PRUNE_RT_INLINE static Floats load(const float *from) {
    return *reinterpret_cast<const Floats *>(from);
  }
  PRUNE_RT_INLINE static void store(float *to, Floats values) {
    *reinterpret_cast<Floats *>(to) = values;
  }
  PRUNE_RT_INLINE static Places load(const uint8_t *from) {
    return __builtin_convertvector(*reinterpret_cast<const Bytes *>(from),
                                   Places);
  }
  PRUNE_RT_INLINE static void store(uint8_t *to, Places places) {
    *reinterpret_cast<Bytes *>(to) = __builtin_convertvector(places, Bytes);
  }
};

template <>
struct PoolLanes<1> {
  static constexpr int kWidth = 1;
  using Floats = float;
  using Places = int32_t;

  PRUNE_RT_INLINE static float load(const float *from) { return *from; }
  PRUNE_RT_INLINE static void store(float *to, float value) { *to = value; }
  PRUNE_RT_INLINE static int32_t load(const uint8_t *from) { return *from; }
  PRUNE_RT_INLINE static void store(uint8_t *to, int32_t place) {
    *to = static_cast<uint8_t>(place);
  }
};

/// The largest element so far, the first of equal ones or the first NaN.
template <int Width>
struct Maximum {
  using Floats = typename PoolLanes<Width>::Floats;
  using Places = typename PoolLanes<Width>::Places;

  PRUNE_RT_INLINE void add(Floats value, int32_t at) {
    // Not (value <= best) holds for a NaN as well.
    auto beaten = value <= best;
    auto wins = (beaten == 0) & (best == best);
    best = wins ? value : best;
    place = wins ? Places{} + at : place;
  }

  Floats best;
  Places place;
};

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_POOLINGKERNELS_H
