//===- OpenMP.cpp - Parallel loops of compiled code -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions of LLVM's OpenMP that compiled code calls for parallel loops,
// on the threads of the handle. A loop is cut into as many parts as there are
// threads, in the order of these, as LLVM's library does. Symbols are hidden,
// so that they do not meet those of such a library in the same process.
//
//===----------------------------------------------------------------------===//

#include "../Kernels/Threads.h"
#include "Workers.h"

#include <algorithm>
#include <cstdarg>

using namespace prune_rt;

namespace {

/// A parallel region with one argument or none.
struct Region {
  void (*function)(int32_t *thread, int32_t *bound, void *argument);
  void *argument;

  void run(int64_t thread) const {
    int32_t numbers[] = {static_cast<int32_t>(thread), 0};
    function(&numbers[0], &numbers[1], argument);
  }
};

} // namespace

extern "C" {

// NOLINTBEGIN(readability-identifier-naming): names of OpenMP

int32_t __kmpc_global_thread_num(void *) {
  return static_cast<int32_t>(getThreadPlace().index);
}

/// The number of threads is that of the handle.
void __kmpc_push_num_threads(void *, int32_t, int32_t) {}

void __kmpc_fork_call(void *, int32_t count,
                      void (*function)(int32_t *, int32_t *, void *), ...) {
  expect(count <= 1, "__kmpc_fork_call", "expected one argument");
  va_list list;
  va_start(list, function);
  Region region = {function, count == 1 ? va_arg(list, void *) : nullptr};
  va_end(list);
  runOnThreads(
      prune_rt_get_num_threads(),
      [](void *context, int64_t thread) {
        static_cast<const Region *>(context)->run(thread);
      },
      &region);
}

/// The iterations from `*lower` to `*upper` that are this thread's.
void __kmpc_for_static_init_8u(void *, int32_t, int32_t, int32_t *isLast,
                               uint64_t *lower, uint64_t *upper,
                               int64_t *stride, int64_t step, int64_t) {
  ThreadPlace place = getThreadPlace();
  uint64_t threads = place.getThreads(), thread = place.index;
  // An empty loop ends before it begins.
  uint64_t count = *upper < *lower ? 0 : (*upper - *lower) / step + 1;
  uint64_t share = count / threads, more = count % threads;
  uint64_t begin = thread * share + std::min(thread, more);
  uint64_t size = share + (thread < more);
  *isLast = size > 0 && begin + size == count;
  *stride = static_cast<int64_t>(count * step);
  uint64_t first = *lower;
  *lower = first + begin * step;
  *upper = first + (begin + size) * step - step;
  if (size == 0) {
    *lower = 1;
    *upper = 0;
  }
}

void __kmpc_for_static_fini(void *, int32_t) {}

void __kmpc_barrier(void *, int32_t) {
  if (Workers *workers = getThreadPlace().workers)
    workers->wait();
}

// NOLINTEND(readability-identifier-naming)

} // extern "C"
