//===- ThreadState.h - What a thread runs a network with --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled code does not pass the handle on, so the functions that it calls
// look for what their thread runs with. Thread-local variables would not do: a
// shared object with fast ones can be loaded some 35 times in a process, as the
// loader has little room for them, and slow ones are allocated by the first run
// in each thread. So a list has an entry for each thread that may run at the
// same time, which handles make when they are created.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_THREADSTATE_H
#define PRUNE_RUNTIME_COMMON_THREADSTATE_H

#include "Processor.h"

#include <cstdint>

namespace prune_rt {

struct Pool;
struct ThreadMemory;
class Workers;

/// What a thread that runs a network has of the handle.
struct ThreadState {
  /// Where it allocates and frees.
  Pool *pool = nullptr;
  ThreadMemory *memory = nullptr;
  /// The best instructions that it may use.
  InstructionSet best = InstructionSet::Avx512;
  /// Others that it may share its work with.
  Workers *helpers = nullptr;
  /// The threads that run a job with it, and its number among them.
  Workers *team = nullptr;
  int64_t place = 0;
};

/// The state of the calling thread; null when it runs no network.
ThreadState *findThreadState();

/// Makes room for so many more threads at the same time. False without memory.
bool reserveThreadStates(int64_t count);
void releaseThreadStates(int64_t count);

/// The calling thread has a state while this lives. Room must be reserved.
class ThreadScope {
public:
  explicit ThreadScope(const ThreadState &initial);
  ~ThreadScope();
  ThreadScope(const ThreadScope &) = delete;
  ThreadScope &operator=(const ThreadScope &) = delete;

  ThreadState &get() { return *state; }

private:
  ThreadState *state;
};

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_THREADSTATE_H
