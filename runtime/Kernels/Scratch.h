//===- Scratch.h - Memory of the calling thread -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_SCRATCH_H
#define PRUNE_RUNTIME_KERNELS_SCRATCH_H

#include "../Common/Runtime.h"

#include <cstddef>

namespace prune_rt {

/// At least `bytes` of memory of the calling thread, kept between calls.
void *getScratchpad(size_t bytes);

/// The same, but apart from the scratchpad: for a call that runs kernels which
/// use it.
float *getCallBuffer(size_t floats);

#if defined(PRUNE_RT_STATIC) && !defined(PRUNE_RT_SMALL)
/// That memory of a thread which runs a network.
struct ThreadMemory {
  Buffer scratchpad, call;
};
#elif defined(PRUNE_RT_STATIC)
/// Plain loops need none.
struct ThreadMemory {};
#endif

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_SCRATCH_H
