//===- LanePermute.h - Sparse products with few columns ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// y[n, m] = activation(x[n, k] * transpose(w[m, k]) + bias[m]) for a weight in
// the steps of prune_rt_lane_permute_f32 and few rows of x. Every group of 16
// rows of w is summed alone, by four sums that take the steps in turn, so that
// results do not depend on how groups are spread over threads.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_LANEPERMUTE_H
#define PRUNE_RUNTIME_KERNELS_LANEPERMUTE_H

#include "../Common/Processor.h"
#include "../Common/Runtime.h"

namespace prune_rt {

/// Rows of a group.
constexpr int64_t kGroupRows = 16;
/// Sums that the steps of a group take in turn.
constexpr int64_t kChains = 4;

/// The best one that the processor has and the thread may use.
InstructionSet getInstructionSet();

/// Floats of one copied row of x: windows end beyond the last input.
inline int64_t getInputStride(int64_t k) {
  return (k + kGroupRows - 1) / kGroupRows * kGroupRows + kGroupRows;
}

/// Copies x to `inputs` [n, getInputStride(k)], with zeros after each row.
void copyInputs(const LanePermuteCall &call, float *inputs);

inline int64_t getNumGroups(const LanePermuteCall &call) {
  return (call.m + kGroupRows - 1) / kGroupRows;
}

/// The first group of a part when the steps are cut into about equal parts.
int64_t getFirstGroup(const LanePermuteCall &call, int64_t part, int64_t parts);

/// Runs the groups [begin, end) on copied inputs. Of the activations only relu
/// is applied; a NaN stays one.
void runGroups(const LanePermuteCall &call, const float *inputs,
               InstructionSet set, int64_t begin, int64_t end);

/// The same for one instruction set each.
void runGroupsAvx2(const LanePermuteCall &call, const float *inputs,
                   int64_t begin, int64_t end);
void runGroupsAvx512(const LanePermuteCall &call, const float *inputs,
                     int64_t begin, int64_t end);

/// Writes the sums of a group's rows to their places in row `column` of y.
inline void writeSums(const LanePermuteCall &call, int64_t group,
                      int64_t column, const float *sums) {
  const int32_t *rows = call.rows + group * kGroupRows;
  int64_t count = call.m - group * kGroupRows;
  count = count < kGroupRows ? count : kGroupRows;
  float *y = call.y + column * call.ldy;
  bool hasRelu = call.activation == PRUNE_RT_ACTIVATION_RELU;
  for (int64_t lane = 0; lane < count; ++lane) {
    int32_t row = rows[lane];
    float sum = call.bias ? sums[lane] + call.bias[row] : sums[lane];
    y[row] = hasRelu && sum < 0.0f ? 0.0f : sum;
  }
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_LANEPERMUTE_H
