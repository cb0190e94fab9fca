//===- Dnnl.h - Owned oneDNN handles ----------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// oneDNN's C interface with owners for its handles: the C++ one needs
// exceptions and allocates on every execution.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_DNNL_H
#define PRUNE_RUNTIME_ONEDNN_DNNL_H

#include "oneapi/dnnl/dnnl.h"

#include <cstdint>
#include <memory>

namespace prune_rt {

/// Owner of a oneDNN handle.
template <typename Handle, dnnl_status_t (*destroy)(Handle)>
struct Destroyer {
  using pointer = Handle;
  void operator()(Handle handle) const { destroy(handle); }
};
template <typename Handle, dnnl_status_t (*destroy)(Handle)>
using Owned = std::unique_ptr<Handle, Destroyer<Handle, destroy>>;

using Engine = Owned<dnnl_engine_t, dnnl_engine_destroy>;
using Stream = Owned<dnnl_stream_t, dnnl_stream_destroy>;
using Memory = Owned<dnnl_memory_t, dnnl_memory_destroy>;
using MemoryDesc = Owned<dnnl_memory_desc_t, dnnl_memory_desc_destroy>;
using Attributes = Owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using PostOps = Owned<dnnl_post_ops_t, dnnl_post_ops_destroy>;
using PrimitiveDesc = Owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using Primitive = Owned<dnnl_primitive_t, dnnl_primitive_destroy>;

/// The CPU engine of the process; never destroyed.
dnnl_engine_t getEngine();

Stream makeStream();

/// While this lives, oneDNN uses the calling thread alone. In the library of a
/// network the thread is a program's, which gets its setting back.
class OneThreadScope {
public:
  OneThreadScope();
  ~OneThreadScope();
  OneThreadScope(const OneThreadScope &) = delete;
  OneThreadScope &operator=(const OneThreadScope &) = delete;

private:
  int before;
};

/// Scratchpads of the caller, then the old destination as the post-operation
/// `sum` when `flags` has PRUNE_RT_ACCUMULATE, then the activation.
Attributes makeAttributes(int64_t flags, int64_t activation);

/// Memory object of the descriptor with no data; ends the process on failure.
Memory makeMemory(const_dnnl_memory_desc_t desc);

/// The name of the kernel, which lives as long as the descriptor;
/// "ref:..." is a scalar reference.
const char *getKernelName(const_dnnl_primitive_desc_t desc);

/// A copy from one layout to another.
class Reorder {
public:
  Reorder() = default;
  Reorder(const_dnnl_memory_desc_t from, const_dnnl_memory_desc_t to);
  void run(dnnl_stream_t stream, const void *from, void *to) const;

private:
  PrimitiveDesc desc;
  Primitive primitive;
};

/// Ends the process with the message when the status is an error.
void expectSuccess(dnnl_status_t status, const char *message);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_DNNL_H
