//===- LanePermuteProduct.cpp - Sparse products with few columns ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The inputs are copied, so that windows may end beyond them and lie on lines
// of the cache; groups of rows are cut among the threads by their steps.
//
//===----------------------------------------------------------------------===//

#include "LanePermute.h"
#include "Threads.h"

using namespace prune_rt;

/// Below some tens of thousands of products a fork costs more than it gains.
static constexpr int64_t kMinParallelWork = 1 << 16;

/// Activations that the kernels do not have.
static void activateAll(const LanePermuteCall &call) {
  for (int64_t column = 0; column < call.n; ++column)
    for (int64_t row = 0; row < call.m; ++row) {
      float &y = call.y[column * call.ldy + row];
      y = static_cast<float>(activate(y, call.activation));
    }
}

void prune_rt_lane_permute_f32(const float *values,
                               const prune_rt_lane_step *steps,
                               const prune_rt_lane_group *groups,
                               const int32_t *rows, const float *x,
                               const float *bias, float *y, int64_t m,
                               int64_t n, int64_t k, int64_t ldx, int64_t ldy,
                               int64_t activation) {
  LanePermuteCall call{values, steps, groups, rows, x,   bias,      y,
                       m,      n,     k,      ldx,  ldy, activation};
  check(call);
  if (m == 0 || n == 0)
    return;
  DenormalScope denormals;
  Buffer inputs(n * getInputStride(k) * sizeof(float));
  copyInputs(call, inputs.floats());
  InstructionSet set = getInstructionSet();
  int64_t threads = prune_rt_get_num_threads();
  if (groups[getNumGroups(call)].value * n < kMinParallelWork)
    threads = 1;
  forEach(threads, threads, [&](int64_t part, int64_t) {
    runGroups(call, inputs.floats(), set, getFirstGroup(call, part, threads),
              getFirstGroup(call, part + 1, threads));
  });
  if (activation == PRUNE_RT_ACTIVATION_SIGMOID ||
      activation == PRUNE_RT_ACTIVATION_TANH)
    activateAll(call);
}
