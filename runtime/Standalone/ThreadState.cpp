//===- ThreadState.cpp - What a thread runs a network with ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Entries are added in front and stay until the library is closed, so that the
// list can be read without a lock. An entry belongs to the thread whose number
// it has; a thread looks for its own number alone, which no other one writes.
// The first free entry is taken, so that few are read: one when one thread
// runs.
//
//===----------------------------------------------------------------------===//

#include "../Common/ThreadState.h"

#include <cstdlib>
#include <new>
#include <pthread.h>

using namespace prune_rt;

namespace {

/// In a line of the cache of its own.
struct alignas(64) Entry {
  ThreadState state;
  /// Zero when the entry is free.
  uintptr_t thread;
  Entry *next;
};

} // namespace

static Entry *first = nullptr;

/// Guards what follows.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t numEntries = 0, numReserved = 0;

/// The number of the calling thread, which is not zero.
static uintptr_t getSelf() { return (uintptr_t)pthread_self(); }

/// The first entry, from the front of the list, of which `matches` holds.
template <typename Matches>
static Entry *findEntry(Matches matches) {
  for (Entry *entry = __atomic_load_n(&first, __ATOMIC_ACQUIRE); entry;
       entry = entry->next)
    if (matches(*entry))
      return entry;
  return nullptr;
}

ThreadState *prune_rt::findThreadState() {
  uintptr_t self = getSelf();
  Entry *entry = findEntry([&](Entry &candidate) {
    return __atomic_load_n(&candidate.thread, __ATOMIC_RELAXED) == self;
  });
  return entry ? &entry->state : nullptr;
}

static bool addEntry() {
  void *memory = nullptr;
  if (posix_memalign(&memory, alignof(Entry), sizeof(Entry)))
    return false;
  auto *entry = new (memory) Entry();
  entry->next = first;
  __atomic_store_n(&first, entry, __ATOMIC_RELEASE);
  ++numEntries;
  return true;
}

bool prune_rt::reserveThreadStates(int64_t count) {
  pthread_mutex_lock(&mutex);
  bool hasRoom = true;
  while (hasRoom && numEntries < numReserved + count)
    hasRoom = addEntry();
  numReserved += hasRoom ? count : 0;
  pthread_mutex_unlock(&mutex);
  return hasRoom;
}

void prune_rt::releaseThreadStates(int64_t count) {
  pthread_mutex_lock(&mutex);
  numReserved -= count;
  pthread_mutex_unlock(&mutex);
}

ThreadScope::ThreadScope(const ThreadState &initial) {
  uintptr_t self = getSelf();
  Entry *entry = nullptr;
  // Another thread may give an entry back in front of the place where this
  // looks, and take the one behind it.
  while (!entry)
    entry = findEntry([&](Entry &candidate) {
      uintptr_t none = 0;
      return __atomic_compare_exchange_n(&candidate.thread, &none, self,
                                         /*weak=*/false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED);
    });
  state = &entry->state;
  *state = initial;
}

ThreadScope::~ThreadScope() {
  auto *entry = reinterpret_cast<Entry *>(state);
  __atomic_store_n(&entry->thread, 0, __ATOMIC_RELEASE);
}

/// When the library is closed or the process ends. A handle that is left may
/// still run.
__attribute__((destructor(101))) static void freeEntries() {
  pthread_mutex_lock(&mutex);
  Entry *next = numReserved == 0 ? first : nullptr;
  if (next)
    __atomic_store_n(&first, nullptr, __ATOMIC_RELEASE);
  numEntries -= next ? numEntries : 0;
  pthread_mutex_unlock(&mutex);
  while (Entry *entry = next) {
    next = entry->next;
    std::free(entry);
  }
}
