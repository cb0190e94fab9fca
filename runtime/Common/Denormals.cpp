//===- Denormals.cpp - Sub-normal numbers ---------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The flush-to-zero and denormals-are-zero bits live in a control register of
// each thread.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

int64_t prune_rt_abi_version(void) { return PRUNE_RT_ABI_VERSION; }

int64_t prune_rt_flush_denormals(int64_t enable) {
#if defined(__x86_64__)
  // Bit 15 flushes results, bit 6 flushes operands.
  constexpr unsigned bits = 0x8040;
  unsigned before = _mm_getcsr();
  unsigned after = enable ? before | bits : before & ~bits;
  if (after != before)
    _mm_setcsr(after);
  return (before & bits) == bits;
#elif defined(__aarch64__)
  // Bit 24 flushes operands and results.
  constexpr uint64_t bit = uint64_t(1) << 24;
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  uint64_t after = enable ? before | bit : before & ~bit;
  if (after != before)
    __asm__ volatile("msr fpcr, %0" ::"r"(after));
  return (before & bit) != 0;
#else
  return 0;
#endif
}
