//===- Parallel.h - Work cut among threads ----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_PARALLEL_H
#define PRUNE_RUNTIME_ONEDNN_PARALLEL_H

#include "../Kernels/Threads.h"
#include "Dnnl.h"

#include <algorithm>

namespace prune_rt {

/// Calls run(part, thread) for the parts from 0 to before `count`, on up to
/// `threads` threads; in each, oneDNN uses that thread alone.
template <typename Run>
void runParallel(int64_t count, int64_t threads, Run run) {
  forEach(count, std::min(count, threads), [&](int64_t part, int64_t thread) {
    OneThreadScope scope;
    run(part, thread);
  });
}

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_PARALLEL_H
