//===- Parallel.h - Work cut among threads ----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_PARALLEL_H
#define PRUNE_RUNTIME_ONEDNN_PARALLEL_H

#include "Dnnl.h"

#include <omp.h>

#include <algorithm>

namespace prune_rt {

/// Calls run(part, thread) for the parts from 0 to before `count`, on up to
/// `threads` threads; in each, oneDNN uses that thread alone.
template <typename Run>
void runParallel(int64_t count, int64_t threads, Run run) {
  threads = std::min(count, threads);
  if (threads <= 1) {
    useThreads(1);
    for (int64_t part = 0; part < count; ++part)
      run(part, 0);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    useThreads(1);
#pragma omp for schedule(static)
    for (int64_t part = 0; part < count; ++part)
      run(part, omp_get_thread_num());
  }
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_PARALLEL_H
