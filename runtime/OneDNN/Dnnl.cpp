//===- Dnnl.cpp - Engine, streams and scratchpads -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dnnl.h"

#include "../Common/Runtime.h"

#include <omp.h>

#include <cstdio>
#include <utility>

using namespace prune_rt;

const char *prune_rt_implementation(void) {
  static const char *name = [] {
    static char text[48];
    const dnnl_version_t *version = dnnl_version();
    std::snprintf(text, sizeof(text), "onednn %d.%d.%d", version->major,
                  version->minor, version->patch);
    return text;
  }();
  return name;
}

void prune_rt::expectSuccess(dnnl_status_t status, const char *message) {
  if (status != dnnl_success)
    fail("onednn", message);
}

dnnl_engine_t prune_rt::getEngine() {
  static dnnl_engine_t engine = [] {
    dnnl_engine_t created = nullptr;
    expectSuccess(dnnl_engine_create(&created, dnnl_cpu, 0),
                  "cannot create the engine");
    return created;
  }();
  return engine;
}

dnnl_stream_t prune_rt::getStream() {
  thread_local Stream stream = [] {
    dnnl_stream_t created = nullptr;
    expectSuccess(
        dnnl_stream_create(&created, getEngine(), dnnl_stream_default_flags),
        "cannot create a stream");
    return Stream(created);
  }();
  return stream.get();
}

void *prune_rt::getScratchpad(size_t bytes) {
  thread_local Buffer buffer;
  if (buffer.bytes() < bytes)
    buffer = Buffer(bytes);
  return buffer.data();
}

void prune_rt::useThreads(int64_t threads) {
  if (omp_get_max_threads() != threads)
    omp_set_num_threads(static_cast<int>(threads));
}

Memory prune_rt::makeMemory(const_dnnl_memory_desc_t desc) {
  dnnl_memory_t memory = nullptr;
  expectSuccess(
      dnnl_memory_create(&memory, desc, getEngine(), DNNL_MEMORY_NONE),
      "cannot create a memory object");
  return Memory(memory);
}

const char *prune_rt::getKernelName(const_dnnl_primitive_desc_t desc) {
  const char *name = "";
  dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
  return name;
}
