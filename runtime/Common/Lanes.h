//===- Lanes.h - Vectors of our own loops -----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_LANES_H
#define PRUNE_RUNTIME_COMMON_LANES_H

#include <cstdint>

/// Compiles a function for AVX-512, AVX2 and the base instruction set; the
/// loader picks one. Where code is to be small there is one, for the base.
#if defined(__x86_64__) && !defined(PRUNE_RT_SMALL)
#define PRUNE_RT_CLONES                                                        \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PRUNE_RT_CLONES
#endif

/// For the parts of such a function: what is not inlined is compiled for the
/// base instruction set.
#define PRUNE_RT_INLINE inline __attribute__((always_inline))
/// The same behind the parameters of a lambda.
#define PRUNE_RT_INLINED __attribute__((always_inline))

namespace prune_rt {

constexpr int64_t kLanes = 16;
/// May lie at any address.
typedef float Lanes __attribute__((vector_size(64), aligned(4)));

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_LANES_H
