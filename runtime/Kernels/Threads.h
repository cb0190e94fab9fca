//===- Threads.h - Sharing work among threads -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_THREADS_H
#define PRUNE_RUNTIME_KERNELS_THREADS_H

#include <algorithm>
#include <cstdint>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace prune_rt {

#ifdef PRUNE_RT_STATIC
/// Calls run(context, thread) for the threads from 0 to before `threads`: at
/// the same time on those of the network's handle, else one after the other.
void runOnThreads(int64_t threads, void (*run)(void *context, int64_t thread),
                  void *context);
#endif

/// Calls run(part, thread) for the parts from 0 to before `count`, for each
/// thread in turn. There is one thread where nobody has others: neither OpenMP
/// nor the handle of a network.
template <typename Function>
void forEach(int64_t count, int64_t threads, Function run) {
#ifdef _OPENMP
  if (threads > 1) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t part = 0; part < count; ++part)
      run(part, omp_get_thread_num());
    return;
  }
#elif defined(PRUNE_RT_STATIC)
  if (threads > 1) {
    auto runShare = [&](int64_t thread) {
      int64_t end = count * (thread + 1) / threads;
      for (int64_t part = count * thread / threads; part < end; ++part)
        run(part, thread);
    };
    using Share = decltype(runShare);
    runOnThreads(
        threads,
        [](void *context, int64_t thread) {
          (*static_cast<Share *>(context))(thread);
        },
        &runShare);
    return;
  }
#endif
  (void)threads;
  for (int64_t part = 0; part < count; ++part)
    run(part, 0);
}

/// Calls run(begin, end) for ranges that cover the extent, one for each thread.
template <typename Function>
void forRanges(int64_t extent, int64_t threads, Function run) {
  threads = std::max<int64_t>(1, std::min(extent, threads));
  forEach(threads, threads, [&](int64_t part, int64_t) {
    run(extent * part / threads, extent * (part + 1) / threads);
  });
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_THREADS_H
