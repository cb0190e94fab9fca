//===- Naive.cpp - Runtime of plain loops ---------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The implementation that every other one is compared with. It prepares
// nothing, so slots stay empty.
//
//===----------------------------------------------------------------------===//

#include "../Common/Runtime.h"

using namespace prune_rt;

const char *prune_rt_implementation(void) { return "naive"; }

void prune_rt_release_slot(void **slot) { *slot = nullptr; }

const char *prune_rt_slot_kernel(void *const *) { return "loops"; }

void prune_rt_matmul_f32(void **, const float *a, const float *b,
                         const float *bias, float *c, int64_t m, int64_t n,
                         int64_t k, int64_t lda, int64_t ldb, int64_t ldc,
                         int64_t flags, int64_t activation) {
  MatmulCall call{a, b, bias, c, m, n, k, lda, ldb, ldc, flags, activation};
  check(call);
  DenormalScope denormals;
  runLoops(call);
}

void prune_rt::run(const CsrCall &call) { runLoops(call); }

void prune_rt::run(const SampledCall &call) { runLoops(call); }
