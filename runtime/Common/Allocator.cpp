//===- Allocator.cpp - Caching aligned allocator --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks are rounded up to a size class (four classes per power of two, so at
// most a quarter is lost) and kept on one list per class when freed. A header
// of one cache line in front of each block names its class. Network code
// allocates the same few sizes at every call, so after the first call nothing
// reaches the system. One lock guards the lists: an allocation is tens of
// nanoseconds beside kernels of microseconds.
//
// Kept blocks are limited to 1 GiB; what is freed beyond goes back to the
// system. Alignments above 64 bytes are rare and served without keeping.
//
// With PRUNE_RT_POISON in the environment every block is filled with ones when
// it is allocated, which reads as NaN: what is read before it was written
// shows.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kNumClasses = 4 * 44;
constexpr int64_t kCacheLimit = int64_t(1) << 30;

/// One cache line in front of every block.
struct alignas(kAlignment) Header {
  void *base;       ///< what the system returned
  Header *next;     ///< next free block of the class
  size_t size;      ///< usable bytes
  size_t sizeClass; ///< index of the list, kNumClasses when not kept
};
static_assert(sizeof(Header) == kAlignment, "the header keeps the alignment");

struct State {
  std::mutex lock;
  Header *free[kNumClasses] = {};
  int64_t inUse = 0, peak = 0, cached = 0;
};

} // namespace

// Never destroyed: generated code may free during the exit of the process.
static State &getState() {
  static State *state = new State();
  return *state;
}

/// Index of the size class and, in `size`, its size: 2^e * {4, 5, 6, 7} / 4.
static size_t roundToClass(size_t &size) {
  size = std::max<size_t>(size, 4 * kAlignment);
  unsigned exponent = 63 - __builtin_clzll(size);
  size_t step = size_t(1) << (exponent - 2);
  size = (size + step - 1) / step * step;
  exponent = 63 - __builtin_clzll(size);
  step = size_t(1) << (exponent - 2);
  return (exponent - 8) * 4 + (size / step - 4);
}

static void *allocateBlock(size_t alignment, size_t size) {
  if (size > (size_t(1) << 48))
    prune_rt::fail("_mlir_memref_to_llvm_alloc", "impossible size");
  State &state = getState();
  size_t sizeClass = roundToClass(size);
  bool isKept = alignment <= kAlignment;
  {
    std::lock_guard<std::mutex> guard(state.lock);
    state.inUse += size;
    state.peak = std::max(state.peak, state.inUse);
    if (Header *header = isKept ? state.free[sizeClass] : nullptr) {
      state.free[sizeClass] = header->next;
      state.cached -= size;
      return header + 1;
    }
  }
  alignment = std::max(alignment, kAlignment);
  void *base = nullptr;
  if (posix_memalign(&base, alignment, size + alignment))
    prune_rt::fail("_mlir_memref_to_llvm_alloc", "out of memory");
  char *block = static_cast<char *>(base) + alignment;
  auto *header = reinterpret_cast<Header *>(block) - 1;
  *header = {base, nullptr, size, isKept ? sizeClass : kNumClasses};
  return block;
}

static void *allocate(size_t alignment, size_t size) {
  static const bool poisons = std::getenv("PRUNE_RT_POISON") != nullptr;
  void *block = allocateBlock(alignment, size);
  if (poisons)
    std::memset(block, 0xff, size);
  return block;
}

void *_mlir_memref_to_llvm_alloc(size_t size) {
  return allocate(kAlignment, size);
}

void *_mlir_memref_to_llvm_aligned_alloc(size_t alignment, size_t size) {
  return allocate(alignment, size);
}

void _mlir_memref_to_llvm_free(void *pointer) {
  if (!pointer)
    return;
  Header *header = static_cast<Header *>(pointer) - 1;
  State &state = getState();
  {
    std::lock_guard<std::mutex> guard(state.lock);
    auto size = static_cast<int64_t>(header->size);
    state.inUse -= size;
    if (header->sizeClass < kNumClasses && state.cached + size <= kCacheLimit) {
      header->next = state.free[header->sizeClass];
      state.free[header->sizeClass] = header;
      state.cached += size;
      return;
    }
  }
  std::free(header->base);
}

int64_t prune_rt_bytes_in_use(void) {
  std::lock_guard<std::mutex> guard(getState().lock);
  return getState().inUse;
}

int64_t prune_rt_bytes_peak(void) {
  std::lock_guard<std::mutex> guard(getState().lock);
  return getState().peak;
}

int64_t prune_rt_bytes_cached(void) {
  std::lock_guard<std::mutex> guard(getState().lock);
  return getState().cached;
}

void prune_rt_reset_peak(void) {
  std::lock_guard<std::mutex> guard(getState().lock);
  getState().peak = getState().inUse;
}

void prune_rt_trim(void) {
  State &state = getState();
  std::lock_guard<std::mutex> guard(state.lock);
  for (Header *&list : state.free)
    while (Header *header = list) {
      list = header->next;
      std::free(header->base);
    }
  state.cached = 0;
}
