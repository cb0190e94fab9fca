//===- Profile.cpp - Times of places in compiled functions ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The monotonic clock is read twice per call of a site. It is a page of memory
// shared with the kernel: some tens of nanoseconds beside operations of
// microseconds.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <chrono>

static int64_t now() {
  auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

void prune_rt_profile_begin(prune_rt_profile_site *site) {
  site->start = now();
}

void prune_rt_profile_end(prune_rt_profile_site *site) {
  site->nanoseconds += now() - site->start;
  ++site->calls;
}
