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

void prune_rt::run(const SampledCall &call) {
  int64_t threads = prune_rt_get_num_threads();
  // Below some tens of thousands of products a fork costs more than it gains.
  int64_t nonZeros = call.m == 0 ? 0 : call.pointers[call.m];
  if (nonZeros * call.k < 1 << 16)
    threads = 1;
  Panel panel = makePanel(call.b, call.n, call.k, call.ldb, nonZeros, threads);
  forEach(threads, threads, [&](int64_t part, int64_t) {
    runSampledRows(call, panel,
                   getFirstRow(call.pointers, call.m, part, threads),
                   getFirstRow(call.pointers, call.m, part + 1, threads));
  });
}
