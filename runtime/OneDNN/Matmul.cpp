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

#include "MatmulPrimitive.h"

#include <memory>
#include <utility>

using namespace prune_rt;

namespace {

struct MatmulVariant final : Variant {
  using Variant::Variant;

  /// Memory objects for a call, in the order of bind().
  std::unique_ptr<Arguments> makeArguments() const;
  void run(const MatmulCall &call);

  std::shared_ptr<const MatmulPrimitive> shared; ///< null: plain loops
  Buffer packedB;
};

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
  std::unique_ptr<Arguments> arguments(takeArguments());
  if (!arguments)
    arguments = makeArguments();
  const void *b = packedB.data() ? packedB.data() : call.b;
  arguments->bind(0, call.a);
  arguments->bind(1, b);
  arguments->bind(2, call.c);
  arguments->bind(3, getScratchpad(shared->scratchpadBytes));
  if (arguments->count == 5)
    arguments->bind(4, call.bias);
  expectSuccess(dnnl_primitive_execute(shared->primitive.get(), getStream(),
                                       arguments->count,
                                       arguments->list.data()),
                "the product failed");
  giveBack(arguments.release());
}

/// Copies b into the layout that the primitive wants.
static Buffer packB(const MatmulPrimitive &primitive, const float *b) {
  const_dnnl_memory_desc_t wanted = dnnl_primitive_desc_query_md(
      primitive.desc.get(), dnnl_query_weights_md, 0);
  dnnl_primitive_desc_t created = nullptr;
  expectSuccess(dnnl_reorder_primitive_desc_create(
                    &created, primitive.plainB.get(), getEngine(), wanted,
                    getEngine(), nullptr),
                "cannot pack the weights");
  PrimitiveDesc desc(created);
  dnnl_primitive_t reorder = nullptr;
  expectSuccess(dnnl_primitive_create(&reorder, created),
                "cannot pack the weights");
  Primitive owner(reorder);
  Buffer packed(dnnl_memory_desc_get_size(wanted));
  Memory from = makeMemory(primitive.plainB.get());
  Memory to = makeMemory(wanted);
  dnnl_memory_set_data_handle(from.get(), const_cast<float *>(b));
  dnnl_memory_set_data_handle(to.get(), packed.data());
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from.get()},
                                 {DNNL_ARG_TO, to.get()}};
  expectSuccess(dnnl_primitive_execute(reorder, getStream(), 2, arguments),
                "cannot pack the weights");
  return packed;
}

/// The name of a kernel as static text: oneDNN's own copy lives as long as the
/// primitive descriptor, which the variant keeps.
static const char *getKernelName(const MatmulPrimitive &primitive) {
  const char *name = "";
  dnnl_primitive_desc_query(primitive.desc.get(), dnnl_query_impl_info_str, 0,
                            &name);
  return name;
}

static MatmulVariant *prepare(void **slot, const Key &key,
                              const MatmulCall &call) {
  auto variant = std::make_unique<MatmulVariant>(key);
  variant->shared = getMatmulPrimitive(key);
  if (variant->shared)
    variant->kernel = getKernelName(*variant->shared);
  if (call.has(PRUNE_RT_CONSTANT_B)) {
    variant->constant = call.b;
    if (variant->shared && variant->shared->repacksB)
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
  int64_t threads = prune_rt_get_num_threads();
  useThreads(threads);
  Key key = getKey(call, threads);
  const void *constant = call.has(PRUNE_RT_CONSTANT_B) ? b : nullptr;
  auto *variant =
      static_cast<MatmulVariant *>(findVariant(slot, key, constant));
  if (!variant)
    variant = prepare(slot, key, call);
  if (!variant->shared)
    return runLoops(call);
  variant->run(call);
}
