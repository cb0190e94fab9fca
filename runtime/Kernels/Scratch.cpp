//===- Scratch.cpp - Memory of the calling thread -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scratch.h"

#include "../Common/Runtime.h"

using namespace prune_rt;

void *prune_rt::getScratchpad(size_t bytes) {
  thread_local Buffer buffer;
  if (buffer.bytes() < bytes)
    buffer = Buffer(bytes);
  return buffer.data();
}

float *prune_rt::getCallBuffer(size_t floats) {
  thread_local Buffer buffer;
  if (buffer.bytes() < floats * sizeof(float))
    buffer = Buffer(floats * sizeof(float));
  return buffer.floats();
}
