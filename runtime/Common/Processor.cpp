//===- Processor.cpp - What the processor can run -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Asks the processor itself, once: the compiler's library, which knows all
// models, would be a twelfth of a small network.
//
//===----------------------------------------------------------------------===//

#include "Processor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace prune_rt;

#if defined(__x86_64__)
/// The registers that the operating system keeps, a bit for each kind.
static unsigned getKeptState() {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static InstructionSet findBest() {
  constexpr unsigned kVectors = 0x6, kLongVectors = 0xe6;
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT, OSXSAVE; FMA, MOVBE, AVX
  // and F16C.
  constexpr unsigned kBasic =
      bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 |
      bit_POPCNT | bit_OSXSAVE | bit_FMA | bit_MOVBE | bit_AVX | bit_F16C;
  constexpr unsigned kAvx2 = bit_BMI | bit_AVX2 | bit_BMI2;
  constexpr unsigned kAvx512 =
      bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL;
  auto has = [](unsigned found, unsigned wanted) {
    return (found & wanted) == wanted;
  };
  unsigned a, b, c, d, features;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, kBasic) ||
      !has(getKeptState(), kVectors))
    return InstructionSet::Portable;
  if (!__get_cpuid_count(7, 0, &a, &features, &c, &d) || !has(features, kAvx2))
    return InstructionSet::Portable;
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d) ||
      !has(c, bit_LAHF_LM | bit_LZCNT))
    return InstructionSet::Portable;
  if (!has(features, kAvx512) || !has(getKeptState(), kLongVectors))
    return InstructionSet::Avx2;
  return InstructionSet::Avx512;
}
#endif

bool prune_rt::isSupported(InstructionSet set) {
#if defined(__x86_64__)
  // Any thread that comes first finds the same.
  static int best = -1;
  int found = __atomic_load_n(&best, __ATOMIC_RELAXED);
  if (found < 0) {
    found = static_cast<int>(findBest());
    __atomic_store_n(&best, found, __ATOMIC_RELAXED);
  }
  return static_cast<int>(set) <= found;
#else
  return set == InstructionSet::Portable;
#endif
}
