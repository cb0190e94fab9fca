//===- MatmulPrimitive.cpp - Cached primitives ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds the primitive of a dense product: bias as oneDNN's bias, the old
// destination as the post-operation `sum`, the activation as one more.
// Primitives are kept by key, the 1024 used last, so that equal layers share
// one.
//
//===----------------------------------------------------------------------===//

#include "MatmulPrimitive.h"

#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <utility>

using namespace prune_rt;

namespace {

/// Positions in the key.
enum { Operation, M, N, K, Lda, Ldb, Ldc, Flags, Activation, Bias, Threads };
constexpr int64_t kMatmul = 1;
constexpr size_t kCacheCapacity = 1024;

/// Least recently used cache; the list holds the keys, most recent first.
struct Cache {
  using Order = std::list<Key>;
  struct Entry {
    std::shared_ptr<const MatmulPrimitive> primitive;
    Order::iterator position;
  };
  std::mutex lock;
  Order order;
  std::map<Key, Entry> entries;
};

} // namespace

Key prune_rt::getKey(const MatmulCall &call, int64_t threads) {
  return {kMatmul,  call.m,   call.n,     call.k,          call.lda,
          call.ldb, call.ldc, call.flags, call.activation, call.bias != nullptr,
          threads};
}

/// Descriptor of a matrix of the given extents and strides.
static MemoryDesc makeDesc(int64_t rows, int64_t columns, int64_t rowStride,
                           int64_t columnStride) {
  dnnl_dims_t dims = {rows, columns};
  dnnl_dims_t strides = {rowStride, columnStride};
  dnnl_memory_desc_t desc = nullptr;
  expectSuccess(
      dnnl_memory_desc_create_with_strides(&desc, 2, dims, dnnl_f32, strides),
      "cannot describe a matrix");
  return MemoryDesc(desc);
}

static MemoryDesc makeStoredDesc(int64_t rows, int64_t columns, int64_t stride,
                                 bool transposed) {
  return transposed ? makeDesc(rows, columns, 1, stride)
                    : makeDesc(rows, columns, stride, 1);
}

static MemoryDesc makeFreeDesc(int64_t rows, int64_t columns) {
  dnnl_dims_t dims = {rows, columns};
  dnnl_memory_desc_t desc = nullptr;
  expectSuccess(dnnl_memory_desc_create_with_tag(&desc, 2, dims, dnnl_f32,
                                                 dnnl_format_tag_any),
                "cannot describe a matrix");
  return MemoryDesc(desc);
}

static std::shared_ptr<const MatmulPrimitive> makePrimitive(const Key &key) {
  auto result = std::make_shared<MatmulPrimitive>();
  int64_t m = key[M], n = key[N], k = key[K];
  MemoryDesc a =
      makeStoredDesc(m, k, key[Lda], key[Flags] & PRUNE_RT_TRANSPOSE_A);
  result->plainB =
      makeStoredDesc(k, n, key[Ldb], key[Flags] & PRUNE_RT_TRANSPOSE_B);
  bool isConstant = key[Flags] & PRUNE_RT_CONSTANT_B;
  MemoryDesc freeB = isConstant ? makeFreeDesc(k, n) : MemoryDesc();
  MemoryDesc bias = key[Bias] ? makeDesc(1, n, n, 1) : MemoryDesc();
  MemoryDesc c = makeDesc(m, n, key[Ldc], 1);
  Attributes attributes = makeAttributes(key[Flags], key[Activation]);
  dnnl_primitive_desc_t desc = nullptr;
  if (dnnl_matmul_primitive_desc_create(
          &desc, getEngine(), a.get(),
          isConstant ? freeB.get() : result->plainB.get(), bias.get(), c.get(),
          attributes.get()) != dnnl_success)
    return nullptr;
  result->desc.reset(desc);
  // The others are scalar references, or cut sums by the number of threads.
  if (std::strncmp(getKernelName(desc), "brg", 3) != 0)
    return nullptr;
  dnnl_primitive_t primitive = nullptr;
  if (dnnl_primitive_create(&primitive, desc) != dnnl_success)
    return nullptr;
  result->primitive.reset(primitive);
  result->scratchpadBytes = dnnl_memory_desc_get_size(
      dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0));
  result->repacksB = !dnnl_memory_desc_equal(
      result->plainB.get(),
      dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0));
  return result;
}

std::shared_ptr<const MatmulPrimitive>
prune_rt::getMatmulPrimitive(const Key &key) {
  static Cache *cache = new Cache();
  std::lock_guard<std::mutex> guard(cache->lock);
  auto found = cache->entries.find(key);
  if (found != cache->entries.end()) {
    Cache::Entry &entry = found->second;
    cache->order.splice(cache->order.begin(), cache->order, entry.position);
    return entry.primitive;
  }
  auto primitive = makePrimitive(key);
  cache->order.push_front(key);
  cache->entries[key] = {primitive, cache->order.begin()};
  if (cache->order.size() > kCacheCapacity) {
    cache->entries.erase(cache->order.back());
    cache->order.pop_back();
  }
  return primitive;
}
