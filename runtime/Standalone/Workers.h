//===- Workers.h - Threads of a handle --------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_STANDALONE_WORKERS_H
#define PRUNE_RUNTIME_STANDALONE_WORKERS_H

#include "../Common/Pool.h"

#include <pthread.h>

namespace prune_rt {

/// The most threads of a handle.
constexpr int64_t kMaxThreads = 256;

/// Threads that wait for work, in which the caller takes part.
class Workers {
public:
  /// Starts threads, the caller's own counted, that allocate from a pool. Null
  /// when the system has none to give.
  static Workers *create(int64_t threads, Pool &pool);

  /// Ends the threads and frees this.
  void destroy();

  int64_t getThreads() const { return threads; }

  /// Calls run(context, thread) on every thread at the same time.
  void run(void (*run)(void *context, int64_t thread), void *context);

  /// Waits until each thread of a run has come here.
  void wait() { pthread_barrier_wait(&barrier); }

private:
  /// What a thread is started with.
  struct Start {
    Workers *workers;
    int64_t index;
    pthread_t thread;
  };

  static void *main(void *start);
  void work(int64_t index);
  uint32_t waitForJob(uint32_t seen);
  void finish();

  Pool *pool;
  int64_t threads;
  int64_t reserved; ///< states of threads
  pthread_mutex_t mutex;
  pthread_cond_t wake, done;
  pthread_barrier_t barrier;
  /// Counts the jobs; a new number means a new job.
  uint32_t job;
  /// Threads that have not finished the job.
  int64_t pending;
  /// Null ends the threads.
  void (*function)(void *context, int64_t thread);
  void *context;
  /// As many as there are threads besides the caller's.
  Start *starts;
};

/// Where a thread stands in the run of a job; one thread alone outside of one.
struct ThreadPlace {
  Workers *workers = nullptr;
  int64_t index = 0;

  int64_t getThreads() const { return workers ? workers->getThreads() : 1; }
};

ThreadPlace getThreadPlace();

} // namespace prune_rt

#endif // PRUNE_RUNTIME_STANDALONE_WORKERS_H
