//===- Sddmm.cpp - Elements of a product at given places ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are cut among the threads by their non-zeros; a value is one thread's,
// and its sum does not depend on the cut.
//
//===----------------------------------------------------------------------===//

#include "CompressedLoops.h"
#include "Threads.h"

using namespace prune_rt;

void prune_rt_sddmm_f32(const int32_t *indices, const int32_t *pointers,
                        const float *a, const float *b, float *values,
                        int64_t m, int64_t n, int64_t k, int64_t lda,
                        int64_t ldb) {
  SampledCall call{indices, pointers, a, b, values, m, n, k, lda, ldb};
  check(call);
  DenormalScope denormals;
  int64_t threads = prune_rt_get_num_threads();
  // Below some tens of thousands of products a fork costs more than it gains.
  int64_t nonZeros = m == 0 ? 0 : pointers[m];
  if (nonZeros * k < 1 << 16)
    threads = 1;
  Panel panel = makePanel(b, n, k, ldb, nonZeros, threads);
  forEach(threads, threads, [&](int64_t part, int64_t) {
    runSampledRows(call, panel, getFirstRow(pointers, m, part, threads),
                   getFirstRow(pointers, m, part + 1, threads));
  });
}
