//===- Scratch.cpp - Memory of the calling thread -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scratch.h"

#ifdef PRUNE_RT_STATIC
#include "../Common/ThreadState.h"
#endif

using namespace prune_rt;

#ifdef PRUNE_RT_STATIC
// Of the handle and its threads, so that it ends with them, whatever threads
// the handle is used in.
static ThreadMemory &getMemory() { return *findThreadState()->memory; }
#else
namespace {
struct ThreadMemory {
  Buffer scratchpad, call;
};
} // namespace

static ThreadMemory &getMemory() {
  thread_local ThreadMemory memory;
  return memory;
}
#endif

static void *provide(Buffer &buffer, size_t bytes) {
  if (buffer.bytes() < bytes)
    buffer = Buffer(bytes);
  return buffer.data();
}

void *prune_rt::getScratchpad(size_t bytes) {
  return provide(getMemory().scratchpad, bytes);
}

float *prune_rt::getCallBuffer(size_t floats) {
  return static_cast<float *>(
      provide(getMemory().call, floats * sizeof(float)));
}
