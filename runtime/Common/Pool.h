//===- Pool.h - Blocks of memory that are kept ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_POOL_H
#define PRUNE_RUNTIME_COMMON_POOL_H

#include "Runtime.h"

#include <pthread.h>

namespace prune_rt {

/// Alignment of blocks.
constexpr size_t kBlockAlignment = 64;
constexpr size_t kNumBlockClasses = 16 * 44;

/// One cache line in front of every block.
struct alignas(kBlockAlignment) BlockHeader {
  void *base;        ///< what the system returned
  BlockHeader *next; ///< next free block of the class
  size_t size;       ///< usable bytes
  size_t sizeClass;  ///< index of the list, kNumBlockClasses when not kept
};
static_assert(sizeof(BlockHeader) == kBlockAlignment,
              "the header keeps the alignment");

/// Blocks in use and blocks that are free. It has no destructor, because
/// compiled code may free during the exit of the process.
struct Pool {
  /// Keeps all free blocks, however many bytes they have. All members of a new
  /// pool are zero, so that one takes no place in a file.
  bool keepsAll = false;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  BlockHeader *free[kNumBlockClasses] = {};
  int64_t inUse = 0, peak = 0, cached = 0;

  /// Gives the free blocks back to the system.
  void trim();
};

/// Holds the lock of a pool while it lives.
class PoolLock {
public:
  explicit PoolLock(Pool &pool) : pool(pool) {
    pthread_mutex_lock(&pool.mutex);
  }
  ~PoolLock() { pthread_mutex_unlock(&pool.mutex); }
  PoolLock(const PoolLock &) = delete;
  PoolLock &operator=(const PoolLock &) = delete;

private:
  Pool &pool;
};

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_POOL_H
