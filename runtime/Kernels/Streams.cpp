//===- Streams.cpp - Sparse products that are read from a stream ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row keeps its sums of several panels in registers, while a loop reads its
// weights and where their inputs lie. Each row reads the stream once for these
// panels, whose inputs stay in the first caches for all rows.
//
//===----------------------------------------------------------------------===//

#include "Streams.h"

#include "../Common/Lanes.h"

#include <cstring>

using namespace prune_rt;

namespace {

/// A bit or a number for each lane.
typedef int32_t Bits __attribute__((vector_size(64), aligned(4)));

/// Panels whose sums of a row fit in half the registers of four floats. More
/// are slower: compilers move some of them to memory.
#if defined(__aarch64__)
constexpr int kMostPanels = 4;
#else
constexpr int kMostPanels = 2;
#endif

/// Reads 32-bit numbers and floats, one after the other.
struct Reader {
  const float *place;

  PRUNE_RT_INLINE float readFloat() { return *place++; }
  PRUNE_RT_INLINE int32_t readNumber() {
    int32_t number;
    std::memcpy(&number, place++, sizeof(number));
    return number;
  }
};

/// What rows do with the panels at hand.
struct Work {
  prune_rt_stream head;
  const float *x;
  float *y;
  const prune_rt_panel *panels;

  PRUNE_RT_INLINE bool has(int32_t flag) const {
    return (head.flags & flag) != 0;
  }
};

} // namespace

static PRUNE_RT_INLINE Bits spread(uint16_t mask) {
  const Bits bits = {1,       1 << 1,  1 << 2,  1 << 3, 1 << 4,  1 << 5,
                     1 << 6,  1 << 7,  1 << 8,  1 << 9, 1 << 10, 1 << 11,
                     1 << 12, 1 << 13, 1 << 14, 1 << 15};
  return ((Bits{} + int32_t(mask)) & bits) != 0;
}

static PRUNE_RT_INLINE Lanes keep(Lanes values, Bits lanes) {
  return (Lanes)((Bits)values & lanes);
}

static PRUNE_RT_INLINE Lanes loadLanes(const float *place) {
  return *reinterpret_cast<const Lanes *>(place);
}

static PRUNE_RT_INLINE Lanes loadEveryOther(const float *place) {
  return __builtin_shufflevector(loadLanes(place), loadLanes(place + kLanes), 0,
                                 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26,
                                 28, 30);
}

/// True when the lanes lie side by side as they are.
static PRUNE_RT_INLINE bool isWhole(const Work &work,
                                    const prune_rt_panel &panel) {
  return work.head.store == PRUNE_RT_STREAM_ALL ||
         (panel.lanes == 0xffff && panel.places == 0xffff);
}

/// Loads the results of a panel that are there, `y` floats from its start.
static void loadSome(const Work &work, const prune_rt_panel &panel, int64_t y,
                     float *sums) {
  const float *place = work.y + panel.output + y;
  bool isPacked = work.head.store == PRUNE_RT_STREAM_PACKED;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] = 0.0f;
    if ((isPacked ? panel.lanes : panel.places) >> lane & 1)
      sums[lane] = isPacked ? *place++ : place[lane];
    else if (!isPacked && panel.rest >> lane & 1)
      sums[lane] = work.y[panel.rest_output + y + lane];
  }
}

static void storeSome(const Work &work, const prune_rt_panel &panel, int64_t y,
                      const float *sums) {
  float *place = work.y + panel.output + y;
  bool isPacked = work.head.store == PRUNE_RT_STREAM_PACKED;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    if ((isPacked ? panel.lanes : panel.places) >> lane & 1)
      (isPacked ? *place++ : place[lane]) = sums[lane];
    else if (!isPacked && panel.rest >> lane & 1)
      work.y[panel.rest_output + y + lane] = sums[lane];
  }
}

static PRUNE_RT_INLINE Lanes load(const Work &work, const prune_rt_panel &panel,
                                  int64_t y) {
  if (work.head.store == PRUNE_RT_STREAM_ZEROED || isWhole(work, panel))
    return loadLanes(work.y + panel.output + y);
  float lanes[kLanes];
  loadSome(work, panel, y, lanes);
  return loadLanes(lanes);
}

static PRUNE_RT_INLINE void store(const Work &work, const prune_rt_panel &panel,
                                  int64_t y, Lanes sums) {
  bool isZeroed = work.head.store == PRUNE_RT_STREAM_ZEROED;
  bool isStored = isZeroed || isWhole(work, panel);
  if (isZeroed || work.head.store == PRUNE_RT_STREAM_PARTS)
    sums = keep(sums, spread(panel.lanes));
  if (isStored) {
    *reinterpret_cast<Lanes *>(work.y + panel.output + y) = sums;
    return;
  }
  float lanes[kLanes];
  *reinterpret_cast<Lanes *>(lanes) = sums;
  storeSome(work, panel, y, lanes);
}

/// Adds the next products of `Panels` panels, of inputs with a mask or, for 0,
/// without.
template <int Panels>
static PRUNE_RT_INLINE void multiply(const Work &work, Reader &reader,
                                     const float *const *x, int32_t mask,
                                     Lanes *sums) {
  Bits lanes[Panels];
  for (int p = 0; mask > 0 && p < Panels; ++p)
    lanes[p] = spread(work.panels[p].masks[mask - 1]);
  bool isPlain = mask == 0 && work.head.step == 1;
  int32_t count = reader.readNumber();
  for (int32_t i = 0; isPlain && i < count; ++i) {
    int64_t input = reader.readNumber();
    float value = reader.readFloat();
    for (int p = 0; p < Panels; ++p)
      sums[p] += value * loadLanes(x[p] + input);
  }
  for (int32_t i = 0; !isPlain && i < count; ++i) {
    int64_t input = reader.readNumber();
    float value = reader.readFloat();
    for (int p = 0; p < Panels; ++p) {
      Lanes loaded = work.head.step == 1 ? loadLanes(x[p] + input)
                                         : loadEveryOther(x[p] + input);
      sums[p] += value * (mask > 0 ? keep(loaded, lanes[p]) : loaded);
    }
  }
}

/// All rows of a segment for `Panels` panels.
template <int Panels>
static PRUNE_RT_INLINE void runPanels(const Work &work, Reader reader) {
  const float *x[Panels];
  for (int p = 0; p < Panels; ++p)
    x[p] = work.x + work.panels[p].input - work.head.before;
  for (int32_t row = 0; row < work.head.rows; ++row) {
    Lanes sums[Panels];
    int64_t y = reader.readNumber();
    float bias = work.has(PRUNE_RT_STREAM_BIAS) ? reader.readFloat() : 0.0f;
    for (int p = 0; p < Panels; ++p) {
      sums[p] = Lanes{} + bias;
      if (work.has(PRUNE_RT_STREAM_LOADED))
        sums[p] += load(work, work.panels[p], y);
    }
    for (int32_t mask = 0; mask <= work.head.masks; ++mask)
      multiply<Panels>(work, reader, x, mask, sums);
    for (int p = 0; p < Panels; ++p) {
      // A NaN is not less.
      if (work.has(PRUNE_RT_STREAM_RELU))
        sums[p] = sums[p] < 0.0f ? Lanes{} : sums[p];
      store(work, work.panels[p], y, sums[p]);
    }
  }
}

PRUNE_RT_CLONES
static void runAll(Work work, const float *stream, const prune_rt_panel *end) {
  const Reader reader = {stream};
  while (work.panels < end) {
    int64_t left = end - work.panels;
    // Equal parts where there are less than two times the most.
    int64_t taken = left >= 2 * kMostPanels ? kMostPanels
                    : left > kMostPanels    ? (left + 1) / 2
                                            : left;
    if (taken == 1)
      runPanels<1>(work, reader);
    else if (taken == 2)
      runPanels<2>(work, reader);
    else if constexpr (kMostPanels > 2)
      taken == 3 ? runPanels<3>(work, reader) : runPanels<4>(work, reader);
    work.panels += taken;
  }
}

void prune_rt::runStream(const float *x, float *y, const float *stream,
                         const prune_rt_panel *begin,
                         const prune_rt_panel *end) {
  Work work = {{}, x, y, begin};
  std::memcpy(&work.head, stream, sizeof(work.head));
  runAll(work, stream + sizeof(work.head) / sizeof(float), end);
}

void prune_rt_streamed_f32(const prune_rt_generated *plan, const float *x,
                           float *y) {
  runGenerated(*plan, x, y, runStream);
}
