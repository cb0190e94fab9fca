//===- Matmul.cpp - Dense product on oneDNN -------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first call of a site finds or makes the primitive and packs a constant b;
// later ones set five pointers and run. Empty products, which oneDNN does not
// take, are the activation of the bias.
//
//===----------------------------------------------------------------------===//

#include "../Kernels/Activation.h"
#include "../Kernels/DenseLoops.h"
#include "../Kernels/Scratch.h"
#include "../Kernels/Threads.h"
#include "MatmulPrimitive.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

using namespace prune_rt;

namespace {

struct MatmulVariant final : Variant {
  using Variant::Variant;

  /// Memory objects for a call, in the order of bind().
  std::unique_ptr<Arguments> makeArguments() const;
  void run(const MatmulCall &call);

  Spare<Arguments> spare;
  std::shared_ptr<const MatmulPrimitive> shared; ///< null: our own loops
  Buffer packedB; ///< for the primitive, or panels for the loops
};

/// A product cut into one part per thread, each a call site of its own.
struct SplitVariant final : Variant {
  using Variant::Variant;
  ~SplitVariant() override {
    for (void *&slot : slots)
      prune_rt_release_slot(&slot);
  }

  std::vector<void *> slots;
};

/// Below this many multiplications a fork costs more than it gains.
constexpr int64_t kMinParallelWork = int64_t(1) << 18;
/// Rows or columns of a part are a multiple of this, but for the last one,
/// which has more than half of it: for a single one, oneDNN has kernels that
/// add up in another order.
constexpr int64_t kSplitBlock = 16;

} // namespace

std::unique_ptr<Arguments> MatmulVariant::makeArguments() const {
  auto arguments = std::make_unique<Arguments>();
  auto add = [&](int argument, dnnl_query_t query, int index) {
    arguments->add(argument, makeMemory(dnnl_primitive_desc_query_md(
                                 shared->desc.get(), query, index)));
  };
  add(DNNL_ARG_SRC, dnnl_query_src_md, 0);
  add(DNNL_ARG_WEIGHTS, dnnl_query_weights_md, 0);
  add(DNNL_ARG_DST, dnnl_query_dst_md, 0);
  add(DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md, 0);
  if (const_dnnl_memory_desc_t bias = dnnl_primitive_desc_query_md(
          shared->desc.get(), dnnl_query_weights_md, 1))
    if (dnnl_memory_desc_get_size(bias) != 0)
      arguments->add(DNNL_ARG_BIAS, makeMemory(bias));
  return arguments;
}

void MatmulVariant::run(const MatmulCall &call) {
  std::unique_ptr<Arguments> arguments = spare.take();
  if (!arguments)
    arguments = makeArguments();
  const void *b = packedB.data() ? packedB.data() : call.b;
  arguments->bind(0, call.a);
  arguments->bind(1, b);
  arguments->bind(2, call.c);
  arguments->bind(3, getScratchpad(shared->scratchpadBytes));
  if (arguments->count == 5)
    arguments->bind(4, call.bias);
  expectSuccess(
      dnnl_primitive_execute(shared->primitive.get(), arguments->stream.get(),
                             arguments->count, arguments->list.data()),
      "the product failed");
  spare.giveBack(std::move(arguments));
  if (call.activation == PRUNE_RT_ACTIVATION_RELU)
    applyRelu(call.c, call.m, call.n, call.ldc);
}

/// Copies b into the layout that the primitive wants.
static Buffer packB(const MatmulPrimitive &primitive, const float *b) {
  const_dnnl_memory_desc_t wanted = dnnl_primitive_desc_query_md(
      primitive.desc.get(), dnnl_query_weights_md, 0);
  Buffer packed(dnnl_memory_desc_get_size(wanted));
  Reorder(primitive.plainB.get(), wanted)
      .run(makeStream().get(), b, packed.data());
  return packed;
}

/// True when a matrix of one stored column has a stride: oneDNN takes it for a
/// packed row (seen in 3.7.2). Only views into wider buffers are like this.
static bool hasStridedColumn(const MatmulCall &call) {
  bool transposedA = call.has(PRUNE_RT_TRANSPOSE_A);
  bool transposedB = call.has(PRUNE_RT_TRANSPOSE_B);
  return ((transposedA ? call.m : call.k) == 1 && call.lda != 1) ||
         ((transposedB ? call.k : call.n) == 1 && call.ldb != 1) ||
         (call.n == 1 && call.ldc != 1);
}

static MatmulVariant *prepare(void **slot, const Key &key,
                              const MatmulCall &call) {
  auto variant = std::make_unique<MatmulVariant>(key);
  if (!hasStridedColumn(call))
    variant->shared = getMatmulPrimitive(key);
  if (variant->shared)
    variant->kernel = getKernelName(variant->shared->desc.get());
  if (call.has(PRUNE_RT_CONSTANT_B)) {
    variant->constant = call.b;
    if (!variant->shared)
      variant->packedB = packPanels(call);
    else if (variant->shared->repacksB)
      variant->packedB = packB(*variant->shared, call.b);
  }
  addVariant(slot, variant.get());
  return variant.release();
}

/// The product over no inner index: bias and activation alone.
static void runEmpty(const MatmulCall &call) {
  for (int64_t i = 0; i < call.m; ++i) {
    float *row = call.c + i * call.ldc;
    if (!call.has(PRUNE_RT_ACCUMULATE))
      for (int64_t j = 0; j < call.n; ++j)
        row[j] = 0.0f;
  }
  addBiasAndActivate(call.c, call.m, call.n, call.ldc, /*rowBias=*/nullptr,
                     call.bias, call.activation);
}

/// Gives matrices of one stored row the stride of a packed one. The stride is
/// never used, but oneDNN takes other strides for another layout.
static void dropUnusedStrides(MatmulCall &call) {
  bool transposedA = call.has(PRUNE_RT_TRANSPOSE_A);
  bool transposedB = call.has(PRUNE_RT_TRANSPOSE_B);
  if ((transposedA ? call.k : call.m) == 1)
    call.lda = transposedA ? call.m : call.k;
  if ((transposedB ? call.n : call.k) == 1)
    call.ldb = transposedB ? call.k : call.n;
  if (call.m == 1)
    call.ldc = call.n;
}

/// Runs the product as one primitive on this thread.
static void runWhole(void **slot, const MatmulCall &call) {
  OneThreadScope scope;
  Key key = getKey(call, /*threads=*/1);
  const void *constant = call.has(PRUNE_RT_CONSTANT_B) ? call.b : nullptr;
  auto *variant =
      static_cast<MatmulVariant *>(findVariant(slot, key, constant));
  if (!variant)
    variant = prepare(slot, key, call);
  if (variant->shared)
    return variant->run(call);
  if (variant->packedB.data())
    return runPanels(call, variant->packedB, /*threads=*/1);
  Buffer panels = packPanels(call);
  runPanels(call, panels, /*threads=*/1);
}

/// Whether threads share the columns of the product and of b instead of the
/// rows of the product and of a: that of the two which cuts the largest matrix.
/// Of a weight, its gradient and its update, each thread so works on about the
/// same rows, which stay in its cache.
static bool splitsColumns(const MatmulCall &call) {
  int64_t a = call.m * call.k, b = call.k * call.n, c = call.m * call.n;
  if (std::min(call.m, call.n) < 2 * kSplitBlock)
    return call.n > call.m;
  return b > c && b >= a;
}

static int64_t countBlocks(const MatmulCall &call) {
  int64_t extent = splitsColumns(call) ? call.n : call.m;
  return std::max<int64_t>(1, (extent + kSplitBlock / 2 - 1) / kSplitBlock);
}

/// Part `part` of the rows or columns.
static MatmulCall slice(const MatmulCall &call, int64_t part, int64_t parts) {
  bool columns = splitsColumns(call);
  int64_t extent = columns ? call.n : call.m;
  int64_t blocks = countBlocks(call);
  int64_t begin = blocks * part / parts * kSplitBlock;
  int64_t end =
      part + 1 < parts ? blocks * (part + 1) / parts * kSplitBlock : extent;
  MatmulCall result = call;
  if (columns) {
    result.n = end - begin;
    result.b += begin * (call.has(PRUNE_RT_TRANSPOSE_B) ? call.ldb : 1);
    result.bias += call.bias ? begin : 0;
    result.c += begin;
  } else {
    result.m = end - begin;
    result.a += begin * (call.has(PRUNE_RT_TRANSPOSE_A) ? 1 : call.lda);
    result.c += begin * call.ldc;
  }
  return result;
}

/// Runs the product as one single-threaded primitive per thread. oneDNN itself
/// may split the inner dimension among the threads, and with it the sums, and
/// knows nothing of what is in whose cache.
static void runSplit(void **slot, const MatmulCall &call, int64_t threads) {
  Key key = getKey(call, threads);
  const void *constant = call.has(PRUNE_RT_CONSTANT_B) ? call.b : nullptr;
  auto *variant = static_cast<SplitVariant *>(findVariant(slot, key, constant));
  if (variant) {
    auto parts = static_cast<int64_t>(variant->slots.size());
    forEach(parts, parts, [&](int64_t part, int64_t) {
      runWhole(&variant->slots[part], slice(call, part, parts));
    });
    return;
  }
  auto created = std::make_unique<SplitVariant>(key);
  int64_t parts = std::min(threads, countBlocks(call));
  created->slots.resize(parts, nullptr);
  created->constant = constant;
  for (int64_t part = 0; part < parts; ++part)
    runWhole(&created->slots[part], slice(call, part, parts));
  created->kernel = prune_rt_slot_kernel(&created->slots.front());
  addVariant(slot, created.release());
}

void prune_rt_matmul_f32(void **slot, const float *a, const float *b,
                         const float *bias, float *c, int64_t m, int64_t n,
                         int64_t k, int64_t lda, int64_t ldb, int64_t ldc,
                         int64_t flags, int64_t activation) {
  MatmulCall call{a, b, bias, c, m, n, k, lda, ldb, ldc, flags, activation};
  check(call);
  if (m == 0 || n == 0)
    return;
  DenormalScope denormals;
  if (k == 0)
    return runEmpty(call);
  dropUnusedStrides(call);
  int64_t threads = prune_rt_get_num_threads();
  if (threads > 1 && m * n * k >= kMinParallelWork)
    return runSplit(slot, call, threads);
  runWhole(slot, call);
}
