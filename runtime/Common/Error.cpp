//===- Error.cpp - Argument checks of the runtime -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks that cost a few comparisons a call and turn a wrong argument into a
// message instead of a wild write.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace prune_rt;

void prune_rt::fail(const char *function, const char *message) {
  std::fprintf(stderr, "%s: %s\n", function, message);
  std::abort();
}

bool prune_rt::isActivation(int64_t activation) {
  return activation >= PRUNE_RT_ACTIVATION_NONE &&
         activation <= PRUNE_RT_ACTIVATION_TANH;
}

void prune_rt::check(const MatmulCall &call) {
  constexpr const char *name = "prune_rt_matmul_f32";
  expect(call.m >= 0 && call.n >= 0 && call.k >= 0, name,
         "expected extents that are not negative");
  expect(isActivation(call.activation), name, "unknown activation");
  expect((call.flags & ~int64_t(15)) == 0, name, "unknown flags");
  if (call.m == 0 || call.n == 0)
    return;
  expect(call.c, name, "expected a destination");
  expect(call.ldc >= call.n || call.m == 1, name,
         "expected a leading dimension of c of at least n");
  if (call.k == 0)
    return;
  expect(call.a && call.b, name, "expected two operands");
  bool transposedA = call.has(PRUNE_RT_TRANSPOSE_A);
  bool transposedB = call.has(PRUNE_RT_TRANSPOSE_B);
  expect(call.lda >= (transposedA ? call.m : call.k) ||
             (transposedA ? call.k : call.m) == 1,
         name, "leading dimension of a is smaller than its rows");
  expect(call.ldb >= (transposedB ? call.k : call.n) ||
             (transposedB ? call.n : call.k) == 1,
         name, "leading dimension of b is smaller than its rows");
}

void prune_rt::check(const CsrCall &call) {
  constexpr const char *name = "prune_rt_spmm_f32";
  expect(call.m >= 0 && call.n >= 0 && call.k >= 0, name,
         "expected extents that are not negative");
  expect(isActivation(call.activation), name, "unknown activation");
  if (call.m == 0 || call.n == 0)
    return;
  expect(call.y && call.pointers, name, "expected a destination and pointers");
  expect(call.ldy >= call.n || call.m == 1, name,
         "expected a leading dimension of y of at least n");
  if (call.pointers[call.m] == call.pointers[0])
    return;
  expect(call.values && call.indices && call.x, name,
         "expected values, indices and x");
  expect(call.ldx >= call.n || call.k == 1, name,
         "expected a leading dimension of x of at least n");
}

void prune_rt::check(const SampledCall &call) {
  constexpr const char *name = "prune_rt_sddmm_f32";
  expect(call.m >= 0 && call.n >= 0 && call.k >= 0, name,
         "expected extents that are not negative");
  if (call.m == 0)
    return;
  expect(call.pointers, name, "expected pointers");
  if (call.pointers[call.m] == call.pointers[0])
    return;
  expect(call.values && call.indices && (call.k == 0 || (call.a && call.b)),
         name, "expected indices, two operands and a destination");
  expect(call.lda >= call.k || call.m == 1, name,
         "expected a leading dimension of a of at least k");
  expect(call.ldb >= call.k || call.n == 1, name,
         "expected a leading dimension of b of at least k");
}

void prune_rt::check(const LanePermuteCall &call) {
  constexpr const char *name = "prune_rt_lane_permute_f32";
  expect(call.m >= 0 && call.n >= 0 && call.k >= 0, name,
         "expected extents that are not negative");
  expect(call.k <= int64_t(1) << 20, name, "expected k to be at most 2^20");
  expect(isActivation(call.activation), name, "unknown activation");
  if (call.m == 0 || call.n == 0)
    return;
  expect(call.y && call.groups && call.rows, name,
         "expected a destination, groups and rows");
  expect(call.ldy >= call.m || call.n == 1, name,
         "expected a leading dimension of y of at least m");
  if (call.k == 0)
    return;
  expect(call.values && call.x, name, "expected values and x");
  expect(call.ldx >= call.k || call.n == 1, name,
         "expected a leading dimension of x of at least k");
}

void prune_rt::check(const TransposeCall &call) {
  constexpr const char *name = "prune_rt_transpose_f32";
  expect(call.m >= 0 && call.n >= 0, name,
         "expected extents that are not negative");
  if (call.m == 0 || call.n == 0)
    return;
  expect(call.x && call.y, name, "expected an operand and a destination");
  expect(call.ldx >= call.n || call.m == 1, name,
         "expected a leading dimension of x of at least n");
  expect(call.ldy >= call.m || call.n == 1, name,
         "expected a leading dimension of y of at least m");
}
