//===- Compressed.cpp - Interface of products of compressed rows ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

using namespace prune_rt;

void prune_rt_spmm_f32(const float *values, const int32_t *indices,
                       const int32_t *pointers, const float *x,
                       const float *bias, float *y, int64_t m, int64_t n,
                       int64_t k, int64_t ldx, int64_t ldy,
                       int64_t activation) {
  CsrCall call{values, indices, pointers, x,   bias, y,
               m,      n,       k,        ldx, ldy,  activation};
  check(call);
  DenormalScope denormals;
  run(call);
}

void prune_rt_sddmm_f32(const int32_t *indices, const int32_t *pointers,
                        const float *a, const float *b, float *values,
                        int64_t m, int64_t n, int64_t k, int64_t lda,
                        int64_t ldb) {
  SampledCall call{indices, pointers, a, b, values, m, n, k, lda, ldb};
  check(call);
  DenormalScope denormals;
  run(call);
}
