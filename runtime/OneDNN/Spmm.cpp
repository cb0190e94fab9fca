//===- Spmm.cpp - Sparse product on oneDNN --------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Our own loops keep the sums in registers and add bias and activation while
// the result is in the cache. oneDNN's generated kernel takes a sparse left
// operand in compressed rows and contiguous row-major activations, without bias
// and post-operations, which follow in a second pass. With AVX-512, weights of
// 100x300 to 768x3072 and 80 to 95 % zeros the loops were 1.0 to 2 times as
// fast where the columns are a multiple of the vector, and 0.8 to 1.05 times at
// 100 columns: oneDNN runs where a last, partly filled vector would count.
// Values that change from call to call have loops of their own,
// CompressedLoops.
//
//===----------------------------------------------------------------------===//

#include "CallSite.h"
#include "CompressedLoops.h"
#include "CsrLoops.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

using namespace prune_rt;

namespace {

constexpr int64_t kSpmm = 2;
/// Columns in one vector of our own loops.
constexpr int64_t kLanes = 16;

struct CsrVariant final : Variant {
  using Variant::Variant;

  bool prepare(const CsrCall &call);
  std::unique_ptr<Arguments> makeArguments(const CsrCall &call) const;
  void run(const CsrCall &call);

  Spare<Arguments> spare;
  MemoryDesc weights;
  PrimitiveDesc desc; ///< null: own loops
  Primitive primitive;
};

} // namespace

static MemoryDesc makeRowMajor(int64_t rows, int64_t columns) {
  dnnl_dims_t dims = {rows, columns};
  dnnl_memory_desc_t desc = nullptr;
  expectSuccess(
      dnnl_memory_desc_create_with_tag(&desc, 2, dims, dnnl_f32, dnnl_ab),
      "cannot describe a matrix");
  return MemoryDesc(desc);
}

static Attributes makeAttributes() {
  dnnl_primitive_attr_t attributes = nullptr;
  expectSuccess(dnnl_primitive_attr_create(&attributes),
                "cannot create attributes");
  dnnl_primitive_attr_set_scratchpad_mode(attributes,
                                          dnnl_scratchpad_mode_user);
  return Attributes(attributes);
}

/// Makes the primitive; false when oneDNN has only its reference loop.
bool CsrVariant::prepare(const CsrCall &call) {
  int64_t nonZeros = call.pointers[call.m];
  dnnl_dims_t dims = {call.m, call.k};
  dnnl_memory_desc_t sparse = nullptr;
  if (dnnl_memory_desc_create_with_csr_encoding(&sparse, 2, dims, dnnl_f32,
                                                nonZeros, dnnl_s32,
                                                dnnl_s32) != dnnl_success)
    return false;
  weights.reset(sparse);
  MemoryDesc x = makeRowMajor(call.k, call.n);
  MemoryDesc y = makeRowMajor(call.m, call.n);
  Attributes attributes = makeAttributes();
  dnnl_primitive_desc_t created = nullptr;
  if (dnnl_matmul_primitive_desc_create(&created, getEngine(), sparse, x.get(),
                                        nullptr, y.get(),
                                        attributes.get()) != dnnl_success)
    return false;
  PrimitiveDesc owner(created);
  const char *name = getKernelName(created);
  dnnl_primitive_t made = nullptr;
  if (std::strncmp(name, "ref", 3) == 0 ||
      dnnl_primitive_create(&made, created) != dnnl_success)
    return false;
  primitive.reset(made);
  desc = std::move(owner);
  kernel = name;
  return true;
}

std::unique_ptr<Arguments>
CsrVariant::makeArguments(const CsrCall &call) const {
  auto arguments = std::make_unique<Arguments>();
  void *handles[] = {const_cast<float *>(call.values),
                     const_cast<int32_t *>(call.indices),
                     const_cast<int32_t *>(call.pointers)};
  dnnl_memory_t sparse = nullptr;
  expectSuccess(
      dnnl_memory_create_v2(&sparse, weights.get(), getEngine(), 3, handles),
      "cannot create a sparse memory object");
  auto add = [&](int argument, dnnl_query_t query) {
    arguments->add(argument, makeMemory(dnnl_primitive_desc_query_md(
                                 desc.get(), query, 0)));
  };
  add(DNNL_ARG_WEIGHTS, dnnl_query_weights_md);
  add(DNNL_ARG_DST, dnnl_query_dst_md);
  add(DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md);
  arguments->add(DNNL_ARG_SRC, Memory(sparse));
  return arguments;
}

void CsrVariant::run(const CsrCall &call) {
  std::unique_ptr<Arguments> arguments = spare.take();
  if (!arguments)
    arguments = makeArguments(call);
  arguments->bind(0, call.x);
  arguments->bind(1, call.y);
  size_t scratchpadBytes = dnnl_memory_desc_get_size(
      dnnl_primitive_desc_query_md(desc.get(), dnnl_query_scratchpad_md, 0));
  arguments->bind(2, getScratchpad(scratchpadBytes));
  expectSuccess(dnnl_primitive_execute(primitive.get(), getStream(),
                                       arguments->count,
                                       arguments->list.data()),
                "the sparse product failed");
  spare.giveBack(std::move(arguments));
}

static CsrVariant *prepareSlot(void **slot, const Key &key,
                               const CsrCall &call) {
  auto variant = std::make_unique<CsrVariant>(key);
  variant->constant = call.values;
  bool isPlain =
      call.ldx == call.n && call.ldy == call.n && call.pointers[0] == 0;
  if (isPlain && call.n > kLanes && call.n % kLanes != 0)
    variant->prepare(call);
  addVariant(slot, variant.get());
  return variant.release();
}

/// Runs `runRows(begin, end)` on ranges of rows, then the activation.
template <typename RunRows>
static void runOwnLoops(const CsrCall &call, int64_t threads, RunRows runRows) {
  auto runPart = [&](int64_t part, int64_t parts) {
    int64_t begin = getFirstRow(call.pointers, call.m, part, parts);
    int64_t end = getFirstRow(call.pointers, call.m, part + 1, parts);
    runRows(begin, end);
    if (call.activation != PRUNE_RT_ACTIVATION_NONE)
      addBiasAndActivate(call.y + begin * call.ldy, end - begin, call.n,
                         call.ldy, nullptr, nullptr, call.activation);
  };
  // Below some tens of thousands of products a fork costs more than it gains.
  int64_t work = int64_t(call.pointers[call.m]) * call.n;
  if (threads == 1 || work < 1 << 16)
    return runPart(0, 1);
#pragma omp parallel for num_threads(threads)
  for (int64_t part = 0; part < threads; ++part)
    runPart(part, threads);
}

static void finish(const CsrCall &call, int64_t threads) {
  if (!call.bias && call.activation == PRUNE_RT_ACTIVATION_NONE)
    return;
  auto runPart = [&](int64_t part, int64_t parts) {
    int64_t begin = call.m * part / parts, end = call.m * (part + 1) / parts;
    addBiasAndActivate(call.y + begin * call.ldy, end - begin, call.n, call.ldy,
                       call.bias ? call.bias + begin : nullptr, nullptr,
                       call.activation);
  };
  if (threads == 1 || call.m * call.n < 1 << 16)
    return runPart(0, 1);
#pragma omp parallel for num_threads(threads)
  for (int64_t part = 0; part < threads; ++part)
    runPart(part, threads);
}

void prune_rt_spmm_f32(void **slot, const float *values, const int32_t *indices,
                       const int32_t *pointers, const float *x,
                       const float *bias, float *y, int64_t m, int64_t n,
                       int64_t k, int64_t ldx, int64_t ldy, int64_t flags,
                       int64_t activation) {
  CsrCall call{values, indices, pointers, x,   bias,  y,         m,
               n,      k,       ldx,      ldy, flags, activation};
  check(call);
  if (m == 0 || n == 0)
    return;
  DenormalScope denormals;
  int64_t threads = prune_rt_get_num_threads();
  useThreads(threads);
  if (!call.has(PRUNE_RT_CONSTANT_VALUES)) {
    // Values that change may lie elsewhere in the next call: nothing is kept.
    addLoops(slot);
    Panel panel = makePanel(x, k, n, ldx, pointers[m], threads);
    return runOwnLoops(call, threads, [&](int64_t begin, int64_t end) {
      runPackedRows(call, panel, begin, end);
    });
  }
  Key key = {kSpmm, m, n, k, ldx, ldy, threads};
  auto *variant = static_cast<CsrVariant *>(findVariant(slot, key, values));
  if (!variant)
    variant = prepareSlot(slot, key, call);
  if (!variant->primitive)
    return runOwnLoops(call, threads, [&](int64_t begin, int64_t end) {
      runCsrRows(call, begin, end);
    });
  variant->run(call);
  finish(call, threads);
}
