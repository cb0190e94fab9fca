//===- Dnnl.cpp - Engine, streams and scratchpads -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dnnl.h"

#include "../Common/Runtime.h"
#include "../Kernels/Scratch.h"

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

Stream prune_rt::makeStream() {
  dnnl_stream_t created = nullptr;
  expectSuccess(
      dnnl_stream_create(&created, getEngine(), dnnl_stream_default_flags),
      "cannot create a stream");
  return Stream(created);
}

OneThreadScope::OneThreadScope() : before(omp_get_max_threads()) {
  if (before != 1)
    omp_set_num_threads(1);
}

OneThreadScope::~OneThreadScope() {
#ifdef PRUNE_RT_STATIC
  if (before != 1)
    omp_set_num_threads(before);
#endif
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

/// The post-operation of an activation. That of relu makes zero of a NaN, so
/// that applyRelu follows the primitive instead.
static dnnl_alg_kind_t getAlgorithm(int64_t activation) {
  switch (activation) {
  case PRUNE_RT_ACTIVATION_SIGMOID:
    return dnnl_eltwise_logistic;
  case PRUNE_RT_ACTIVATION_TANH:
    return dnnl_eltwise_tanh;
  default:
    return dnnl_alg_kind_undef;
  }
}

Attributes prune_rt::makeAttributes(int64_t flags, int64_t activation) {
  dnnl_primitive_attr_t created = nullptr;
  expectSuccess(dnnl_primitive_attr_create(&created),
                "cannot create attributes");
  Attributes attributes(created);
  dnnl_primitive_attr_set_scratchpad_mode(created, dnnl_scratchpad_mode_user);
  dnnl_post_ops_t chain = nullptr;
  expectSuccess(dnnl_post_ops_create(&chain), "cannot create post-operations");
  PostOps postOps(chain);
  if (flags & PRUNE_RT_ACCUMULATE)
    dnnl_post_ops_append_sum(chain, 1.0f, 0, dnnl_data_type_undef);
  if (dnnl_alg_kind_t algorithm = getAlgorithm(activation))
    dnnl_post_ops_append_eltwise(chain, algorithm, 0.0f, 0.0f);
  dnnl_primitive_attr_set_post_ops(created, chain);
  return attributes;
}

Reorder::Reorder(const_dnnl_memory_desc_t from, const_dnnl_memory_desc_t to) {
  OneThreadScope scope;
  Attributes attributes = makeAttributes(0, PRUNE_RT_ACTIVATION_NONE);
  dnnl_primitive_desc_t created = nullptr;
  expectSuccess(dnnl_reorder_primitive_desc_create(&created, from, getEngine(),
                                                   to, getEngine(),
                                                   attributes.get()),
                "cannot copy between two layouts");
  desc.reset(created);
  dnnl_primitive_t reorder = nullptr;
  expectSuccess(dnnl_primitive_create(&reorder, created),
                "cannot copy between two layouts");
  primitive.reset(reorder);
}

void Reorder::run(dnnl_stream_t stream, const void *from, void *to) const {
  OneThreadScope scope;
  auto query = [&](dnnl_query_t what) {
    return dnnl_primitive_desc_query_md(desc.get(), what, 0);
  };
  Memory source = makeMemory(query(dnnl_query_src_md));
  Memory target = makeMemory(query(dnnl_query_dst_md));
  const_dnnl_memory_desc_t scratchpad = query(dnnl_query_scratchpad_md);
  Memory scratch = makeMemory(scratchpad);
  dnnl_memory_set_data_handle(source.get(), const_cast<void *>(from));
  dnnl_memory_set_data_handle(target.get(), to);
  dnnl_memory_set_data_handle(
      scratch.get(), getScratchpad(dnnl_memory_desc_get_size(scratchpad)));
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source.get()},
                                 {DNNL_ARG_TO, target.get()},
                                 {DNNL_ARG_SCRATCHPAD, scratch.get()}};
  expectSuccess(dnnl_primitive_execute(primitive.get(), stream, 3, arguments),
                "the copy failed");
}
