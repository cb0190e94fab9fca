//===- LanePermute.cpp - Sparse products with few columns -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LanePermute.h"

#ifdef PRUNE_RT_STATIC
#include "../Common/ThreadState.h"
#endif

#include <cstring>

using namespace prune_rt;

InstructionSet prune_rt::getInstructionSet() {
  InstructionSet best = InstructionSet::Avx512;
#ifdef PRUNE_RT_STATIC
  if (ThreadState *state = findThreadState())
    best = state->best;
#endif
  for (InstructionSet set : {InstructionSet::Avx512, InstructionSet::Avx2})
    if (set <= best && isSupported(set))
      return set;
  return InstructionSet::Portable;
}

void prune_rt::copyInputs(const LanePermuteCall &call, float *inputs) {
  int64_t stride = getInputStride(call.k);
  for (int64_t column = 0; column < call.n; ++column) {
    float *target = inputs + column * stride;
    if (call.k != 0)
      std::memcpy(target, call.x + column * call.ldx, call.k * sizeof(float));
    std::memset(target + call.k, 0, (stride - call.k) * sizeof(float));
  }
}

int64_t prune_rt::getFirstGroup(const LanePermuteCall &call, int64_t part,
                                int64_t parts) {
  int64_t low = 0, high = getNumGroups(call);
  if (part == parts)
    return high;
  int64_t wanted = call.groups[high].step * part / parts;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    if (call.groups[middle].step < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// For each row of the group: adds the product that the step has for it.
static void addStep(const prune_rt_lane_step &step, const float *&values,
                    const float *inputs, float *sums) {
  const float *window = inputs + step.window * kGroupRows;
  for (int64_t lane = 0; lane < kGroupRows; ++lane) {
    if (!(step.taken >> lane & 1))
      continue;
    unsigned places = step.places[lane % 2 * 2 + lane / 8];
    int64_t place = places >> (lane / 2 % 4 * 4) & 15;
    place += step.high >> lane & 1 ? kGroupRows : 0;
    sums[lane] += *values++ * window[place];
  }
}

static void runGroupsPortable(const LanePermuteCall &call, const float *inputs,
                              int64_t begin, int64_t end) {
  int64_t stride = getInputStride(call.k);
  for (int64_t group = begin; group < end; ++group) {
    const prune_rt_lane_group &first = call.groups[group];
    int64_t steps = call.groups[group + 1].step - first.step;
    for (int64_t column = 0; column < call.n; ++column) {
      float sums[kChains][kGroupRows] = {};
      const float *values = call.values + first.value;
      for (int64_t step = 0; step < steps; ++step)
        addStep(call.steps[first.step + step], values, inputs + column * stride,
                sums[step % kChains]);
      for (int64_t lane = 0; lane < kGroupRows; ++lane)
        sums[0][lane] =
            (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
      writeSums(call, group, column, sums[0]);
    }
  }
}

void prune_rt::runGroups(const LanePermuteCall &call, const float *inputs,
                         InstructionSet set, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  if (set == InstructionSet::Avx512)
    return runGroupsAvx512(call, inputs, begin, end);
  if (set == InstructionSet::Avx2)
    return runGroupsAvx2(call, inputs, begin, end);
#endif
  runGroupsPortable(call, inputs, begin, end);
}
