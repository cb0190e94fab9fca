//===- Workers.cpp - Threads of a handle ----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A job is a function that every thread calls with its number. Threads look for
// a new job for some microseconds, because layers follow each other quickly,
// and sleep then. All of them take every job, so that the next one can be
// written when the last thread has finished. Work is cut by the callers, into
// parts that do not depend on which thread takes them.
//
//===----------------------------------------------------------------------===//

#include "Workers.h"

#include "../Common/ThreadState.h"
#include "../Kernels/Scratch.h"
#include "../Kernels/Threads.h"

#include <cstdlib>
#include <new>

using namespace prune_rt;

/// Looks before a thread sleeps.
static constexpr int kLooks = 2000;

static void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// True when the condition holds within a short time.
template <typename Condition>
static bool look(Condition condition) {
  for (int i = 0; i < kLooks; ++i) {
    if (condition())
      return true;
    pause();
  }
  return false;
}

Workers *Workers::create(int64_t threads, Pool &pool) {
  size_t bytes = sizeof(Workers) + (threads - 1) * sizeof(Start);
  void *memory = std::calloc(bytes, 1);
  if (!memory || !reserveThreadStates(threads - 1)) {
    std::free(memory);
    return nullptr;
  }
  auto *workers = new (memory) Workers();
  workers->pool = &pool;
  workers->starts = reinterpret_cast<Start *>(workers + 1);
  pthread_mutex_init(&workers->mutex, nullptr);
  pthread_cond_init(&workers->wake, nullptr);
  pthread_cond_init(&workers->done, nullptr);
  pthread_barrier_init(&workers->barrier, nullptr, threads);
  workers->reserved = threads - 1;
  for (workers->threads = 1; workers->threads < threads; ++workers->threads) {
    Start &start = workers->starts[workers->threads - 1];
    start.workers = workers;
    start.index = workers->threads;
    if (pthread_create(&start.thread, nullptr, main, &start)) {
      workers->destroy();
      return nullptr;
    }
  }
  return workers;
}

void Workers::destroy() {
  run(nullptr, nullptr);
  for (int64_t i = 0; i < threads - 1; ++i)
    pthread_join(starts[i].thread, nullptr);
  releaseThreadStates(reserved);
  pthread_barrier_destroy(&barrier);
  pthread_cond_destroy(&done);
  pthread_cond_destroy(&wake);
  pthread_mutex_destroy(&mutex);
  std::free(this);
}

void *Workers::main(void *argument) {
  auto &start = *static_cast<Start *>(argument);
  DenormalScope denormals;
  ThreadState initial;
  initial.pool = start.workers->pool;
  initial.team = start.workers;
  initial.place = start.index;
  ThreadScope scope(initial);
  // Freed in the scope.
  ThreadMemory memory;
  scope.get().memory = &memory;
  start.workers->work(start.index);
  return nullptr;
}

/// The number of the next job.
uint32_t Workers::waitForJob(uint32_t seen) {
  auto load = [&] { return __atomic_load_n(&job, __ATOMIC_ACQUIRE); };
  if (look([&] { return load() != seen; }))
    return load();
  pthread_mutex_lock(&mutex);
  while (load() == seen)
    pthread_cond_wait(&wake, &mutex);
  pthread_mutex_unlock(&mutex);
  return load();
}

void Workers::work(int64_t index) {
  for (uint32_t seen = 0;;) {
    seen = waitForJob(seen);
    if (!function)
      return;
    function(context, index);
    finish();
  }
}

/// Says that a thread has done its part.
void Workers::finish() {
  if (__atomic_sub_fetch(&pending, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  pthread_mutex_lock(&mutex);
  pthread_cond_signal(&done);
  pthread_mutex_unlock(&mutex);
}

void Workers::run(void (*run)(void *context, int64_t thread), void *argument) {
  function = run;
  context = argument;
  __atomic_store_n(&pending, threads - 1, __ATOMIC_RELAXED);
  pthread_mutex_lock(&mutex);
  __atomic_add_fetch(&job, 1, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&wake);
  pthread_mutex_unlock(&mutex);
  if (!run)
    return;
  ThreadState &state = *findThreadState();
  state.team = this;
  run(argument, 0);
  state.team = nullptr;
  auto isDone = [&] {
    return __atomic_load_n(&pending, __ATOMIC_ACQUIRE) == 0;
  };
  if (look(isDone))
    return;
  pthread_mutex_lock(&mutex);
  while (!isDone())
    pthread_cond_wait(&done, &mutex);
  pthread_mutex_unlock(&mutex);
}

ThreadPlace prune_rt::getThreadPlace() {
  ThreadState &state = *findThreadState();
  return {state.team, state.place};
}

int64_t prune_rt_get_num_threads(void) {
  ThreadState *state = findThreadState();
  Workers *helpers = state ? state->helpers : nullptr;
  return helpers ? helpers->getThreads() : 1;
}

void prune_rt::runOnThreads(int64_t threads,
                            void (*run)(void *context, int64_t thread),
                            void *argument) {
  ThreadState &state = *findThreadState();
  Workers *workers = state.helpers;
  if (!workers || threads > workers->getThreads()) {
    ThreadState before = state;
    state.team = nullptr, state.place = 0;
    for (int64_t thread = 0; thread < threads; ++thread)
      run(argument, thread);
    state.team = before.team, state.place = before.place;
    return;
  }
  struct Job {
    int64_t threads;
    void (*run)(void *context, int64_t thread);
    void *argument;
  } job = {threads, run, argument};
  // What is called there runs on one thread.
  state.helpers = nullptr;
  workers->run(
      [](void *context, int64_t thread) {
        const Job &job = *static_cast<Job *>(context);
        if (thread < job.threads)
          job.run(job.argument, thread);
      },
      &job);
  state.helpers = workers;
}
