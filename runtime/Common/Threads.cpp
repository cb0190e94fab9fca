//===- Threads.cpp - Threads of the process -------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The number of threads is one setting of the process, read at every call.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <atomic>

static std::atomic<int64_t> numThreads{1};

void prune_rt_set_num_threads(int64_t threads) {
  if (threads < 1)
    prune_rt::fail("prune_rt_set_num_threads", "expected at least one thread");
  numThreads.store(threads, std::memory_order_relaxed);
}

int64_t prune_rt_get_num_threads(void) {
  return numThreads.load(std::memory_order_relaxed);
}
