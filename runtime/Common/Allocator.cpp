//===- Allocator.cpp - Caching aligned allocator --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks are rounded up to a size class (four classes per power of two, so at
// most a quarter is lost; sixteen from 1 MiB on, where there are few blocks and
// a sixteenth is much) and kept on one list per class when freed. A header
// of one cache line in front of each block names its class. Network code
// allocates the same few sizes at every call, so after the first call nothing
// reaches the system. One lock guards the lists: an allocation is tens of
// nanoseconds beside kernels of microseconds. The handle of a network has lists
// of its own.
//
// The process keeps at most 1 GiB of free blocks, since nobody knows which of
// them will be needed again; what is freed beyond goes back to the system. A
// handle keeps all, because each of its runs needs the same ones. Alignments
// above 64 bytes are rare and served without keeping.
//
// With PRUNE_RT_POISON in the environment when the library is loaded, every
// block is filled with ones when it is allocated, which reads as NaN: what is
// read before it was written shows.
//
//===----------------------------------------------------------------------===//

#include "Pool.h"

#ifdef PRUNE_RT_STATIC
#include "ThreadState.h"
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace prune_rt;

/// Bytes that the process keeps at most.
static constexpr int64_t kCacheLimit = int64_t(1) << 30;

static Pool processPool;

static Pool &getPool() {
#ifdef PRUNE_RT_STATIC
  if (ThreadState *state = findThreadState())
    return *state->pool;
#endif
  return processPool;
}

static const bool poisons = std::getenv("PRUNE_RT_POISON") != nullptr;

/// Index of the size class and, in `size`, its size: 2^e * {4, 5, 6, 7} / 4 or
/// 2^e * {16, ..., 31} / 16.
static size_t roundToClass(size_t &size) {
  size = std::max<size_t>(size, 4 * kBlockAlignment);
  unsigned exponent = 63 - __builtin_clzll(size);
  size_t step = size_t(1) << (exponent - (exponent < 20 ? 2 : 4));
  size = (size + step - 1) / step * step;
  exponent = 63 - __builtin_clzll(size);
  return (exponent - 8) * 16 + ((size >> (exponent - 4)) - 16);
}

static void *allocateBlock(size_t alignment, size_t size) {
  if (size > (size_t(1) << 48))
    prune_rt::fail("_mlir_memref_to_llvm_alloc", "impossible size");
  Pool &pool = getPool();
  size_t sizeClass = roundToClass(size);
  bool isKept = alignment <= kBlockAlignment;
  {
    PoolLock lock(pool);
    pool.inUse += size;
    pool.peak = std::max(pool.peak, pool.inUse);
    if (BlockHeader *header = isKept ? pool.free[sizeClass] : nullptr) {
      pool.free[sizeClass] = header->next;
      pool.cached -= size;
      return header + 1;
    }
  }
  alignment = std::max(alignment, kBlockAlignment);
  void *base = nullptr;
  if (posix_memalign(&base, alignment, size + alignment))
    prune_rt::fail("_mlir_memref_to_llvm_alloc", "out of memory");
  char *block = static_cast<char *>(base) + alignment;
  auto *header = reinterpret_cast<BlockHeader *>(block) - 1;
  *header = {base, nullptr, size, isKept ? sizeClass : kNumBlockClasses};
  return block;
}

static void *allocate(size_t alignment, size_t size) {
  void *block = allocateBlock(alignment, size);
  if (poisons)
    std::memset(block, 0xff, size);
  return block;
}

void *_mlir_memref_to_llvm_alloc(size_t size) {
  return allocate(kBlockAlignment, size);
}

void *_mlir_memref_to_llvm_aligned_alloc(size_t alignment, size_t size) {
  return allocate(alignment, size);
}

void _mlir_memref_to_llvm_free(void *pointer) {
  if (!pointer)
    return;
  BlockHeader *header = static_cast<BlockHeader *>(pointer) - 1;
  Pool &pool = getPool();
  {
    PoolLock lock(pool);
    auto size = static_cast<int64_t>(header->size);
    pool.inUse -= size;
    if (header->sizeClass < kNumBlockClasses &&
        (pool.keepsAll || pool.cached + size <= kCacheLimit)) {
      header->next = pool.free[header->sizeClass];
      pool.free[header->sizeClass] = header;
      pool.cached += size;
      return;
    }
  }
  std::free(header->base);
}

int64_t prune_rt_bytes_in_use(void) {
  PoolLock lock(getPool());
  return getPool().inUse;
}

int64_t prune_rt_bytes_peak(void) {
  PoolLock lock(getPool());
  return getPool().peak;
}

int64_t prune_rt_bytes_cached(void) {
  PoolLock lock(getPool());
  return getPool().cached;
}

void prune_rt_reset_peak(void) {
  PoolLock lock(getPool());
  getPool().peak = getPool().inUse;
}

void Pool::trim() {
  PoolLock lock(*this);
  for (BlockHeader *&list : free)
    while (BlockHeader *header = list) {
      list = header->next;
      std::free(header->base);
    }
  cached = 0;
}

void prune_rt_trim(void) { getPool().trim(); }

#if defined(PRUNE_RT_STATIC) && !defined(PRUNE_RT_SMALL)
/// What call sites kept is freed when the library of a network is closed, after
/// all handles. Runs after the destructors of compiled code.
__attribute__((destructor(101))) static void trimAtTheEnd() {
  processPool.trim();
}
#endif
