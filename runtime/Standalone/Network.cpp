//===- Network.cpp - The C interface of a compiled network ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A handle holds the descriptors of all values and the pool of its temporary
// memory. It runs the network once when it is created, so that every block that
// later runs need is in the pool by then: what a network allocates does not
// depend on its inputs. Of the code for several instruction sets it takes the
// best that the processor and the operating system have.
//
//===----------------------------------------------------------------------===//

#include "prune_network.h"

#include "../Common/ThreadState.h"
#include "Handle.h"

#include <cstdlib>
#include <new>
#include <utility>

using namespace prune_rt;

static int64_t countValues(const prune_network &network) {
  return int64_t(network.inputs) + network.outputs;
}

/// The numbers of the runtime's sets are those of the interface.
static bool hasInstructions(int64_t isa) {
  return isSupported(static_cast<InstructionSet>(isa));
}

/// The best code that this computer runs; null when there is none.
static const prune_network_code *findCode(const prune_network &network) {
  for (int32_t i = 0; i < network.code_count; ++i)
    if (hasInstructions(network.codes[i].isa))
      return &network.codes[i];
  return nullptr;
}

/// A handle with descriptors of all values, without data. Null when there is no
/// memory. One block holds all.
static prune_network_handle *makeHandle(const prune_network &network,
                                        const prune_network_code *code) {
  int64_t count = countValues(network), words = 0;
  for (int64_t i = 0; i < count; ++i)
    words += prune_rt_descriptor_words(network.values[i].rank);
  size_t bytes = sizeof(prune_network_handle) + count * sizeof(int64_t *) +
                 words * sizeof(int64_t);
  void *memory = std::malloc(bytes);
  if (!memory || !reserveThreadStates(1)) {
    std::free(memory);
    return nullptr;
  }
  auto *handle = new (memory) prune_network_handle();
  handle->network = &network;
  handle->pool.keepsAll = true;
  handle->code = code;
  handle->descriptors = reinterpret_cast<int64_t **>(handle + 1);
  auto *next = reinterpret_cast<int64_t *>(handle->descriptors + count);
  for (int64_t i = 0; i < count; ++i) {
    const prune_network_value &value = network.values[i];
    handle->descriptors[i] = next;
    prune_rt_fill_descriptor(next, nullptr, value.shape, value.rank);
    next += prune_rt_descriptor_words(value.rank);
  }
  return handle;
}

static void setData(prune_network_handle &handle, int64_t index, void *data) {
  handle.descriptors[index][0] = handle.descriptors[index][1] =
      reinterpret_cast<intptr_t>(data);
}

static void call(prune_network_handle &handle) {
  DenormalScope denormals;
  ThreadState state;
  state.pool = &handle.pool;
  state.memory = &handle.memory;
  state.best = static_cast<InstructionSet>(handle.code->isa);
  state.helpers = handle.workers;
  ThreadScope scope(state);
  handle.code->call(reinterpret_cast<void *const *>(handle.descriptors));
}

namespace {

/// Marks a handle as used by this thread while it lives, unless it is already.
class BusyScope {
public:
  explicit BusyScope(prune_network_handle &handle)
      : handle(handle),
        isMine(!__atomic_exchange_n(&handle.busy, true, __ATOMIC_ACQUIRE)) {}
  ~BusyScope() {
    if (isMine)
      __atomic_store_n(&handle.busy, false, __ATOMIC_RELEASE);
  }
  BusyScope(const BusyScope &) = delete;
  BusyScope &operator=(const BusyScope &) = delete;

  explicit operator bool() const { return isMine; }

private:
  prune_network_handle &handle;
  bool isMine;
};

} // namespace

/// Runs the network on zeros.
static int warmUp(prune_network_handle &handle) {
  const prune_network &network = *handle.network;
  size_t bytes = 0;
  auto round = [](size_t size) {
    return (size + kBlockAlignment) / kBlockAlignment * kBlockAlignment;
  };
  for (int64_t i = 0, e = countValues(network); i < e; ++i)
    bytes += round(network.values[i].bytes);
  auto *memory = static_cast<char *>(std::calloc(bytes + kBlockAlignment, 1));
  if (!memory)
    return PRUNE_NETWORK_MEMORY;
  char *next = memory;
  for (int64_t i = 0, e = countValues(network); i < e; ++i) {
    setData(handle, i, next);
    next += round(network.values[i].bytes);
  }
  call(handle);
  std::free(memory);
  return PRUNE_NETWORK_OK;
}

/// Changes how a handle runs and makes the memory for it. `swap` exchanges the
/// old for the new, and back when that fails.
template <typename Swap>
static int change(prune_network_handle &handle, Swap swap) {
  BusyScope scope(handle);
  if (!scope)
    return PRUNE_NETWORK_BUSY;
  swap();
  int code = warmUp(handle);
  if (code != PRUNE_NETWORK_OK)
    swap();
  return code;
}

int prune_network_create(const prune_network *network,
                         prune_network_handle **handle) {
  if (!handle)
    return PRUNE_NETWORK_NULL;
  *handle = nullptr;
  const prune_network_code *code = findCode(*network);
  if (!code)
    return PRUNE_NETWORK_PROCESSOR;
  prune_network_handle *made = makeHandle(*network, code);
  if (!made)
    return PRUNE_NETWORK_MEMORY;
  int error = network->threads > 1
                  ? prune_network_set_threads(made, network->threads)
                  : warmUp(*made);
  if (error != PRUNE_NETWORK_OK) {
    prune_network_destroy(made);
    return error;
  }
  *handle = made;
  return PRUNE_NETWORK_OK;
}

void prune_network_destroy(prune_network_handle *handle) {
  if (!handle)
    return;
  if (handle->workers)
    handle->workers->destroy();
  {
    ThreadState state;
    state.pool = &handle->pool;
    ThreadScope scope(state);
    handle->memory = ThreadMemory();
  }
  releaseThreadStates(1);
  handle->pool.trim();
  void (*close)(const prune_network &) = handle->close;
  const prune_network &network = *handle->network;
  std::free(handle);
  if (close)
    close(network);
}

int prune_network_isa(const prune_network_handle *handle) {
  return handle ? static_cast<int>(handle->code->isa) : -1;
}

int prune_network_set_isa(prune_network_handle *handle, int isa) {
  if (!handle)
    return PRUNE_NETWORK_NULL;
  const prune_network &network = *handle->network;
  const prune_network_code *code = network.codes;
  const prune_network_code *end = code + network.code_count;
  while (code != end && code->isa != isa)
    ++code;
  if (code == end)
    return PRUNE_NETWORK_NO_CODE;
  if (!hasInstructions(isa))
    return PRUNE_NETWORK_PROCESSOR;
  return change(*handle, [&] { std::swap(handle->code, code); });
}

int prune_network_set_threads(prune_network_handle *handle, int threads) {
  if (!handle)
    return PRUNE_NETWORK_NULL;
  if (threads < 1 || threads > kMaxThreads)
    return PRUNE_NETWORK_THREADS;
  Workers *workers = nullptr;
  if (threads > 1 && !(workers = Workers::create(threads, handle->pool)))
    return PRUNE_NETWORK_MEMORY;
  int code = change(*handle, [&] { std::swap(handle->workers, workers); });
  if (workers)
    workers->destroy();
  return code;
}

/// Points the descriptors from `first` on to the caller's buffers.
static int setBuffers(prune_network_handle &handle, int64_t first,
                      int64_t count, const void *const *buffers,
                      const size_t *bytes) {
  if (count > 0 && (!buffers || !bytes))
    return PRUNE_NETWORK_NULL;
  for (int64_t i = 0; i < count; ++i) {
    if (bytes[i] != handle.network->values[first + i].bytes)
      return PRUNE_NETWORK_SIZE;
    if (!buffers[i] && bytes[i] != 0)
      return PRUNE_NETWORK_NULL;
    setData(handle, first + i, const_cast<void *>(buffers[i]));
  }
  return PRUNE_NETWORK_OK;
}

int prune_network_run(prune_network_handle *handle, const void *const *inputs,
                      const size_t *inputBytes, void *const *outputs,
                      const size_t *outputBytes) {
  if (!handle)
    return PRUNE_NETWORK_NULL;
  BusyScope scope(*handle);
  if (!scope)
    return PRUNE_NETWORK_BUSY;
  const prune_network &network = *handle->network;
  int code = setBuffers(*handle, 0, network.inputs, inputs, inputBytes);
  if (code == PRUNE_NETWORK_OK)
    code = setBuffers(*handle, network.inputs, network.outputs, outputs,
                      outputBytes);
  if (code == PRUNE_NETWORK_OK)
    call(*handle);
  return code;
}
